#include "program/app/training.h"

#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "learn/model/encoder.h"
#include "program/app/console_reporter.h"
#include "program/app/machine.h"
#include "program/app/print_json.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

/// The largest part of a rank's batch whose step fits three fifths of the memory.
int64_t micro_batch_that_fits(int64_t batch, const Method& method) {
  const double limit = 0.6 * static_cast<double>(memory_limit());
  const int64_t multiple = method.micro_batch_multiple();
  int64_t best = batch;
  for (int64_t micro = batch; micro >= 1; --micro) {
    if (batch % micro != 0 || micro % multiple != 0) continue;
    best = micro;
    if (method.memory_bytes(micro) <= limit) break;
  }
  return best;
}

/// Sizes of the networks, work and estimates: what --dry-run prints after the configuration.
nlohmann::ordered_json estimates(const TrainingOptions& options, const Method& method, const RunParts& parts) {
  const double work = method.gflop_per_image();
  const double images = static_cast<double>(parts.plan.stop_at) * static_cast<double>(options.train.batch);
  // Counted by its nominal work, a step reaches about the rate of a bare product (docs/results.md).
  constexpr double kShareOfProducts = 0.95;
  const double rate = measured_flops() * kShareOfProducts / (work * 1e9);
  const auto [trained, teacher] = method.parameters();
  return {{"photographs", parts.photographs.size()},
          {"steps", parts.plan.stop_at},
          {"steps_per_epoch", parts.plan.steps_per_epoch},
          {"micro_batch", parts.plan.micro_batch},
          {"parameters_trained", trained},
          {"parameters_teacher", teacher},
          {"gflop_per_image", work},
          {"estimated_images_per_second", rate},
          {"estimated_seconds", images / rate},
          {"estimated_memory_mb", method.memory_bytes(parts.plan.micro_batch) / 1e6}};
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

void warn_about_batch(run::Run& run, const Configuration& c) {
  constexpr int64_t kFar = 4;
  const int64_t batch = c.training.train.batch;
  if (c.recipe_batch > 0 && (batch * kFar <= c.recipe_batch || batch >= c.recipe_batch * kFar)) {
    warn(run, "batch",
         fmt::format("batch {} is far from the {} of {}: its learning rate, warm-up and momentum were chosen for that",
                     batch, c.recipe_batch, c.recipe));
  }
}

/// The run's folder, new or resumed, with its configuration and log.
run::Run open_run(const Configuration& c, bool resumed) {
  const fs::path folder = c.training.command.out;
  run::Run run = resumed ? run::Run::open(real_files(), folder)
                         : run::Run::create(real_files(), folder, c.training.command.overwrite);
  log::to_file(run.log_path());
  if (!resumed) run.write_config(c.fields.toml());
  if (!run.locked()) {
    warn(run, "lock",
         fmt::format("{} lies on a file system without locks: nothing keeps a second gtsa from writing there",
                     folder.string()));
  }
  return run;
}

/// Puts task and optimiser where the newest whole checkpoint left them, and the run's files with them. A run without
/// one starts again at step 0.
train::Progress restore(const Configuration& c, run::Run& run, Method& method, train::Task& task,
                        train::AdamW& optimizer, const train::Conditions& now) {
  const std::string& out = c.training.command.out;
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
    log::info("resumed {} at step {}", out, state.progress.step);
    const std::string difference = now.difference(state.conditions);
    if (!difference.empty()) warn(run, "not bit-exact", "not bit-exact with the run so far: " + difference);
    return state.progress;
  }
  if (!checkpoints.empty()) {
    throw Error("none of the {} checkpoints of {} can be used; remove {} to begin again at step 0", checkpoints.size(),
                out, checkpoints.front().path.parent_path().string());
  }
  method.start_from(c.training.weights);
  run.cut_back_to(run::kBeforeTraining - 1);
  log::info("{} has no checkpoint: starting at step 0", out);
  return {};
}

void print_result(const CommandOptions& command, const Method& method, const run::Run& run,
                  const train::Progress& progress) {
  if (!command.json) return;
  const auto [name, path] = method.product(run);
  nlohmann::ordered_json result{
      {"run", command.out}, {"steps", progress.step}, {"skipped", progress.skipped}, {name, path.string()}};
  if (progress.best) result.update({{"best", progress.best->figure}, {"best_step", progress.best->step}});
  print_json(result);
}

Ending dry_run(const Configuration& c, const Method& method, const RunParts& parts) {
  const auto facts = estimates(c.training, method, parts);
  if (c.training.command.json) {
    print_json(facts);
  } else {
    std::printf("# %s\n%s", c.recipe.c_str(), c.fields.toml().c_str());
    print_estimates(facts);
  }
  return Ending::done;
}

}  // namespace

data::EpochSampler make_sampler(const data::Photographs& photographs, int64_t batch, uint64_t seed,
                                int64_t shuffle_buffer) {
  const data::EpochSampler sampler(photographs.size(), batch, seed);
  const std::vector<int64_t> shards = photographs.shard_sizes();
  return shards.empty() ? sampler : sampler.in_shards({shards, shuffle_buffer});
}

RunParts::RunParts(const TrainingOptions& options, data::Photographs found, const Method& method)
    : photographs(std::move(found)),
      sampler(make_sampler(photographs, options.train.batch, static_cast<uint64_t>(options.train.seed),
                           options.data.shuffle_buffer)),
      plan(train::plan_run(options.train, sampler.iterations_per_epoch(), 1)) {
  if (options.train.micro_batch == "auto") plan.micro_batch = micro_batch_that_fits(options.train.batch, method);
}

