#include "core/run/run.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/base/json_line.h"
#include "core/formats/tensorboard.h"

namespace gtsa::run {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kConfig = "config.toml";
constexpr const char* kMetrics = "metrics.jsonl";
constexpr const char* kEvents = "events.jsonl";
/// TensorBoard takes a file for its own if "tfevents" is in the name.
constexpr const char* kTensorboard = "events.out.tfevents.0000000000.gtsa";
constexpr const char* kCheckpoints = "checkpoints";
constexpr const char* kArtefacts = "artefacts";
constexpr const char* kBadStep = "bad_step";
constexpr const char* kLog = "log.txt";
constexpr const char* kReport = "report.html";
constexpr std::string_view kPartial = ".partial";
constexpr std::array kProducts = {"encoder.safetensors", "classifier.safetensors", "classifier_best.safetensors",
                                  "segmenter.safetensors", "segmenter_best.safetensors"};
constexpr std::array kRecords = {kMetrics, kEvents, kTensorboard, kCheckpoints, kArtefacts, kBadStep};
/// What others of a run's files tell too.
constexpr std::array kRetold = {kLog, kReport, "report.data.js"};

std::string step_name(int64_t step) {
  GTSA_CHECK(step >= 0, "step {}", step);
  return fmt::format("step-{:08}.safetensors", step);
}

/// Inverse of step_name(): nothing for any other name.
std::optional<int64_t> step_of(const std::string& name) {
  constexpr std::string_view kPrefix = "step-";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  int64_t step = 0;
  const auto result = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), step);
  if (result.ec != std::errc() || step < 0 || step_name(step) != name) return std::nullopt;
  return step;
}

std::vector<const char*> worth_keeping() {
  std::vector<const char*> names(kProducts.begin(), kProducts.end());
  names.insert(names.end(), kRecords.begin(), kRecords.end());
  return names;
}

/// The first trace of a run in a folder without config.toml, or nothing. Empty folders are no loss.
std::optional<std::string> leftover_of(const fs::path& folder) {
  for (const char* name : worth_keeping()) {
    const fs::path path = folder / name;
    if (fs::exists(path) && (!fs::is_directory(path) || !fs::is_empty(path))) return name;
  }
  return std::nullopt;
}

/// What --overwrite removes; config.toml first, so that a half-removed run is not taken for a whole one.
void remove_run(FileSystem& files, const fs::path& folder) {
  std::vector<const char*> names{kConfig};
  const auto more = worth_keeping();
  names.insert(names.end(), more.begin(), more.end());
  names.insert(names.end(), kRetold.begin(), kRetold.end());
  for (const char* name : names) {
    if (fs::exists(folder / name)) files.remove_all(folder / name);
  }
}

void refuse_used_folder(const fs::path& folder) {
  if (Run::exists(folder)) {
    throw Error(
        "{} already holds a run: continue it with --resume, replace it with --overwrite, or choose another --out",
        folder.string());
  }
  if (const auto leftover = leftover_of(folder)) {
    throw Error("{} holds {} but no {}: remove it, replace it with --overwrite, or choose another --out",
                folder.string(), *leftover, kConfig);
  }
}

/// Begins a TensorBoard file, or drops a torn record from the end of one.
void mend_tensorboard(FileSystem& files, const fs::path& path) {
  formats::truncate_tensorboard(files, path, INT64_MAX);
  if (fs::exists(path) && fs::file_size(path) > 0) return;
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  write_atomically(files, path, formats::tensorboard_opening(now.count()));
}

std::vector<Json> read_lines(const fs::path& path) {
  std::vector<Json> lines;
  if (!fs::exists(path)) return lines;
  const MappedFile map(path);
  std::string_view rest(reinterpret_cast<const char*>(map.bytes().data()), map.bytes().size());
  for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    Json line = Json::parse(rest.substr(0, end), nullptr, /*allow_exceptions=*/false);
    rest.remove_prefix(end + 1);
    if (line.is_object()) lines.push_back(std::move(line));
  }
  return lines;
}

/// The step-N.safetensors of a folder, newest first.
std::vector<Checkpoint> states_in(const fs::path& folder) {
  std::vector<Checkpoint> states;
  if (!fs::is_directory(folder)) return states;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto step = step_of(entry.path().filename().string());
    if (step && entry.is_regular_file()) states.push_back({*step, entry.path()});
  }
  std::sort(states.begin(), states.end(), [](const Checkpoint& a, const Checkpoint& b) { return a.step > b.step; });
  return states;
}

}  // namespace

Run::Run(FileSystem& files, fs::path folder, std::optional<FolderLock> lock)
    : files_(&files),
      folder_(std::move(folder)),
      lock_(std::move(lock)),
      metrics_(files, folder_ / kMetrics, drop_torn_line),
      events_(files, folder_ / kEvents, drop_torn_line),
      tensorboard_(files, folder_ / kTensorboard, mend_tensorboard) {}

bool Run::exists(const fs::path& folder) { return fs::is_regular_file(folder / kConfig); }

Run Run::create(FileSystem& files, const fs::path& folder, bool overwrite) {
  if (!overwrite) refuse_used_folder(folder);
  files.create_directories(folder);
  Run run(files, folder, FolderLock(folder));
  if (!overwrite) refuse_used_folder(folder);  // another process may have begun one meanwhile
  if (overwrite) remove_run(files, folder);
  files.create_directories(folder / kCheckpoints);
  files.create_directories(folder / kArtefacts);
  return run;
}

