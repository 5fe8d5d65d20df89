#pragma once
// The train state: one safetensors file with everything that the next step depends on.
//
// Tensors: the task's own under the original's names, "optimizer.exp_avg.NAME", "optimizer.exp_avg_sq.NAME",
// "optimizer.step". Metadata: the task's facts, `step` (optimiser steps done), `skipped` (of them), `skipped_in_a_row`,
// `best` and `best_step` (if an evaluation had a best), seed, threads, BLAS, SIMD target, versions. Schedules and
// sampler are functions of `step`, random draws of (seed, step, sample): no generator is stored.

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/base/files.h"
#include "learn/train/optimizer.h"
#include "learn/train/task.h"

namespace gtsa::train {

/// The run's position: what the trainer adds to the networks' and optimiser's tensors.
struct Progress {
  int64_t step = 0;  ///< steps done, skipped ones included
  int64_t skipped = 0;
  int64_t skipped_in_a_row = 0;
  /// The best evaluation so far (TrainerOptions::best_figure): the figure and the steps done then.
  struct Best {
    double figure = 0;
    int64_t step = 0;
  };
  std::optional<Best> best;
};

/// What arithmetic depends on: equal conditions give equal bits.
struct Conditions {
  uint64_t seed = 0;
  int64_t threads = 1;
  int64_t micro_batch = 0;
  std::string blas;
  std::string simd;
  std::string torch;
  std::string photographs;  ///< number and hash of the names
  bool operator==(const Conditions&) const = default;
  /// "threads 2 instead of 1, ..." ; empty if equal.
  std::string difference(const Conditions& other) const;
};

/// Saves whole or not at all. `more` is added to the metadata.
void save_state(FileSystem& files, const std::filesystem::path& path, Task& task, AdamW& optimizer,
                const Progress& progress, const Conditions& conditions,
                const std::map<std::string, std::string>& more = {});

/// A state read back.
struct LoadedState {
  Progress progress;
  Conditions conditions;
  std::map<std::string, std::string> metadata;
};

/// Fills task and optimiser. Throws Error naming the tensor and both shapes if the file is of another network; then
/// nothing has been changed.
LoadedState load_state(const std::filesystem::path& path, Task& task, AdamW& optimizer);

}  // namespace gtsa::train
