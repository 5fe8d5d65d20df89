#pragma once
// Options of every training run, whatever the task: lengths, batches, optimiser, run. Described once
// (core/base/options.h).

#include <cstdint>
#include <string>

#include "core/base/options.h"

namespace gtsa::train {

struct TrainOptions {
  int64_t batch = 512;
  std::string micro_batch = "auto";
  int64_t epochs = 100;
  int64_t total_steps = 0;
  double warmup_share = 0.1;
  int64_t warmup_steps = -1;
  double lr = 0;
  double base_lr = 5e-4;
  double min_lr = 1e-6;
  double weight_decay = 0.04;
  double clip = 3.0;
  int64_t seed = 0;
  int64_t threads = 0;
  std::string device = "cpu";
  std::string save_every = "15m";
  int64_t keep_last = 3;
  int64_t keep_every = 0;
  std::string non_finite = "skip";
  int64_t steps = 0;

  void describe(Fields& f);
};

/// `epochs` and `schedule.total_steps` replace each other: what the later layer set holds, the other becomes 0. Both in
/// one layer is wrong usage, neither is too. 0 counts as not set.
void settle_length(Fields& fields);

/// Lengths of a run in steps, once the size of the data set is known.
struct RunPlan {
  int64_t steps_per_epoch = 1;  ///< drop-last
  int64_t total_steps = 0;
  int64_t warmup_steps = 0;
  bool in_epochs = false;  ///< the length was given in epochs
  int64_t stop_at = 0;
  int64_t micro_batch = 0;
  double lr = 0;  ///< peak
};

/// `steps_per_epoch` comes from the sampler. `memory_bytes(micro_batch)` estimates a step's peak for micro_batch =
/// auto. Throws UsageError for a warm-up beyond the run, a micro-batch that does not divide the batch, a run without
/// steps.
RunPlan plan_run(const TrainOptions& options, int64_t steps_per_epoch, int ranks);

}  // namespace gtsa::train
