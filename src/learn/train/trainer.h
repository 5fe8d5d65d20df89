#pragma once
// The one training loop. A step is a list of verbs: gather, forward, backward, reduce, check, update, commit; then
// report, check health, save, evaluate.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/files.h"
#include "core/data/loader.h"
#include "core/run/run.h"
#include "learn/dist/communicator.h"
#include "learn/train/optimizer.h"
#include "learn/train/schedule.h"
#include "learn/train/task.h"
#include "learn/train/train_state.h"

namespace gtsa::train {

/// What the loop is told; all lengths in steps unless the name says otherwise.
struct TrainerOptions {
  int64_t total_steps = 0;  ///< length of the schedules
  int64_t stop_at = 0;      ///< leaves when this many steps are done, at most total_steps
  int64_t steps_per_epoch = 1;
  int64_t batch = 0;        ///< images a step over all ranks
  int64_t micro_batch = 0;  ///< images a forward pass on one rank; divides the rank's share of the batch
  Interval save_every;
  int64_t keep_last = 3;   ///< newest checkpoints kept
  int64_t keep_every = 0;  ///< checkpoints of multiples of this many steps are kept for good; 0: none
  bool stop_on_non_finite = false;
  int64_t evaluate_every = 0;  ///< steps between evaluations; also before the first step and after the last; 0: none
  int64_t health_every = 20;
  /// Figure of an evaluator by which the best state is kept (the larger the better): its whole state as
  /// checkpoints/best.safetensors, and what the task exports of it. Empty: none is kept.
  std::string best_figure;
};

/// One finished step, for metrics and people.
struct StepReport {
  Position position;  ///< of the step just done
  bool skipped = false;
  std::string skipped_because;                        ///< names the term or the tensor that is not finite
  double loss = 0;                                    ///< weighted total
  std::vector<std::pair<std::string, double>> terms;  ///< unweighted
  Values values;
  double grad_norm = 0;  ///< all rows together, before clipping
  double images_per_second = 0;
  double data_wait = 0;  ///< share of the step's time spent waiting for the loader, 0..1
};

/// Who shows the run to a person: progress bar, plain lines.
class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void step(const StepReport& report, int64_t stop_at) = 0;
  virtual void figures(const Position& position, const std::string& evaluator, const std::vector<Figure>& figures) = 0;
};

/// Everything the loop works with; nothing is owned.
struct TrainerParts {
  Task& task;
  AdamW& optimizer;
  dist::Communicator& ranks;
  run::Run& run;
  FileSystem& files;
  Reporter& reporter;
  std::vector<Evaluator*> evaluators;
  /// A loader of micro-batches whose first one belongs to this step.
  std::function<std::unique_ptr<data::Loader>(int64_t first_step)> make_loader;
  Clock clock;
};

enum class Outcome { finished, interrupted };

/// Losses of one forward and backward pass over the micro-batches of a step, added up as means over the whole batch.
struct StepLosses {
  double total = 0;
  std::vector<std::pair<std::string, double>> terms;
  std::vector<data::SampleKey> keys;
  double waited = 0;                      ///< seconds
  std::optional<std::string> not_finite;  ///< name and value of the first term that is not finite
  /// To the term of this name.
  void add(const std::string& name, double value);
};

class Trainer {
 public:
  Trainer(TrainerParts parts, const TrainerOptions& options, const Conditions& conditions, const Progress& progress);

  /// Trains until `stop_at` or a stop signal (the caller holds StopSignals); saves before it leaves, also on an error.
  /// Three steps in a row that are not finite throw Error naming the term; nothing is saved then.
  Outcome run();
  const Progress& progress() const { return progress_; }

 private:
  /// One step and what follows it.
  void advance(data::Loader& loader);
  StepReport step(data::Loader& loader);
  void reduce(StepLosses& losses);
  void skip(StepReport& report, std::vector<data::SampleKey> keys);
  void note_bad_files(const data::Loader& loader);
  void log(const StepReport& report);
  void check_health(const Position& position);
  void evaluate(const Position& position);
  void keep_if_best(const Position& position, const std::vector<Figure>& figures);
  void save_if_due();
  void save_before_leaving(const data::Loader& loader);
  void save();
  Position position() const;

  TrainerParts parts_;
  TrainerOptions options_;
  Conditions conditions_;
  Progress progress_;
  double last_save_ = 0;   ///< clock
  int64_t saved_at_ = -1;  ///< step of the newest checkpoint of this process
  bool save_is_due_ = false;
  std::vector<std::string> warned_;  ///< names of findings already told
  size_t bad_files_ = 0;             ///< already told
};

/// Adds a micro-batch's losses, each times `share`, and (unless one is not finite) runs backward of their weighted sum.
void run_micro_batch(Task& task, const DeviceBatch& batch, double share, const Context& context, StepLosses& losses);
/// Gathers `micro_batches` from the loader, runs forward and (unless a loss is not finite) backward.
StepLosses run_micro_batches(Task& task, data::Loader& loader, int64_t micro_batches, Context context);

}  // namespace gtsa::train
