#pragma once
// What pretraining and replay build alike from a run's options: photographs, lengths, loaders.

#include <memory>

#include "core/data/loader.h"
#include "core/data/photographs.h"
#include "core/data/sampler.h"
#include "learn/train/options.h"
#include "learn/train/trainer.h"
#include "program/app/pretrain_options.h"

namespace gtsa::app {

/// Batches in the original's order for files of their own, in the shards' order for shards.
data::EpochSampler make_sampler(const data::Photographs& photographs, int64_t batch, uint64_t seed,
                                int64_t shuffle_buffer);

struct RunParts {
  data::Photographs photographs;
  data::EpochSampler sampler;
  train::RunPlan plan;

  RunParts(const PretrainOptions& options, data::Photographs found);
  /// Micro-batches from optimiser step `first_step` on; `known_bad` were met before.
  std::unique_ptr<data::Loader> make_loader(const PretrainOptions& options, const data::Recipe& recipe,
                                            int64_t first_step, std::vector<data::BadFile> known_bad = {}) const;
  /// The bad files that the run's events tell of, as far as they are still among the photographs.
  std::vector<data::BadFile> bad_files_of(const run::Run& run) const;
};

train::TrainerOptions trainer_options(const PretrainOptions& options, const train::RunPlan& plan);

}  // namespace gtsa::app
