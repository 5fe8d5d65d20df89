#include "program/app/pretrain.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/data/image_folder.h"
#include "core/data/loader.h"
#include "core/run/run.h"
#include "learn/model/weights.h"
#include "learn/ssl/gtsa_cost.h"
#include "learn/train/trainer.h"
#include "program/app/console_reporter.h"
#include "program/app/evaluators.h"
#include "program/app/gtsa_run.h"
#include "program/app/machine.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

data::ImageFolder find_photographs(const PretrainOptions& options) {
  if (options.data.folders.empty()) throw UsageError("--data is missing: name a folder of photographs");
  const std::vector<fs::path> folders(options.data.folders.begin(), options.data.folders.end());
  data::ImageFolder photographs(folders);
  for (const std::string& line : photographs.description()) log::info("{}", line);
  return photographs;
}

/// Sizes of the networks, work and estimates: what --dry-run prints after the configuration.
nlohmann::ordered_json estimates(const PretrainConfiguration& c, const RunParts& parts) {
  const ssl::GtsaOptions networks = c.options.networks();
  auto student = ssl::make_student(networks);
  auto teacher = ssl::make_teacher(networks);
  const double work = ssl::gflop_per_image(networks);
  const double images = static_cast<double>(parts.plan.stop_at) * static_cast<double>(c.options.train.batch);
  // A step reaches about six tenths of a bare product's rate (docs/results.md).
  constexpr double kShareOfProducts = 0.6;
  const double rate = measured_flops() * kShareOfProducts / (work * 1e9);
  return {{"photographs", parts.photographs.size()},
          {"steps", parts.plan.stop_at},
          {"steps_per_epoch", parts.plan.steps_per_epoch},
          {"micro_batch", parts.plan.micro_batch},
          {"parameters_trained", nn::count_parameters(student).values},
          {"parameters_teacher", nn::count_parameters(teacher).values},
          {"gflop_per_image", work},
          {"estimated_images_per_second", rate},
          {"estimated_seconds", images / rate},
          {"estimated_memory_mb", ssl::memory_bytes(networks, parts.plan.micro_batch) / 1e6}};
}

void print_estimates(const nlohmann::ordered_json& e) {
  std::printf("\n# %lld photographs, %lld steps (%lld an epoch), micro-batches of %lld\n", e["photographs"].get<long long>(),
              e["steps"].get<long long>(), e["steps_per_epoch"].get<long long>(), e["micro_batch"].get<long long>());
  std::printf("# parameters: %.2f M trained, %.2f M in the teacher\n", 1e-6 * e["parameters_trained"].get<double>(),
              1e-6 * e["parameters_teacher"].get<double>());
  std::printf("# work: %.4g GFLOP an image\n", e["gflop_per_image"].get<double>());
  std::printf("# estimated: %s at %.3g images/s, %.0f MB\n", duration_text(e["estimated_seconds"].get<double>()).c_str(),
              e["estimated_images_per_second"].get<double>(), e["estimated_memory_mb"].get<double>());
}

void warn_about_batch(const PretrainConfiguration& c) {
  constexpr int64_t kFar = 4;
  const int64_t batch = c.options.train.batch;
  if (c.recipe_batch > 0 && (batch * kFar <= c.recipe_batch || batch >= c.recipe_batch * kFar)) {
    log::warning("batch {} is far from the {} of {}: its learning rate, warm-up and momentum were chosen for that", batch,
                 c.recipe_batch, c.recipe);
  }
}

/// Small maps have fewer patches than the matches asked for: all of them are matched then.
void note_few_patches(const ssl::GtsaOptions& networks) {
  for (const auto& [name, kind] : {std::pair("global", &networks.global), std::pair("local", &networks.local)}) {
    const int64_t patches = networks.grid(*kind) * networks.grid(*kind);
    if (kind->count > 0 && networks.matches(*kind) > patches) {
      log::info("{}.matches = {}: a {} view has {} patches, all of them are matched", name, networks.matches(*kind), name, patches);
    }
  }
}

/// The run's folder, new or resumed; a run with a configuration and no checkpoint starts at step 0.
run::Run open_run(const PretrainConfiguration& c) {
  if (c.options.out.empty()) throw UsageError("--out is missing: name the folder of the run");
  const fs::path folder = c.options.out;
  if (c.options.resume && run::Run::exists(folder)) return run::Run::open(real_files(), folder);
  return run::Run::create(real_files(), folder, c.options.overwrite);
}