std::unique_ptr<data::Loader> RunParts::make_loader(const TrainingOptions& options, const data::Recipe& recipe,
                                                    int64_t first_step, std::vector<data::BadFile> known_bad) const {
  const int64_t parts = options.train.batch / plan.micro_batch;
  data::LoaderOptions loader;
  loader.workers = workers_of(options.data.workers);
  loader.max_bad_share = options.data.max_bad_share;
  loader.known_bad = std::move(known_bad);
  loader.first_iteration = first_step * parts;
  loader.end_iteration = plan.stop_at * parts;
  return std::make_unique<data::Loader>(photographs, sampler.in_parts(parts), recipe, loader);
}

std::vector<data::BadFile> RunParts::bad_files_of(const run::Run& run) const {
  std::map<std::string, std::string> reasons;
  for (const auto& event : run.read_events()) {
    if (event.value("event", "") == "bad_file") reasons.emplace(event.value("file", ""), event.value("reason", ""));
  }
  std::vector<data::BadFile> bad;
  if (reasons.empty()) return bad;
  for (uint64_t i = 0; i < static_cast<uint64_t>(photographs.size()); ++i) {
    const auto found = reasons.find(photographs.name(i));
    if (found != reasons.end()) bad.push_back({i, found->first, found->second});
  }
  return bad;
}

void copy_given_encoder(const std::string& weights, nn::Vit& encoder) {
  const model::Encoder given = model::load_encoder(weights);
  const nn::VitOptions &have = given.options(), &want = encoder.options;
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
  model::copy_encoder(given.vit, encoder);
}

train::TrainerOptions trainer_options(const TrainingOptions& options, const train::RunPlan& plan,
                                      const Method& method) {
  return {.total_steps = plan.total_steps,
          .stop_at = plan.stop_at,
          .steps_per_epoch = plan.steps_per_epoch,
          .batch = options.train.batch,
          .micro_batch = plan.micro_batch,
          .save_every = train::parse_interval("run.save_every", options.train.save_every),
          .keep_last = options.train.keep_last,
          .keep_every = options.train.keep_every,
          .stop_on_non_finite = options.train.non_finite == "stop",
          .evaluate_every = method.evaluate_every(plan),
          .best_figure = method.best_figure()};
}

Ending run_training(Configuration& c, Method& method, const std::string& command) {
  const TrainingOptions& options = c.training;
  const std::string& out = options.command.out;
  if (!options.command.dry_run && out.empty()) throw UsageError("--out is missing: name the folder of the run");
  const StopSignals signals;
  const int64_t threads = prepare_arithmetic(options.train.threads);
  data::FoundPhotographs found = method.find_photographs();
  for (const std::string& line : found.description) log::info("{}", line);
  const RunParts parts(options, std::move(found.photographs), method);
  if (options.command.dry_run) return dry_run(c, method, parts);
  // Whatever can be wrong shows before the folder is touched: --overwrite gives up an old run only for one that begins.
  train::Task& task = method.make_task(parts.plan);
  train::AdamW optimizer(task.trained(), task.averaged(), task.rows(), method.optimizer());
  const auto evaluators = method.make_evaluators();
  const bool resumed = options.command.resume && run::Run::exists(out);
  if (!resumed) {
    // What "auto" came to is part of the run: a resumed one does the same arithmetic wherever it goes on.
    c.fields.at("micro_batch").parse(std::to_string(parts.plan.micro_batch), {kFlag, "what fits memory"});
    c.fields.at("run.threads").parse(std::to_string(threads), {kFlag, "usable CPUs"});
    method.start_from(options.weights);
  }
  run::Run run = open_run(c, resumed);
  log::info("{} on {}; {} photographs, {} steps of {} images", version_line(), c.recipe, parts.photographs.size(),
            parts.plan.stop_at, options.train.batch);
  if (!resumed) warn_about_batch(run, c);
  const auto now =
      conditions(static_cast<uint64_t>(options.train.seed), threads, parts.plan.micro_batch, parts.photographs);
  const train::Progress progress = resumed ? restore(c, run, method, task, optimizer, now) : train::Progress{};
  if (progress.step >= parts.plan.stop_at) {
    log::info("the run in {} has {} steps done, {} were asked for: nothing to do", out, progress.step,
              parts.plan.stop_at);
    task.export_weights(real_files(), run);  // a kill may have come between the last checkpoint and it
    print_result(options.command, method, run, progress);
    return Ending::done;
  }
  run.append_event(
      {{"event", "start"}, {"step", progress.step - 1}, {"threads", threads}, {"machine", machine_facts()}});
  if (progress.step == 0) method.show_first_samples(parts, run);
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
      trainer_options(options, parts.plan, method), now, progress);
  const train::Outcome outcome = trainer.run();
  print_result(options.command, method, run, trainer.progress());
  if (outcome == train::Outcome::interrupted) {
    log::info("stopped after {} steps; go on with: {} --resume --out {}", trainer.progress().step, command, out);
    return Ending::interrupted;
  }
  const auto [name, path] = method.product(run);
  log::info("done: {} steps; the {} is {}", trainer.progress().step, name, path.string());
  return Ending::done;
}

}  // namespace gtsa::app
