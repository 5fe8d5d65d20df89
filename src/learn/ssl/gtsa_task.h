#pragma once
// GTSA as a task of the trainer: networks, rows, schedules, losses of a micro-batch, signs of collapse, export.

#include "core/data/multicrop_recipe.h"
#include "learn/ssl/gtsa_losses.h"
#include "learn/ssl/gtsa_network.h"
#include "learn/ssl/schedule.h"
#include "learn/train/options.h"
#include "learn/train/task.h"

namespace gtsa::ssl {

/// GTSA's schedules. Steps are optimiser steps.
struct GtsaSchedule {
  Schedule base;
  double correspondence = 0.5;
  double rotation = 0.5;
  int64_t correspondence_from_step = 0;
};

/// The first step that counts the correspondence loss: where the length is in epochs the original's rule, epoch >
/// warm-up epochs counted from 0; else the first one after the warm-up.
int64_t correspondence_start(const train::RunPlan& plan);

class GtsaTask final : public train::Task {
 public:
  /// Initial weights from `samples.seed`; the teacher is a copy. Patch size and bins of `samples` are taken from
  /// `options`.
  GtsaTask(const GtsaOptions& options, const GtsaSchedule& schedule, data::MultiCropOptions samples);

  void walk(const nn::Walk& visit) override;
  nn::Flat& trained() override { return student_flat_; }
  nn::Flat* averaged() override { return &teacher_flat_; }
  bool averages_before_step() const override { return true; }
  std::vector<train::Row> rows() const override;
  const data::Recipe& recipe() const override { return recipe_; }
  train::Values values(const train::Position& position) const override;
  /// Two parts, global and local views: the maps of one kind are gone before the other's are made.
  void losses(const train::DeviceBatch& batch, const train::Context& context,
              const train::Contribute& contribute) override;
  train::Health health(const train::Position& position) override;
  void export_weights(FileSystem& files, const run::Run& run) override;
  std::map<std::string, std::string> metadata() const override;

  const GtsaOptions& options() const { return options_; }
  Student& student() { return student_; }
  Teacher& teacher() { return teacher_; }

 private:
  /// What one kind of views is compared with.
  struct PartInputs {
    at::Tensor views;         ///< [K * B, 3, side, side]
    at::Tensor turns;         ///< I64 [K * B]
    at::Tensor teacher_maps;  ///< [G * B, T, out]
    Pooling pooling;
    int64_t photographs = 0;  ///< B
  };
  std::vector<train::Term> part(Kind kind, const PartInputs& in, const train::Context& context);
  double correspondence_weight(const train::Position& position) const;

  GtsaOptions options_;
  GtsaSchedule schedule_;
  Student student_;
  Teacher teacher_;
  nn::Flat student_flat_;
  nn::Flat teacher_flat_;
  data::MultiCropRecipe recipe_;
  int64_t capped_ =
      0;  ///< photographs so far, in this process, whose crops ran out of candidates (docs/method.md, oddity 11)
  at::Tensor student_sample_;  ///< [n, D]: some predictor vectors of the last forward's global views, for health()
  at::Tensor teacher_sample_;  ///< [n, D]: the teacher's at the same places
};

}  // namespace gtsa::ssl
