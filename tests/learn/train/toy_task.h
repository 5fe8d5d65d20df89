#pragma once
// The smallest task with all that the trainer asks for: a linear model with a teacher, numbers as samples, faults on
// demand.

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/sqrt.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "learn/nn/layers.h"
#include "learn/train/schedule.h"
#include "learn/train/task.h"
#include "learn/train/trainer.h"
#include "support/temporary_folder.h"

namespace gtsa::test {

inline constexpr int64_t kInputs = 3;

struct ToyNetwork {
  nn::Linear layer, unused;  // `unused` never gets a gradient
  void walk(const nn::Walk& visit) {
    layer.walk(nn::under("layer.", visit));
    unused.walk(nn::under("unused.", visit));
  }
};

struct ToyTeacher {
  nn::Linear layer;
  void walk(const nn::Walk& visit) { layer.walk(nn::under("teacher.", visit)); }
};

class ToyRecipe final : public data::Recipe {
 public:
  std::vector<data::BufferSpec> buffers(int64_t batch) const override {
    return {{"x", data::Element::f32, {batch, kInputs}}, {"y", data::Element::f32, {batch, 1}}};
  }
  void make(const data::PhotoRef&, const data::SampleKey& key, int64_t slot, data::Batch& batch) const override {
    Rng rng({1, key.epoch, key.place, 0, Purpose::test});
    float* x = batch["x"].as<float>() + slot * kInputs;
    float sum = 0;
    for (int64_t i = 0; i < kInputs; ++i) sum += (x[i] = rng.uniform(-1, 1)) * static_cast<float>(i + 1);
    batch["y"].as<float>()[slot] = sum;
  }
};

/// A fault at chosen steps.
struct Fault {
  enum class Place { none, loss, gradient, input };
  Place place = Place::none;
  double value = std::numeric_limits<double>::quiet_NaN();
  std::vector<int64_t> steps;
};

class ToyTask final : public train::Task {
 public:
  explicit ToyTask(Fault wanted = {}) : fault(std::move(wanted)) {
    network_.layer = nn::make_linear(kInputs, 1);
    network_.unused = nn::make_linear(2, 2);
    teacher_.layer = nn::make_linear(kInputs, 1);
    flat_ = nn::bind(network_, true);
    teacher_flat_ = nn::bind(teacher_, false);
    flat_.values.fill_(0.25);
    teacher_flat_.values.fill_(0.5);
  }
  void walk(const nn::Walk& visit) override {
    network_.walk(visit);
    teacher_.walk(visit);
  }
  nn::Flat& trained() override { return flat_; }
  nn::Flat* averaged() override { return &teacher_flat_; }
  std::vector<train::Row> rows() const override {
    return {{.averaged = true}, {.decay_scale = 0, .averaged = true}, {}, {}};
  }
  const data::Recipe& recipe() const override { return recipe_; }
  train::Values values(const train::Position& p) const override {
    return {.lr = train::warmup_cosine(0.05, 1e-4, 3, p.step, p.total_steps),
            .weight_decay = 0.1,
            .momentum = 0.9,
            .next_momentum = 0.9};
  }
  void losses(const train::DeviceBatch& batch, const train::Context& context,
              const train::Contribute& contribute) override {
    bool now = false;
    for (const int64_t step : fault.steps) now = now || step == context.position.step;
    at::Tensor x = batch["x"];
    if (now && fault.place == Fault::Place::input) x = x * fault.value;
    // Two parts, each with a graph of its own, as a task with two kinds of views has them.
    for (const double share : {0.25, 0.75}) {
      const at::Tensor error = at::matmul(x, network_.layer.weight.t()) + network_.layer.bias - batch["y"];
      at::Tensor square = (error * error).mean() * share;
      if (now && fault.place == Fault::Place::loss) square = square * fault.value;
      // Value 0, gradient infinity times zero.
      if (now && fault.place == Fault::Place::gradient) square = square + at::sqrt(network_.layer.bias.sum() * 0).sum();
      const train::Term term{"square", square, 1.0};
      contribute({&term, 1});
    }
    pending = true;
  }
  void commit() override {
    pending = false;
    ++commits;
  }
  void discard() override {
    pending = false;
    ++discards;
  }
  train::Health health(const train::Position&) override { return {}; }
  void export_weights(FileSystem&, const run::Run&) override {}
  void export_best(FileSystem&, const run::Run&) override { ++best_exports; }
  std::map<std::string, std::string> metadata() const override { return {{"task", "toy"}}; }

