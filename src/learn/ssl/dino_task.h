#pragma once
// DINO as a task of the trainer: the baseline that GTSA is compared with (Caron et al., "Emerging Properties in
// Self-Supervised Vision Transformers", ICCV 2021).

#include "core/data/dino_recipe.h"
#include "learn/ssl/dino_network.h"
#include "learn/ssl/schedule.h"
#include "learn/train/task.h"

namespace gtsa::ssl {

/// DINO's schedules (docs/dino.md 4). Steps are optimiser steps.
struct DinoSchedule {
  Schedule base;
  struct Temperature {
    double first = 0.04;
    double last = 0.04;
    int64_t epochs = 0;  ///< in which it moves from first to last
  };
  Temperature teacher_temperature;
  int64_t last_layer_from_step = 0;  ///< the prototypes rest before
};

class DinoTask final : public train::Task {
 public:
  /// Initial weights from `samples.seed`; the teacher is a copy, the centre 0.
  DinoTask(const DinoOptions& options, const DinoSchedule& schedule, const data::DinoViewOptions& samples);

  /// student.*, teacher.*, dino_loss.center.
  void walk(const nn::Walk& visit) override;
  nn::Flat& trained() override { return student_flat_; }
  nn::Flat* averaged() override { return &teacher_flat_; }
  std::vector<train::Row> rows() const override;
  const data::Recipe& recipe() const override { return recipe_; }
  train::Values values(const train::Position& position) const override;
  /// Two parts, global and local views.
  void losses(const train::DeviceBatch& batch, const train::Context& context,
              const train::Contribute& contribute) override;
  /// Folds the teacher's mean logits of the step into the centre.
  void commit() override;
  void discard() override;
  train::Health health(const train::Position& position) override;
  void export_weights(FileSystem& files, const run::Run& run) override;
  std::map<std::string, std::string> metadata() const override;

  DinoNetwork& student() { return student_; }
  DinoNetwork& teacher() { return teacher_; }
  const at::Tensor& centre() const { return centre_; }

 private:
  double temperature(const train::Position& position) const;

  DinoOptions options_;
  DinoSchedule schedule_;
  DinoNetwork student_;
  DinoNetwork teacher_;
  nn::Flat student_flat_;
  nn::Flat teacher_flat_;
  data::DinoRecipe recipe_;
  at::Tensor centre_;      ///< F32 [1, prototypes], before this step
  at::Tensor logits_sum_;  ///< [prototypes]: pending, over the step's micro-batches
  int64_t logits_rows_ = 0;
  at::Tensor targets_;       ///< the last forward's, for health()
  at::Tensor class_tokens_;  ///< the teacher's of the last forward
  double loss_ = 0;
};

}  // namespace gtsa::ssl
