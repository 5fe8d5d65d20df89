#include "core/report/report.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/report/artefacts.h"
#include "core/report/assets.h"
#include "core/report/curves.h"
#include "core/report/facts.h"
#include "core/report/page.h"
#include "core/report/pictures.h"

namespace gtsa::report {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kScripts[] = {"base.js",  "charts.js",   "tables.js", "scores.js",
                                         "crops.js", "pictures.js", "main.js"};

/// Last parts of the paths, or the whole paths where these are not all different.
std::vector<std::string> names_of(std::span<const fs::path> folders) {
  std::vector<std::string> names;
  for (const fs::path& folder : folders) {
    const fs::path whole = fs::absolute(folder).lexically_normal();
    names.push_back((whole.has_filename() ? whole : whole.parent_path()).filename().string());
  }
  std::map<std::string, int> count;
  for (const std::string& name : names) ++count[name];
  for (size_t i = 0; i < names.size(); ++i) {
    if (count[names[i]] > 1) names[i] = folders[i].string();
  }
  return names;
}

/// Optimiser steps that the configuration asks for; null where it counts in epochs.
Json wanted_steps(const Json& configuration) {
  for (const Json& row : configuration) {
    if (row[0] != "schedule" || row[1] != "total_steps") continue;
    const int64_t steps = std::atoll(row[2].get_ref<const std::string&>().c_str());
    if (steps > 0) return steps;
  }
  return nullptr;
}

Json read_run(const fs::path& folder, const std::string& name, Pictures& pictures) {
  const run::Run run = run::Run::open(real_files(), folder, run::Run::Access::read);
  const std::vector<Json> metrics = run.read_metrics(), events = run.read_events();
  Json data{{"name", name}, {"folder", folder.string()}};
  data["configuration"] = configuration_rows(run.read_config());
  data["wanted_steps"] = wanted_steps(data["configuration"]);
  const auto step = metrics.empty() ? Json::const_iterator() : metrics.back().find("step");
  const bool stepped = !metrics.empty() && step != metrics.back().end() && step->is_number_integer();
  data["steps"] = stepped ? step->get<int64_t>() + 1 : 0;
  data["machine"] = machine_rows(run, events);
  data["metrics"] = metric_curves(metrics);
  data["health"] = figure_curves(events, "health");
  data["probes"] = figure_curves(events, "evaluation");
  data["events"] = event_rows(events);
  data.update(read_artefacts(folder / "artefacts", pictures));
  return data;
}

}  // namespace

fs::path update_path(const fs::path& page) {
  fs::path path = page;
  return path.replace_extension(".data.js");
}

Report render_report(std::span<const fs::path> folders, const ReportOptions& options) {
  if (!has_charts()) {
    throw Error(
        "this gtsa was built without reports (-DGTSA_REPORT=OFF); scripts/setup.sh and a build with "
        "-DGTSA_REPORT=ON bring them");
  }
  GTSA_CHECK(!folders.empty(), "a report of no run");
  Pictures pictures;
  const std::vector<std::string> names = names_of(folders);
  Json runs = Json::array();
  for (size_t i = 0; i < folders.size(); ++i) runs.push_back(read_run(folders[i], names[i], pictures));
  Json data{{"program", options.program},
            {"written", options.written},
            {"follow", options.follow},
            {"pictures_are", pictures.fingerprint()},
            {"runs", std::move(runs)}};
  Report report;
  if (options.follow) report.update = fmt::format("gtsaUpdate({});\n", script_json(data));
  data["pictures"] = pictures.json();
  const std::string title = names.size() == 1 ? names[0] : fmt::format("{} runs", names.size());
  report.page = render_page({.title = title + " - gtsa report",
                             .charts = true,
                             .loads_scripts = options.follow,
                             .data = std::move(data),
                             .scripts = kScripts});
  return report;
}

void write_report(FileSystem& files, std::span<const fs::path> folders, const fs::path& page,
                  const ReportOptions& options) {
  const Report report = render_report(folders, options);
  write_atomically(files, page, report.page);
  if (options.follow) {
    write_atomically(files, update_path(page), report.update);
  } else if (fs::exists(update_path(page))) {
    files.remove_all(update_path(page));
  }
}

bool is_being_written(const fs::path& folder) {
  // The lock is asked for and given back at once: a writer that begins within these microseconds would be refused, so
  // this is called only while nothing new comes.
  const int fd = ::open((folder / ".lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool free = ::flock(fd, LOCK_SH | LOCK_NB) == 0;
  ::close(fd);
  return !free;
}

std::string fingerprint(const fs::path& folder) {
  std::string text;
  const auto add = [&](const fs::path& file) {
    std::error_code size_error, time_error;
    const auto size = fs::file_size(file, size_error);
    const auto time = fs::last_write_time(file, time_error);
    if (!size_error && !time_error)
      text += fmt::format("{} {} {}\n", file.string(), size, time.time_since_epoch().count());
  };
  for (const char* name : {"config.toml", "metrics.jsonl", "events.jsonl"}) add(folder / name);
  std::error_code absent;
  std::vector<fs::path> artefacts;
  for (const auto& entry : fs::directory_iterator(folder / "artefacts", absent)) {
    if (entry.path().extension() == ".json") artefacts.push_back(entry.path());
  }
  std::sort(artefacts.begin(), artefacts.end());
  for (const fs::path& artefact : artefacts) add(artefact);
  return text;
}

}  // namespace gtsa::report
