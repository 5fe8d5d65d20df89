#include "program/app/replay.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/formats/safetensors.h"
#include "core/run/run.h"
#include "program/app/finetune_classify.h"
#include "program/app/finetune_segment.h"
#include "program/app/machine.h"
#include "program/app/pretrain.h"
#include "program/app/print_json.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

fs::path find_state(const fs::path& folder, int64_t step) {
  std::vector<fs::path> states;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder / "bad_step", missing)) {
    if (entry.path().extension() == ".safetensors") states.push_back(entry.path());
  }
  std::sort(states.begin(), states.end());
  if (states.empty()) throw Error("{} has no bad step to replay", folder.string());
  if (step < 0) return states.back();
  const auto it = std::find_if(states.begin(), states.end(),
                               [&](const fs::path& p) { return p.stem() == fmt::format("step-{:08}", step); });
  if (it == states.end())
    throw Error("{} has no bad step {}; the newest is {}", folder.string(), step, states.back().stem().string());
  return *it;
}

/// A run's own options, and its method with them.
struct RunAgain {
  std::shared_ptr<Configuration> configuration;
  std::unique_ptr<Method> method;
};

template <class Options>
RunAgain run_again(const std::string& folder, std::unique_ptr<Method> (*make_method)(const Options&)) {
  auto configuration = std::make_shared<ConfigurationOf<Options>>();
  configure(*configuration, {{"out", {folder}}, {"resume", {"true"}}});
  auto method = make_method(configuration->options);
  return {std::move(configuration), std::move(method)};
}

/// The task has written into the state which method it is of.
RunAgain run_of(const std::string& folder, const fs::path& state) {
  const formats::SafetensorsFile file(state);
  const auto& metadata = file.content().metadata;
  const auto method = metadata.find("method");
  const std::string name = method == metadata.end() ? "" : method->second;
  if (name == "classify") return run_again(folder, classification_method);
  if (name == "segment") return run_again(folder, segmentation_method);
  return run_again(folder, pretraining_method);
}

}  // namespace

void ReplayOptions::describe(Fields& f) {
  f("run", &run, "folder of the run").positional();
  f("step", &step, "the bad step").between(-1).flagged("step").meaning("-1 = the newest");
  f("json", &json, "one JSON object on standard output").flagged("json");
}

void replay(const ReplayOptions& options) {
  if (!run::Run::exists(options.run))
    throw Error("{} holds no run: name the folder that was given to --out", options.run);
  const fs::path path = find_state(options.run, options.step);
  const auto [configuration, method] = run_of(options.run, path);
  const TrainingOptions& training = configuration->training;
  const RunParts parts(training, method->find_photographs().photographs, *method);
  train::Task& task = method->make_task(parts.plan);
  train::AdamW optimizer(task.trained(), task.averaged(), task.rows(), method->optimizer());
  const auto state = train::load_state(path, task, optimizer);
  prepare_arithmetic(state.conditions.threads);
  const auto now =
      conditions(state.conditions.seed, state.conditions.threads, state.conditions.micro_batch, parts.photographs);
  if (const auto difference = now.difference(state.conditions); !difference.empty())
    log::warning("not the same step: {}", difference);
  const int64_t step = state.progress.step;
  const int64_t micro = state.conditions.micro_batch;
  RunParts same = parts;
  same.plan.micro_batch = micro;
  same.plan.stop_at = step + 1;
  const auto loader = same.make_loader(training, task.recipe(), step);
  task.trained().zero_grads();
  const train::Position position{step, parts.plan.total_steps, parts.plan.steps_per_epoch};
  const auto losses = train::run_micro_batches(task, *loader, training.train.batch / micro,
                                               {.seed = state.conditions.seed, .position = position});
  const auto norms = optimizer.norms();
  nlohmann::ordered_json result{{"step", step}, {"saved_reason", state.metadata.at("reason")}};
  for (const auto& [name, value] : losses.terms)
    result["loss_" + name] = std::isfinite(value) ? nlohmann::ordered_json(value) : nullptr;
  result["reason"] = losses.not_finite ? nlohmann::ordered_json(*losses.not_finite)
                     : norms.not_finite
                         ? nlohmann::ordered_json("the gradient of " + *norms.not_finite + " is not finite")
                         : nlohmann::ordered_json(nullptr);
  auto& files = result["files"] = nlohmann::ordered_json::array();
  for (const auto& key : losses.keys) files.push_back(parts.photographs.name(key.file));
  if (options.json) {
    print_json(result);
    return;
  }
  std::printf("step %lld, skipped because %s\n", static_cast<long long>(step), state.metadata.at("reason").c_str());
  for (const auto& [name, value] : losses.terms) std::printf("  loss %-16s %g\n", name.c_str(), value);
  std::printf("again: %s\n",
              result["reason"].is_null() ? "finite this time" : result["reason"].get<std::string>().c_str());
  for (const auto& file : result["files"]) std::printf("  %s\n", file.get<std::string>().c_str());
}

}  // namespace gtsa::app
