#include "program/app/pretrain.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/base/signals.h"
#include "core/data/crop_pictures.h"
#include "core/data/loader.h"
#include "core/data/shards.h"
#include "core/run/run.h"
#include "learn/model/encoder.h"
#include "learn/ssl/gtsa_cost.h"
#include "learn/train/trainer.h"
#include "program/app/console_reporter.h"
#include "program/app/evaluators.h"
#include "program/app/gtsa_run.h"
#include "program/app/machine.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

data::Photographs find_photographs(const PretrainOptions& options) {
  if (options.data.folders.empty()) throw UsageError("--data is missing: name a folder of photographs");
  const std::vector<fs::path> folders(options.data.folders.begin(), options.data.folders.end());
  data::FoundPhotographs found = data::find_photographs(folders);
  for (const std::string& line : found.description) log::info("{}", line);
  return found.photographs;
}

/// Sizes of the networks, work and estimates: what --dry-run prints after the configuration.
nlohmann::ordered_json estimates(const PretrainConfiguration& c, const RunParts& parts) {
  const ssl::GtsaOptions networks = c.options.networks();
  auto student = ssl::make_student(networks);
  auto teacher = ssl::make_teacher(networks);
  const double work = ssl::gflop_per_image(networks);
  const double images = static_cast<double>(parts.plan.stop_at) * static_cast<double>(c.options.train.batch);
  // Counted by its nominal work, a step reaches about the rate of a bare product (docs/results.md).
  constexpr double kShareOfProducts = 0.95;
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
  std::printf("\n# %lld photographs, %lld steps (%lld an epoch), micro-batches of %lld\n",
              e["photographs"].get<long long>(), e["steps"].get<long long>(), e["steps_per_epoch"].get<long long>(),
              e["micro_batch"].get<long long>());
  std::printf("# parameters: %.2f M trained, %.2f M in the teacher\n", 1e-6 * e["parameters_trained"].get<double>(),
              1e-6 * e["parameters_teacher"].get<double>());
  std::printf("# work: %.4g GFLOP an image\n", e["gflop_per_image"].get<double>());
  std::printf("# estimated: %s at %.3g images/s, %.0f MB\n",
              duration_text(e["estimated_seconds"].get<double>()).c_str(),
              e["estimated_images_per_second"].get<double>(), e["estimated_memory_mb"].get<double>());
}

/// Told to the user and kept in the run's events.
void warn(run::Run& run, const char* name, const std::string& text) {
  log::warning("{}", text);
  run.append_event({{"event", "warning"}, {"name", name}, {"text", text}});
}

void warn_about_batch(run::Run& run, const PretrainConfiguration& c) {
  constexpr int64_t kFar = 4;
  const int64_t batch = c.options.train.batch;
  if (c.recipe_batch > 0 && (batch * kFar <= c.recipe_batch || batch >= c.recipe_batch * kFar)) {
    warn(run, "batch",
         fmt::format("batch {} is far from the {} of {}: its learning rate, warm-up and momentum were chosen for that",
                     batch, c.recipe_batch, c.recipe));
  }
}

/// Small maps have fewer patches than the matches asked for: all of them are matched then.
void note_few_patches(const ssl::GtsaOptions& networks) {
  for (const auto& [name, kind] : {std::pair("global", &networks.global), std::pair("local", &networks.local)}) {
    const int64_t patches = networks.grid(*kind) * networks.grid(*kind);
    if (kind->count > 0 && networks.matches(*kind) > patches) {
      log::info("{}.matches = {}: a {} view has {} patches, all of them are matched", name, networks.matches(*kind),
                name, patches);
    }
  }
}

/// The run's folder, new or resumed, with its configuration and log.
run::Run open_run(const PretrainConfiguration& c, bool resumed) {
  const fs::path folder = c.options.out;
  run::Run run =
      resumed ? run::Run::open(real_files(), folder) : run::Run::create(real_files(), folder, c.options.overwrite);
  log::to_file(run.log_path());
  if (!resumed) run.write_config(c.fields.toml());
  if (!run.locked()) {
    warn(run, "lock",
         fmt::format("{} lies on a file system without locks: nothing keeps a second gtsa from writing there",
                     folder.string()));
  }
  return run;
}

/// What a report shows of the run's beginning: where it runs, and the first samples with their views.
void note_beginning(const PretrainOptions& options, const RunParts& parts, const train::Progress& progress,
                    int64_t threads, run::Run& run) {
  run.append_event(
      {{"event", "start"}, {"step", progress.step - 1}, {"threads", threads}, {"machine", machine_facts()}});
  if (progress.step > 0) return;
  constexpr size_t kSamplesShown = 4;
  const auto places = parts.sampler.iteration(0).places;
  const auto order = parts.sampler.permutation(0);
  std::vector<data::PlannedSample> samples;
  for (size_t i = 0; i < std::min(places.size(), kSamplesShown); ++i) {
    samples.push_back({parts.photographs[order[places[i] % order.size()]], 0, places[i]});
  }
  const data::MultiCropOptions drawn = options.samples();
  const fs::path index = run.artefact_path("crops.json");
  run.write_artefact("crops.json", data::write_crop_pictures(real_files(), index.parent_path(), "crops", samples,
                                                             drawn.views, drawn.seed, drawn.decode));
}

