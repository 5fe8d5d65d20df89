#pragma once
// Fine-tuning of a segmenter as a task of the trainer.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/data/segment_recipe.h"
#include "learn/nn/pixel_loss.h"
#include "learn/train/task.h"
#include "learn/transfer/segmenter.h"
#include "learn/transfer/segmenter_file.h"

namespace gtsa::transfer {

/// What the schedule follows. Steps are optimiser steps.
struct SegmentSchedule {
  double lr = 6e-5;
  double min_lr = 0;
  double power = 1;
  int64_t warmup_steps = 1500;
  double warmup_ratio = 1e-6;  ///< share of the schedule's rate in step 0
  double weight_decay = 0.01;
};

struct SegmentTaskOptions {
  SegmenterOptions network;
  SegmentSchedule schedule;
  /// The original spares position embedding and class token alone: its rule for norms names none of them. False: norms
  /// are spared, too.
  bool decay_norms = true;
  /// The original's loss is a mean over all pixels, those without a class counting 0. True: over the others alone, in
  /// each micro-batch.
  bool valid_mean = false;
  /// Throws UsageError naming all that cannot be.
  void check() const;
};

/// How a segmenter's tensors are treated, by mmsegmentation's names: no decay where the name has pos_embed, cls_token or
/// norm in it (no norm of this network has), else decay, biases included.
std::vector<train::Row> segment_rows(const nn::Layout& layout, bool decay_norms);

class SegmentTask final : public train::Task {
 public:
  /// Random weights from `seed`. `classes` are as many as the network's, the recipe's crops as large as its image_size.
  SegmentTask(const SegmentTaskOptions& options, SegmentClasses classes, data::SegmentRecipe recipe, uint64_t seed);

  /// Parameters, then the batch norms' running statistics.
  void walk(const nn::Walk& visit) override;
  nn::Flat& trained() override { return flat_; }
  std::vector<train::Row> rows() const override { return segment_rows(flat_.layout, options_.decay_norms); }
  const data::Recipe& recipe() const override { return recipe_; }
  train::Values values(const train::Position& position) const override;
  /// One term, "segment".
  void losses(const train::DeviceBatch& batch, const train::Context& context,
              const train::Contribute& contribute) override;
  /// Folds the statistics of the step's micro-batches, each in turn, into the running ones.
  void commit() override;
  void discard() override;
  /// Figure train_pixel_accuracy: share of the last forward pass's labelled pixels that were named right. Warning
  /// running_statistics if one of them is not finite.
  train::Health health(const train::Position& position) override;
  /// segmenter.safetensors.
  void export_weights(FileSystem& files, const run::Run& run) override;
  /// segmenter_best.safetensors.
  void export_best(FileSystem& files, const run::Run& run) override;
  std::map<std::string, std::string> metadata() const override;

  const SegmentTaskOptions& options() const { return options_; }
  const SegmentClasses& classes() const { return classes_; }
  Segmenter& segmenter() { return segmenter_; }

 private:
  SegmentTaskOptions options_;
  SegmentClasses classes_;
  Segmenter segmenter_;
  nn::Flat flat_;
  data::SegmentRecipe recipe_;
  std::vector<at::Tensor> pending_;  ///< the running statistics as commit() will leave them; empty: nothing pending
  nn::PixelCounts pixels_;           ///< of the last forward pass, for health()
};

}  // namespace gtsa::transfer
