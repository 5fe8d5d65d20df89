#include "core/report/facts.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <string>

#include "core/base/error.h"
#include "core/base/json_line.h"
#include "core/formats/safetensors.h"

namespace gtsa::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostEventsOfAKind = 200;
constexpr size_t kLongestText = 600;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r"), end = text.find_last_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin, end - begin + 1);
}

/// A text as it is, anything else as JSON writes it.
std::string text_of(const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : json_line(value);
  if (text.size() > kLongestText) text.replace(kLongestText, std::string::npos, " ...");
  return text;
}

std::string text_of(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() ? std::string() : text_of(*it);
}

/// The first line of the log names version, recipe and size of the run.
Json opening_of_log(const run::Run& run) {
  constexpr std::string_view kLevel = " info ";
  std::ifstream log(run.log_path());
  std::string line;
  while (std::getline(log, line)) {
    const size_t level = line.find(kLevel);
    const std::string_view rest =
        level == std::string::npos ? std::string_view() : std::string_view(line).substr(level + kLevel.size());
    if (!rest.starts_with("gtsa ")) continue;
    return {{"started", line.substr(0, level)}, {"run", rest}};
  }
  return Json::object();
}

/// What the run's arithmetic depended on, from the newest checkpoint that can be read.
Json checkpoint_facts(const run::Run& run) {
  for (const run::Checkpoint& checkpoint : run.list_checkpoints()) {
    try {
      const formats::SafetensorsFile file(checkpoint.path);
      Json facts = Json::object();
      for (const char* key : {"torch", "blas", "simd", "threads", "micro_batch", "photographs", "seed", "skipped"}) {
        const auto it = file.content().metadata.find(key);
        if (it != file.content().metadata.end()) facts[key] = it->second;
      }
      return facts;
    } catch (const Error&) {
      continue;  // being pruned, or torn: an older one tells the same
    }
  }
  return Json::object();
}

/// The machine of the newest start, with the threads that this start used.
Json machine_of_start(const std::vector<Json>& events) {
  for (auto it = events.rbegin(); it != events.rend(); ++it) {
    if (text_of(*it, "event") != "start") continue;
    const auto machine = it->find("machine");
    if (machine == it->end() || !machine->is_object()) continue;
    Json facts = *machine;
    if (it->contains("threads")) facts["threads"] = (*it)["threads"];
    return facts;
  }
  return Json::object();
}

std::string sentence_of(const std::string& kind, const Json& event) {
  if (kind == "warning") return fmt::format("{}: {}", text_of(event, "name"), text_of(event, "text"));
  if (kind == "bad_file") return fmt::format("{}: {}", text_of(event, "file"), text_of(event, "reason"));
  if (kind == "bad_step") {
    const auto samples = event.find("samples");
    const size_t count = samples != event.end() && samples->is_array() ? samples->size() : 0;
    return fmt::format("{}; {} samples", text_of(event, "reason"), count);
  }
  if (kind == "save") {
    const auto seconds = event.find("seconds");
    const bool timed = seconds != event.end() && seconds->is_number();
    return text_of(event, "file") + (timed ? fmt::format(" in {:.2f} s", seconds->get<double>()) : "");
  }
  if (kind == "start") {
    const auto machine = event.find("machine");
    if (machine != event.end() && machine->is_object())
      return fmt::format("{} on {}", text_of(*machine, "program"), text_of(*machine, "cpu"));
  }
  Json rest = event;
  for (const char* key : {"event", "step"}) rest.erase(key);
  return rest.empty() ? std::string() : text_of(rest);
}

}  // namespace

Json configuration_rows(std::string_view toml) {
  constexpr std::string_view kOrigin = "  # ";
  Json rows = Json::array();
  std::string section;
  while (!toml.empty()) {
    const size_t end = std::min(toml.find('\n'), toml.size());
    const std::string_view line = trimmed(toml.substr(0, end));
    toml.remove_prefix(std::min(end + 1, toml.size()));
    if (line.starts_with('[') && line.ends_with(']')) {
      section = line.substr(1, line.size() - 2);
      continue;
    }
    const size_t equals = line.find('=');
    if (line.empty() || line.starts_with('#') || equals == std::string_view::npos) continue;
    const size_t comment = line.rfind(kOrigin);
    const bool has_origin = comment != std::string_view::npos && comment > equals;
    const std::string_view value = line.substr(equals + 1, has_origin ? comment - equals - 1 : std::string_view::npos);
    rows.push_back({section, trimmed(line.substr(0, equals)), trimmed(value),
                    has_origin ? line.substr(comment + kOrigin.size()) : std::string_view()});
  }
  return rows;
}

Json machine_rows(const run::Run& run, const std::vector<Json>& events) {
  Json rows = Json::array();
  const auto append = [&](const Json& facts) {
    for (const auto& [name, value] : facts.items()) rows.push_back({name, text_of(value)});
  };
  append(opening_of_log(run));
  const Json machine = machine_of_start(events);
  append(machine.empty() ? checkpoint_facts(run) : machine);
  return rows;
}

Json event_rows(const std::vector<Json>& events) {
  std::map<std::string, size_t> counts;
  std::vector<Json> rows;
  size_t left_out = 0;
  for (auto it = events.rbegin(); it != events.rend(); ++it) {
    const std::string kind = text_of(*it, "event");
    if (kind == "health" || kind == "evaluation") continue;  // these are curves
    if (++counts[kind] > kMostEventsOfAKind) {
      ++left_out;
      continue;
    }
    const auto step = it->find("step");
    rows.push_back({{"kind", kind},
                    {"step", step != it->end() && step->is_number_integer() ? *step : Json(nullptr)},
                    {"text", sentence_of(kind, *it)}});
  }
  std::reverse(rows.begin(), rows.end());
  return {{"rows", std::move(rows)}, {"left_out", left_out}};
}

}  // namespace gtsa::report
