#include "learn/train/train_state.h"

#include <charconv>
#include <vector>

#include <fmt/ranges.h>

#include "core/base/error.h"
#include "core/formats/safetensors.h"
#include "learn/model/state.h"

namespace gtsa::train {
namespace {

constexpr const char* kOptimizer = "optimizer.";
constexpr const char* kFormat = "gtsa train state 1";

std::string text_of(const std::map<std::string, std::string>& metadata, const std::string& key,
                    const std::string& file) {
  const auto it = metadata.find(key);
  if (it == metadata.end()) throw Error("{} is no train state: its metadata has no {}", file, key);
  return it->second;
}

int64_t number_of(const std::map<std::string, std::string>& metadata, const std::string& key, const std::string& file) {
  const std::string text = text_of(metadata, key, file);
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value < 0) {
    throw Error("{}: metadata {} is {}, a whole number is wanted", file, key, text);
  }
  return value;
}

/// The best evaluation so far, if the state has one.
std::optional<Progress::Best> best_of(const std::map<std::string, std::string>& metadata, const std::string& file) {
  if (!metadata.contains("best")) return std::nullopt;
  const std::string& text = metadata.at("best");
  Progress::Best best;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), best.figure);
  if (code != std::errc{} || end != text.data() + text.size()) {
    throw Error("{}: metadata best is {}, a number is wanted", file, text);
  }
  best.step = number_of(metadata, "best_step", file);
  return best;
}

nn::Parameters parameters_of(Task& task) {
  return [&task](const nn::Walk& visit) { task.walk(visit); };
}

nn::Parameters parameters_of(AdamW& optimizer) {
  return [&optimizer](const nn::Walk& visit) { optimizer.walk(visit); };
}

}  // namespace

std::string Conditions::difference(const Conditions& other) const {
  std::vector<std::string> parts;
  const auto compare = [&](const char* name, const auto& now, const auto& then) {
    if (now != then) parts.push_back(fmt::format("{} {} instead of {}", name, now, then));
  };
  compare("seed", seed, other.seed);
  compare("threads", threads, other.threads);
  compare("micro-batch", micro_batch, other.micro_batch);
  compare("BLAS", blas, other.blas);
  compare("SIMD", simd, other.simd);
  compare("LibTorch", torch, other.torch);
  compare("photographs", photographs, other.photographs);
  return fmt::format("{}", fmt::join(parts, ", "));
}

void save_state(FileSystem& files, const std::filesystem::path& path, Task& task, AdamW& optimizer,
                const Progress& progress, const Conditions& conditions,
                const std::map<std::string, std::string>& more) {
  model::Records records;
  records.add(parameters_of(task));
  records.add(parameters_of(optimizer), kOptimizer);
  auto metadata = task.metadata();
  metadata.insert(more.begin(), more.end());
  metadata["format"] = kFormat;
  metadata["step"] = std::to_string(progress.step);
  metadata["skipped"] = std::to_string(progress.skipped);
  metadata["skipped_in_a_row"] = std::to_string(progress.skipped_in_a_row);
  if (progress.best) {
    metadata["best"] = fmt::format("{}", progress.best->figure);
    metadata["best_step"] = std::to_string(progress.best->step);
  }
  metadata["seed"] = std::to_string(conditions.seed);
  metadata["threads"] = std::to_string(conditions.threads);
  metadata["micro_batch"] = std::to_string(conditions.micro_batch);
  metadata["blas"] = conditions.blas;
  metadata["simd"] = conditions.simd;
  metadata["torch"] = conditions.torch;
  metadata["photographs"] = conditions.photographs;
  formats::write_safetensors(files, path, records.records, metadata);
}

LoadedState load_state(const std::filesystem::path& path, Task& task, AdamW& optimizer) {
  const formats::SafetensorsFile file(path);
  const auto& metadata = file.content().metadata;
  const std::string name = path.string();
  LoadedState state;
  state.metadata = metadata;
  if (text_of(metadata, "format", name) != kFormat)
    throw Error("{} is of another version of gtsa: {}", name, metadata.at("format"));
  state.progress = {number_of(metadata, "step", name), number_of(metadata, "skipped", name),
                    number_of(metadata, "skipped_in_a_row", name), best_of(metadata, name)};
  state.conditions = {static_cast<uint64_t>(number_of(metadata, "seed", name)),
                      number_of(metadata, "threads", name),
                      number_of(metadata, "micro_batch", name),
                      text_of(metadata, "blas", name),
                      text_of(metadata, "simd", name),
                      text_of(metadata, "torch", name),
                      text_of(metadata, "photographs", name)};
  model::check_records(parameters_of(optimizer), file.content(), name, kOptimizer);
  model::copy_records(parameters_of(task), file.content(), name);
  model::copy_records(parameters_of(optimizer), file.content(), name, kOptimizer);
  return state;
}

}  // namespace gtsa::train