void start_from(ssl::GtsaTask& task, const std::string& weights) {
  if (weights.empty()) return;
  const model::Encoder given = model::load_encoder(weights);
  const nn::VitOptions &have = given.options(), &want = task.options().vit;
  for (const auto& [name, of_file, of_run] : {std::tuple("embed_dim", have.embed_dim, want.embed_dim),
                                              {"depth", have.depth, want.depth},
                                              {"num_heads", have.num_heads, want.num_heads},
                                              {"patch_size", have.patch_size, want.patch_size}}) {
    if (of_file != of_run) {
      throw Error("{} is of another architecture: {} is {}, this run's is {}; set model.{} = {} to start from it",
                  given.source, name, of_file, of_run, name, of_file);
    }
  }
  log::info("{}", given.report.table());
  model::copy_encoder(given.vit, task.student().encoder);
  ssl::copy_to_teacher(task.trained(), *task.averaged());
}

/// Puts task and optimiser where the newest whole checkpoint left them, and the run's files with them. A run without
/// one starts again at step 0.
train::Progress restore(const PretrainConfiguration& c, run::Run& run, ssl::GtsaTask& task, train::AdamW& optimizer,
                        const train::Conditions& now) {
  const auto checkpoints = run.list_checkpoints();
  std::vector<run::Checkpoint> unusable;
  for (const run::Checkpoint& checkpoint : checkpoints) {
    train::LoadedState state;
    try {
      state = train::load_state(checkpoint.path, task, optimizer);
    } catch (const Error& error) {
      log::warning("left out a checkpoint: {}", error.what());
      unusable.push_back(checkpoint);
      continue;
    }
    // Set aside, or they would count as the newest when old checkpoints are removed.
    for (const run::Checkpoint& newer : unusable) run.set_aside(newer);
    run.cut_back_to(state.progress.step - 1);
    log::info("resumed {} at step {}", c.options.out, state.progress.step);
    const std::string difference = now.difference(state.conditions);
    if (!difference.empty()) warn(run, "not bit-exact", "not bit-exact with the run so far: " + difference);
    return state.progress;
  }
  if (!checkpoints.empty()) {
    throw Error("none of the {} checkpoints of {} can be used; remove {} to begin again at step 0", checkpoints.size(),
                c.options.out, checkpoints.front().path.parent_path().string());
  }
  start_from(task, c.options.weights);
  run.cut_back_to(run::kBeforeTraining - 1);
  log::info("{} has no checkpoint: starting at step 0", c.options.out);
  return {};
}

void print_result(const PretrainOptions& options, const run::Run& run, const train::Progress& progress) {
  if (!options.json) return;
  const nlohmann::ordered_json result{{"run", options.out},
                                      {"steps", progress.step},
                                      {"skipped", progress.skipped},
                                      {"encoder", run.encoder_path().string()}};
  std::printf("%s\n", result.dump().c_str());
}

}  // namespace

Ending pretrain(PretrainConfiguration& c) {
  const PretrainOptions& options = c.options;
  if (!options.dry_run && options.out.empty()) throw UsageError("--out is missing: name the folder of the run");
  const StopSignals signals;
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
  // Whatever can be wrong shows before the folder is touched: --overwrite gives up an old run only for one that begins.
  ssl::GtsaTask task(options.networks(), options.schedule(parts.plan), options.samples());
  train::AdamW optimizer(task.trained(), task.averaged(), task.rows(), {.clip = options.train.clip});
  const auto evaluators = make_evaluators(options, task);
  const bool resumed = options.resume && run::Run::exists(options.out);
  if (!resumed) {
    // What "auto" came to is part of the run: a resumed one does the same arithmetic wherever it goes on.
    c.fields.at("micro_batch").parse(std::to_string(parts.plan.micro_batch), {kFlag, "what fits memory"});
    c.fields.at("run.threads").parse(std::to_string(threads), {kFlag, "usable CPUs"});
  }
  if (!resumed) start_from(task, options.weights);
  run::Run run = open_run(c, resumed);
  log::info("{} on {}; {} photographs, {} steps of {} images", version_line(), c.recipe, parts.photographs.size(),
            parts.plan.stop_at, options.train.batch);
  if (!resumed) warn_about_batch(run, c);
  note_few_patches(options.networks());
  const auto now =
      conditions(static_cast<uint64_t>(options.train.seed), threads, parts.plan.micro_batch, parts.photographs);
  const train::Progress progress = resumed ? restore(c, run, task, optimizer, now) : train::Progress{};
  if (progress.step >= parts.plan.stop_at) {
    log::info("the run in {} has {} steps done, {} were asked for: nothing to do", options.out, progress.step,
              parts.plan.stop_at);
    task.export_weights(real_files(), run);  // a kill may have come between the last checkpoint and it
    print_result(options, run, progress);
    return Ending::done;
  }
  note_beginning(options, parts, progress, threads, run);
  const auto ranks = dist::one_rank();
  std::vector<train::Evaluator*> borrowed;
  for (const auto& evaluator : evaluators) borrowed.push_back(evaluator.get());
  ConsoleReporter reporter(progress.step, steady_clock());
  train::Trainer trainer(
      {.task = task,
       .optimizer = optimizer,
       .ranks = *ranks,
       .run = run,
       .files = real_files(),
       .reporter = reporter,
       .evaluators = borrowed,
       .make_loader =
           [&](int64_t step) { return parts.make_loader(options, task.recipe(), step, parts.bad_files_of(run)); },
       .clock = steady_clock()},
      trainer_options(options, parts.plan), now, progress);
  const train::Outcome outcome = trainer.run();
  print_result(options, run, trainer.progress());
  if (outcome == train::Outcome::interrupted) {
    log::info("stopped after {} steps; go on with: gtsa pretrain --resume --out {}", trainer.progress().step,
              options.out);
    return Ending::interrupted;
  }
  log::info("done: {} steps; the encoder is {}", trainer.progress().step, run.encoder_path().string());
  return Ending::done;
}

}  // namespace gtsa::app
