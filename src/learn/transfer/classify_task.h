#pragma once
// Fine-tuning of a classifier as a task of the trainer.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/data/classify_recipe.h"
#include "learn/train/task.h"
#include "learn/transfer/classifier.h"
#include "learn/transfer/classifier_file.h"
#include "learn/transfer/mixing.h"

namespace gtsa::transfer {

/// What the schedule follows. Steps are optimiser steps: the micro-batch is a matter of memory and changes nothing.
struct ClassifySchedule {
  double lr = 1.4e-4;  ///< peak of a tensor without layer decay
  double min_lr = 1e-6;
  double warmup_steps = 0;
  double weight_decay = 0.05;
};

struct ClassifyOptions {
  ClassifierOptions network;
  ClassifySchedule schedule;
  MixingOptions mixing;
  double smoothing = 0.1;
  double layer_decay = 0.75;
  /// Throws UsageError naming all that cannot be.
  void check() const;
};

class ClassifyTask final : public train::Task {
 public:
  /// Random weights from `seed`. `classes` are as many as the network's, the recipe's pictures as large as its
  /// image_size.
  ClassifyTask(const ClassifyOptions& options, ClassNames classes, data::ClassifyRecipe recipe, uint64_t seed);

  void walk(const nn::Walk& visit) override { classifier_.walk(visit); }
  nn::Flat& trained() override { return flat_; }
  std::vector<train::Row> rows() const override;
  const data::Recipe& recipe() const override { return recipe_; }
  train::Values values(const train::Position& position) const override;
  /// One term, "class": soft targets where anything is mixed, else smoothed labels.
  void losses(const train::DeviceBatch& batch, const train::Context& context,
              const train::Contribute& contribute) override;
  /// Figure train_confidence: the mean of the largest probability of each picture of the last forward pass.
  train::Health health(const train::Position& position) override;
  /// classifier.safetensors.
  void export_weights(FileSystem& files, const run::Run& run) override;
  /// classifier_best.safetensors.
  void export_best(FileSystem& files, const run::Run& run) override;
  std::map<std::string, std::string> metadata() const override;

  const ClassifyOptions& options() const { return options_; }
  const ClassNames& classes() const { return classes_; }
  Classifier& classifier() { return classifier_; }

 private:
  ClassifyOptions options_;
  ClassNames classes_;
  Classifier classifier_;
  nn::Flat flat_;
  data::ClassifyRecipe recipe_;
  at::Tensor last_logits_;  ///< [n, C] of the last forward, for health()
};

}  // namespace gtsa::transfer