  Fault fault;
  bool pending = false;
  int commits = 0;
  int discards = 0;
  int best_exports = 0;

 private:
  ToyNetwork network_;
  ToyTeacher teacher_;
  nn::Flat flat_;
  nn::Flat teacher_flat_;
  ToyRecipe recipe_;
};

class SilentReporter final : public train::Reporter {
 public:
  void step(const train::StepReport& report, int64_t) override { reports.push_back(report); }
  void figures(const train::Position&, const std::string&, const std::vector<train::Figure>&) override {}
  std::vector<train::StepReport> reports;
};

struct ToyOptions {
  int64_t stop_at = 12;
  int64_t micro_batch = 4;
  int workers = 1;
  std::string save_every = "5s";
  bool stop_on_non_finite = false;
};

/// One process of a toy run: what `gtsa pretrain` sets up, without a command line.
class ToyRun {
 public:
  static constexpr int64_t kFiles = 22, kBatch = 4, kTotal = 20;
  static constexpr const char* kName = "\xFF.jpg";  ///< nothing reads it; names need not be UTF-8

  ToyRun(const std::filesystem::path& folder, const ToyOptions& options, Fault fault = {},
         FileSystem& files = real_files())
      : task(std::move(fault)),
        run(open_or_create(files, folder)),
        optimizer(task.trained(), task.averaged(), task.rows(), {.clip = 0.5}) {
    train::Progress progress;
    const auto checkpoints = run.list_checkpoints();
    if (!checkpoints.empty()) {
      progress = train::load_state(checkpoints.front().path, task, optimizer).progress;
      run.cut_back_to(progress.step - 1);
    }
    const data::EpochSampler sampler(kFiles, kBatch, 0);
    train::TrainerOptions trainer_options{.total_steps = kTotal,
                                          .stop_at = options.stop_at,
                                          .steps_per_epoch = sampler.iterations_per_epoch(),
                                          .batch = kBatch,
                                          .micro_batch = options.micro_batch,
                                          .save_every = train::parse_interval("save", options.save_every),
                                          .stop_on_non_finite = options.stop_on_non_finite};
    const int64_t parts = kBatch / options.micro_batch;
    trainer = std::make_unique<train::Trainer>(
        train::TrainerParts{.task = task,
                            .optimizer = optimizer,
                            .ranks = *ranks,
                            .run = run,
                            .files = files,
                            .reporter = reporter,
                            .make_loader =
                                [this, sampler, parts, options](int64_t step) {
                                  return std::make_unique<data::Loader>(
                                      std::vector<std::filesystem::path>(kFiles, kName), sampler.in_parts(parts),
                                      task.recipe(),
                                      data::LoaderOptions{.workers = options.workers, .first_iteration = step * parts});
                                },
                            .clock = steady_clock()},
        trainer_options, train::Conditions{}, progress);
  }

  static run::Run open_or_create(FileSystem& files, const std::filesystem::path& folder) {
    if (run::Run::exists(folder)) return run::Run::open(files, folder);
    run::Run run = run::Run::create(files, folder, false);
    run.write_config("# a toy");
    return run;
  }

  ToyTask task;
  run::Run run;
  train::AdamW optimizer;
  SilentReporter reporter;
  std::unique_ptr<dist::Communicator> ranks = dist::one_rank();
  std::unique_ptr<train::Trainer> trainer;
};

/// Every value of task and optimiser, for bit-for-bit comparison.
inline std::vector<float> all_values(train::Task& task, train::AdamW& optimizer) {
  std::vector<float> values;
  const nn::Walk collect = [&](const std::string&, at::Tensor& tensor) {
    const at::Tensor flat = tensor.detach().to(at::kFloat).contiguous().view(-1);
    values.insert(values.end(), flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  };
  task.walk(collect);
  optimizer.walk(collect);
  return values;
}

}  // namespace gtsa::test
