#pragma once
// One process of fine-tuning: what the command sets up, without a command line.

#include <memory>
#include <string>
#include <vector>

#include "core/data/loader.h"
#include "learn/train/optimizer.h"
#include "learn/train/toy_task.h"
#include "learn/train/trainer.h"
#include "learn/transfer/accuracy.h"
#include "learn/transfer/classify_task.h"
#include "learn/transfer/small_set.h"

namespace gtsa::test {

struct ClassifyRunOptions {
  int64_t stop_at = 9;
  int64_t total_steps = 9;
  int64_t micro_batch = 4;
  int64_t batch = 8;
  int workers = 1;
  int64_t evaluate_every = 0;
  double lr = 2e-3;
  transfer::MixingOptions mixing{};
};

inline transfer::ClassifyOptions small_classifier(const ClassifyRunOptions& options) {
  return {
      .network =
          {.vit = {.image_size = 16, .patch_size = 8, .embed_dim = 16, .depth = 2, .num_heads = 2, .drop_path = 0.3},
           .head = transfer::HeadKind::global_pool,
           .classes = 3},
      .schedule = {.lr = options.lr, .min_lr = 1e-6, .warmup_steps = 2},
      .mixing = options.mixing};
}

class ClassifyRun {
 public:
  ClassifyRun(const std::filesystem::path& data, const std::filesystem::path& folder, const ClassifyRunOptions& options)
      : train_split(data::read_class_folders(data, "train")),
        task(small_classifier(options), transfer::classes_of(train_split), recipe(train_split), 1),
        run(open_or_create(folder)),
        optimizer(task.trained(), nullptr, task.rows(), {.clip = 0}) {
    train::Progress progress;
    if (const auto checkpoints = run.list_checkpoints(); !checkpoints.empty()) {
      progress = train::load_state(checkpoints.front().path, task, optimizer).progress;
      run.cut_back_to(progress.step - 1);
    }
    const data::LabelledPhotographs pictures = data::labelled(train_split);
    const data::EpochSampler sampler(pictures.photographs.size(), options.batch, 0);
    evaluator = transfer::accuracy_evaluator(task.classifier(), task.classes(),
                                             data::labelled(data::read_class_folders(data, "val")), {.batch = 5});
    const int64_t parts = options.batch / options.micro_batch;
    trainer = std::make_unique<train::Trainer>(
        train::TrainerParts{.task = task,
                            .optimizer = optimizer,
                            .ranks = *ranks,
                            .run = run,
                            .files = real_files(),
                            .reporter = reporter,
                            .evaluators = {evaluator.get()},
                            .make_loader =
                                [this, sampler, parts, pictures, options](int64_t step) {
                                  return std::make_unique<data::Loader>(
                                      pictures.photographs, sampler.in_parts(parts), task.recipe(),
                                      data::LoaderOptions{.workers = options.workers, .first_iteration = step * parts});
                                },
                            .clock = steady_clock()},
        train::TrainerOptions{.total_steps = options.total_steps,
                              .stop_at = options.stop_at,
                              .steps_per_epoch = sampler.iterations_per_epoch(),
                              .batch = options.batch,
                              .micro_batch = options.micro_batch,
                              .save_every = {.amount = 1000, .unit = train::Interval::Unit::steps},
                              .evaluate_every = options.evaluate_every,
                              .best_figure = "eval_top1"},
        train::Conditions{.seed = 1}, progress);
  }

  static data::ClassifyRecipe recipe(const data::ClassifiedSplit& split) {
    return {data::labelled(split).labels,
            {.input_size = 16, .randaugment = "rand-m9-mstd0.5-inc1", .erasing = {.probability = 0.25F}, .seed = 1}};
  }

  static run::Run open_or_create(const std::filesystem::path& folder) {
    if (run::Run::exists(folder)) return run::Run::open(real_files(), folder);
    run::Run run = run::Run::create(real_files(), folder, false);
    run.write_config("# a small set");
    return run;
  }

  data::ClassifiedSplit train_split;
  transfer::ClassifyTask task;
  run::Run run;
  train::AdamW optimizer;
  SilentReporter reporter;
  std::unique_ptr<dist::Communicator> ranks = dist::one_rank();
  std::unique_ptr<train::Evaluator> evaluator;
  std::unique_ptr<train::Trainer> trainer;
};

}  // namespace gtsa::test