void start_from(ssl::GtsaTask& task, const std::string& weights) {
  const fs::path path = fs::is_directory(weights) ? fs::path(weights) / "encoder.safetensors" : fs::path(weights);
  const formats::SafetensorsFile file(path);
  const auto report = model::load_weights(nn::parameters(task.student().encoder), file.content(),
                                          {.source = path.string(), .prefixes = model::encoder_prefixes()});
  log::info("{}", report.table());
  ssl::copy_to_teacher(task.trained(), *task.averaged());
}

/// Puts task and optimiser where the newest whole checkpoint left them, and the run's files with them.
train::Progress restore(const PretrainConfiguration& c, run::Run& run, ssl::GtsaTask& task, train::AdamW& optimizer,
                        const train::Conditions& now) {
  for (const run::Checkpoint& checkpoint : run.list_checkpoints()) {
    try {
      const auto state = train::load_state(checkpoint.path, task, optimizer);
      run.cut_back_to(state.progress.step - 1);
      log::info("resumed {} at step {}", c.options.out, state.progress.step);
      const std::string difference = now.difference(state.conditions);
      if (!difference.empty()) log::warning("not bit-exact with the run so far: {}", difference);
      return state.progress;
    } catch (const Error& error) {
      log::warning("{} cannot be used ({}); trying the one before", checkpoint.path.string(), error.what());
    }
  }
  run.cut_back_to(-1);
  return {};
}

}  // namespace

Ending pretrain(PretrainConfiguration& c) {
  const PretrainOptions& options = c.options;
  const int64_t threads = prepare_arithmetic(options.train.threads);
  RunParts parts(options, find_photographs(options));
  if (options.dry_run) {
    const auto facts = estimates(c, parts);
    if (options.json) {
      std::printf("%s\n", facts.dump().c_str());
    } else {
      std::printf("# %s\n%s", c.recipe.c_str(), c.fields.toml().c_str());
      print_estimates(facts);
    }
    return Ending::done;
  }
  const bool resumed = options.resume && run::Run::exists(options.out);
  run::Run run = open_run(c);
  log::to_file(run.log_path());
  if (!resumed) run.write_config(c.fields.toml());
  log::info("{} on {}; {} photographs, {} steps of {} images", version_line(), c.recipe, parts.photographs.size(), parts.plan.stop_at,
            options.train.batch);
  warn_about_batch(c);
  note_few_patches(options.networks());

  ssl::GtsaTask task(options.networks(), options.schedule(parts.plan), options.samples());
  train::AdamW optimizer(task.trained(), task.averaged(), task.rows(), {.clip = options.train.clip});
  const auto now = conditions(static_cast<uint64_t>(options.train.seed), threads, parts.plan.micro_batch);
  if (!options.weights.empty()) start_from(task, options.weights);
  const train::Progress progress = resumed ? restore(c, run, task, optimizer, now) : train::Progress{};
  if (progress.step >= parts.plan.stop_at) {
    log::info("the run in {} has {} steps done, {} were asked for: nothing to do", options.out, progress.step, parts.plan.stop_at);
    return Ending::done;
  }
  const auto ranks = dist::one_rank();
  const auto evaluators = make_evaluators(options, task);
  std::vector<train::Evaluator*> borrowed;
  for (const auto& evaluator : evaluators) borrowed.push_back(evaluator.get());
  ConsoleReporter reporter(progress.step, steady_clock());
  train::Trainer trainer({.task = task,
                          .optimizer = optimizer,
                          .ranks = *ranks,
                          .run = run,
                          .files = real_files(),
                          .reporter = reporter,
                          .evaluators = borrowed,
                          .make_loader = [&](int64_t step) { return parts.make_loader(options, task.recipe(), step); },
                          .clock = steady_clock()},
                         trainer_options(options, parts.plan), now, progress);
  const train::Outcome outcome = trainer.run();
  if (outcome == train::Outcome::interrupted) {
    log::info("stopped at step {}, saved; go on with: gtsa pretrain --resume --out {}", trainer.progress().step, options.out);
    return Ending::interrupted;
  }
  log::info("done: {} steps; the encoder is {}", trainer.progress().step, run.encoder_path().string());
  if (options.json) {
    std::printf("%s\n", nlohmann::ordered_json({{"run", options.out}, {"steps", trainer.progress().step}, {"skipped", trainer.progress().skipped},
                                                {"encoder", run.encoder_path().string()}}).dump().c_str());
  }
  return Ending::done;
}

}  // namespace gtsa::app
