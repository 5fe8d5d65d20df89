#pragma once
// A training run from its resolved options to its last checkpoint, whatever the method: folder, resume, loader,
// trainer, --dry-run. A method brings its task.

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/data/loader.h"
#include "core/data/photographs.h"
#include "core/data/sampler.h"
#include "core/data/shards.h"
#include "core/run/run.h"
#include "learn/train/trainer.h"
#include "program/app/configuration.h"

namespace gtsa::app {

/// How a command ended.
enum class Ending { done, interrupted };

/// Batches in the original's order for files of their own, in the shards' order for shards.
data::EpochSampler make_sampler(const data::Photographs& photographs, int64_t batch, uint64_t seed,
                                int64_t shuffle_buffer);

class Method;

/// What follows from a run's options and its photographs.
struct RunParts {
  data::Photographs photographs;
  data::EpochSampler sampler;
  train::RunPlan plan;

  /// With micro_batch = auto, the largest part of the batch that the method says fits memory.
  RunParts(const TrainingOptions& options, data::Photographs found, const Method& method);
  /// Micro-batches from optimiser step `first_step` on; `known_bad` were met before.
  std::unique_ptr<data::Loader> make_loader(const TrainingOptions& options, const data::Recipe& recipe,
                                            int64_t first_step, std::vector<data::BadFile> known_bad = {}) const;
  /// The bad files that the run's events tell of, as far as they are still among the photographs.
  std::vector<data::BadFile> bad_files_of(const run::Run& run) const;
};

/// What a method brings to a run; built from options that were checked. Calls come in this order.
class Method {
 public:
  virtual ~Method() = default;
  /// What is trained on.
  virtual data::FoundPhotographs find_photographs() = 0;
  /// Estimate of a step's peak in bytes.
  virtual double memory_bytes(int64_t micro_batch) const = 0;
  /// Micro-batches that are chosen for it (micro_batch = auto) are multiples of this.
  virtual int64_t micro_batch_multiple() const { return 1; }
  /// Nominal work of a training step for one photograph.
  virtual double gflop_per_image() const = 0;
  struct Parameters {
    int64_t trained = 0;
    int64_t teacher = 0;
  };
  virtual Parameters parameters() const = 0;

  /// The task, with initial weights. Called once; the evaluators and start_from() are of this task.
  virtual train::Task& make_task(const train::RunPlan& plan) = 0;
  virtual train::AdamWOptions optimizer() const = 0;
  virtual std::vector<std::unique_ptr<train::Evaluator>> make_evaluators() = 0;
  /// Steps between evaluations; 0: none.
  virtual int64_t evaluate_every(const train::RunPlan& plan) const = 0;
  /// Figure of the evaluators by which the best state is kept beside the last one; empty: none is.
  virtual std::string best_figure() const { return ""; }
  /// Brings the weights that were asked for (--weights; the text may be empty) into the task.
  virtual void start_from(const std::string& weights) = 0;
  /// What a report shows of a new run's beginning: its first samples, as artefacts.
  virtual void show_first_samples(const RunParts&, run::Run&) const {}
  /// What a user takes away from the run, and its name in results: {"encoder", "runs/a/encoder.safetensors"}.
  virtual std::pair<std::string, std::filesystem::path> product(const run::Run& run) const {
    return {"encoder", run.encoder_path()};
  }
};

/// Copies an encoder's weights from a run or a file. Throws Error naming what differs if it is of other widths.
void copy_given_encoder(const std::string& weights, nn::Vit& encoder);

train::TrainerOptions trainer_options(const TrainingOptions& options, const train::RunPlan& plan, const Method& method);

/// Trains, or with --dry-run says what it would do. `command` is how a person calls it: "gtsa pretrain".
Ending run_training(Configuration& configuration, Method& method, const std::string& command);

}  // namespace gtsa::app