Run Run::open(FileSystem& files, const fs::path& folder, Access access) {
  if (!exists(folder)) {
    throw Error("no run in {}: it has no {}; name the folder that was given to --out", folder.string(), kConfig);
  }
  if (access == Access::read) return Run(files, folder, std::nullopt);
  Run run(files, folder, FolderLock(folder));
  files.create_directories(folder / kCheckpoints);
  files.create_directories(folder / kArtefacts);
  if (run.locked()) run.remove_partial_files();
  return run;
}

void Run::check_writable() const { GTSA_CHECK(lock_.has_value(), "{} was opened for reading", folder_.string()); }

void Run::remove_partial_files() {
  std::vector<fs::path> partial;
  for (const fs::path& place : {folder_, folder_ / kCheckpoints, folder_ / kArtefacts, folder_ / kBadStep}) {
    if (!fs::is_directory(place)) continue;
    for (const auto& entry : fs::directory_iterator(place)) {
      if (entry.path().extension() == kPartial) partial.push_back(entry.path());
    }
  }
  for (const fs::path& path : partial) files_->remove_all(path);
}

void Run::write_config(std::string_view toml) {
  check_writable();
  write_atomically(*files_, folder_ / kConfig, toml);
}

std::string Run::read_config() const { return read_text(folder_ / kConfig); }

void Run::append_metrics(const Json& line) {
  check_writable();
  const auto found = line.find("step");
  GTSA_CHECK(found != line.end() && found->is_number_integer(), "a line of metrics without a step: {}",
             json_line(line));
  const auto step = found->get<int64_t>();
  GTSA_CHECK(step > last_step_, "metrics of step {} after those of step {}", step, last_step_);
  metrics_.append(json_line(line) + '\n');
  last_step_ = step;
  append_points(line, step);
}

void Run::append_points(const Json& line, int64_t step) {
  check_writable();
  std::vector<formats::Scalar> points;
  for (const auto& [key, value] : line.items()) {
    if (key == "step" || !value.is_number()) continue;
    const auto number = value.get<float>();
    if (std::isfinite(number)) points.push_back({key, number});
  }
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  tensorboard_.append(formats::tensorboard_scalars(step, now.count(), points));
}

void Run::append_event(const Json& event) {
  check_writable();
  GTSA_CHECK(event.is_object(), "an event is an object: {}", json_line(event));
  events_.append(json_line(event) + '\n');
}

void Run::sync() {
  metrics_.sync();
  events_.sync();
  tensorboard_.sync();
}

std::vector<Json> Run::read_metrics() const { return read_lines(folder_ / kMetrics); }

std::vector<Json> Run::read_events() const { return read_lines(folder_ / kEvents); }

void Run::cut_back_to(int64_t last_step) {
  check_writable();
  // Open files would go on growing where the old ones lay.
  metrics_.close();
  events_.close();
  tensorboard_.close();
  cut_lines(*files_, folder_ / kMetrics, last_step);
  cut_lines(*files_, folder_ / kEvents, last_step);
  formats::truncate_tensorboard(*files_, folder_ / kTensorboard, last_step);
  last_step_ = last_step;
}

fs::path Run::checkpoint_path(int64_t step) const { return folder_ / kCheckpoints / step_name(step); }

fs::path Run::log_path() const { return folder_ / kLog; }

fs::path Run::report_path(const fs::path& folder) { return folder / kReport; }

fs::path Run::product_path(std::string_view name) const {
  GTSA_CHECK(std::find(kProducts.begin(), kProducts.end(), name) != kProducts.end(),
             "{} is not among the products that --overwrite removes", name);
  return folder_ / name;
}

fs::path Run::best_checkpoint_path() const { return folder_ / kCheckpoints / "best.safetensors"; }

std::vector<Checkpoint> Run::list_checkpoints() const { return states_in(folder_ / kCheckpoints); }

void Run::prune_checkpoints(int64_t keep_last, int64_t keep_every_steps) {
  check_writable();
  GTSA_CHECK(keep_last >= 1 && keep_every_steps >= 0, "keep the last {} and every {}", keep_last, keep_every_steps);
  const std::vector<Checkpoint> checkpoints = list_checkpoints();
  for (auto at = checkpoints.rbegin(); checkpoints.rend() - at > keep_last; ++at) {
    if (keep_every_steps > 0 && at->step % keep_every_steps == 0) continue;
    files_->remove_all(at->path);
  }
}

void Run::prune_bad_steps(int64_t keep) {
  check_writable();
  const std::vector<Checkpoint> states = states_in(folder_ / kBadStep);
  for (size_t i = static_cast<size_t>(keep); i < states.size(); ++i) files_->remove_all(states[i].path);
}

void Run::set_aside(const Checkpoint& checkpoint) {
  check_writable();
  files_->rename(checkpoint.path, checkpoint.path.string() + ".unusable");
}

fs::path Run::tensorboard_path() const { return folder_ / kTensorboard; }

void Run::write_artefact(const fs::path& name, const nlohmann::ordered_json& json) {
  write_atomically(*files_, artefact_path(name), json_line(json) + '\n');
}

fs::path Run::artefact_path(const fs::path& name) {
  check_writable();
  const bool inside =
      name.is_relative() && std::none_of(name.begin(), name.end(), [](const fs::path& part) { return part == ".."; });
  GTSA_CHECK(inside && !name.empty(), "artefact {} lies outside the run", name.string());
  const fs::path path = folder_ / kArtefacts / name;
  files_->create_directories(path.parent_path());
  return path;
}

fs::path Run::bad_step_path(int64_t step) {
  check_writable();
  const fs::path path = folder_ / kBadStep / step_name(step);
  files_->create_directories(path.parent_path());
  return path;
}

}  // namespace gtsa::run
