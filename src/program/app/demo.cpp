#include "program/app/demo.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/data/image_folder.h"
#include "core/run/run.h"
#include "core/synth/dataset.h"
#include "learn/train/trainer.h"
#include "program/app/common_options.h"
#include "program/app/console_reporter.h"
#include "program/app/machine.h"
#include "program/app/print_json.h"
#include "program/app/progress_line.h"
#include "program/app/report.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kScenes = 1280;       ///< to learn from
constexpr int64_t kProbedScenes = 400;  ///< to be judged by, a fifth of them held back from the probe's own training
/// Share of the time for the steps themselves; the rest goes to scenes, probes and pictures. Five-minute demos took 4
/// min 17 s to 4 min 59 s with it (docs/results.md).
constexpr double kShareOfSteps = 0.75;
constexpr int64_t kFewestSteps = 10, kMostSteps = 20'000;

/// What the demo learns from, and what it is judged by: photographs that it does not learn from.
struct DemoData {
  std::string training;
  std::vector<std::string> probes;
};

std::string render(const DemoOptions& options, const char* name, int64_t images, uint64_t seed, double val_share) {
  const fs::path folder = fs::path(options.out) / name;
  synth::DatasetOptions scenes;
  scenes.images = images;
  scenes.seed = seed;
  scenes.val_share = val_share;
  scenes.threads = static_cast<int>(options.threads > 0 ? options.threads : usable_cpus());
  scenes.overwrite = options.overwrite;
  ProgressLine line("rendered", "scenes", steady_clock());
  scenes.progress = [&line, images](int64_t done) { line(done, images); };
  log::info("rendering {} scenes into {}", scenes.images, folder.string());
  synth::write_dataset(real_files(), folder, scenes);
  return folder.string();
}

/// Two sets of other seeds, so that nothing learnt from is probed.
DemoData render_scenes(const DemoOptions& options) {
  constexpr double kHeldBack = 0.2;
  const auto seed = 2 * static_cast<uint64_t>(options.seed);
  const std::string scenes = render(options, "scenes", kScenes, seed, 0);
  const std::string probed = render(options, "probed", kProbedScenes, seed + 1, kHeldBack);
  return {scenes, {probed, (fs::path(probed) / "images" / "training").string()}};
}

/// Every fifth photograph is kept back: two lists in the demo's folder.
DemoData split_photographs(const DemoOptions& options) {
  constexpr size_t kOf = 5, kFewest = 80;
  const std::vector<fs::path> folders(options.images.begin(), options.images.end());
  const data::ImageFolder photographs(folders);
  if (photographs.files().size() < kFewest) {
    throw Error("{} photographs are too few to learn from and be judged by; the demo wants {} or more",
                photographs.files().size(), kFewest);
  }
  std::string training, held_out;
  for (size_t i = 0; i < photographs.files().size(); ++i) {
    (i % kOf == kOf - 1 ? held_out : training) += fs::absolute(photographs.files()[i]).string() + "\n";
  }
  const fs::path folder = options.out;
  real_files().create_directories(folder);
  write_atomically(real_files(), folder / "training.txt", training);
  write_atomically(real_files(), folder / "held_out.txt", held_out);
  return {(folder / "training.txt").string(), {(folder / "held_out.txt").string()}};
}

std::vector<FlagText> flags_of(const DemoOptions& options, const DemoData& data, int64_t steps) {
  std::vector<FlagText> flags{{"config", {"gtsa_demo"}},
                              {"data", {data.training}},
                              {"out", {(fs::path(options.out) / "run").string()}},
                              {"seed", {std::to_string(options.seed)}},
                              {"threads", {std::to_string(options.threads)}},
                              {"probe-every", {std::to_string(steps)}},
                              {"probe-data", data.probes},
                              {"set", {fmt::format("schedule.total_steps={}", steps)}}};
  if (options.overwrite) flags.push_back({"overwrite", {"true"}});
  return flags;
}

/// Seconds of one step on this machine: a few are made and thrown away.
double seconds_of_a_step(const PretrainOptions& options) {
  constexpr int64_t kWarm = 2, kTimed = 5;
  prepare_arithmetic(options.train.threads);
  const auto method = pretraining_method(options);
  const RunParts parts(options, method->find_photographs().photographs, *method);
  train::Task& task = method->make_task(parts.plan);
  const auto loader = parts.make_loader(options, task.recipe(), 0);
  const Clock clock = steady_clock();
  double begin = 0;
  for (int64_t step = 0; step < kWarm + kTimed; ++step) {
    if (step == kWarm) begin = clock();
    task.trained().zero_grads();
    train::run_micro_batches(task, *loader, options.train.batch / parts.plan.micro_batch, {});
  }
  return (clock() - begin) / kTimed;
}

/// Figures of the first and the last evaluation, by name, in the order in which they were found.
struct BeforeAndAfter {
  std::string name;
  double before = 0;
  double after = 0;
};

std::vector<BeforeAndAfter> probes_of(const fs::path& folder) {
  const run::Run run = run::Run::open(real_files(), folder, run::Run::Access::read);
  std::vector<BeforeAndAfter> rows;
  for (const auto& event : run.read_events()) {
    if (event.value("event", "") != "evaluation") continue;
    for (const auto& [name, value] : event.at("figures").items()) {
      const auto row =
          std::find_if(rows.begin(), rows.end(), [&name = name](const auto& known) { return known.name == name; });
      if (row == rows.end()) {
        rows.push_back({name, value.get<double>(), value.get<double>()});
      } else {
        row->after = value.get<double>();
      }
    }
  }
  return rows;
}

void print_table(const std::vector<BeforeAndAfter>& rows) {
  static const std::map<std::string, const char*> kNames{
      {"probe_rotation_accuracy", "turn of a view told (chance 0.25)"},
      {"probe_correspondence_projector", "patches matched, projector"},
      {"probe_correspondence_encoder", "patches matched, encoder"},
      {"probe_correspondence_chance", "patches matched, chance"},
      {"probe_segment_miou", "frozen segmentation, mIoU"},
      {"probe_segment_pixel_accuracy", "frozen segmentation, pixels right"}};
  std::printf("\n%-36s %8s %8s %7s\n", "", "before", "after", "ratio");
  for (const BeforeAndAfter& row : rows) {
    const auto name = kNames.find(row.name);
    if (name == kNames.end()) continue;
    std::printf("%-36s %8.4f %8.4f %6.2fx\n", name->second, row.before, row.after,
                row.before > 0 ? row.after / row.before : 0.0);
  }
}

nlohmann::ordered_json json_of(const DemoOptions& options, const std::vector<BeforeAndAfter>& rows, int64_t steps,
                               double seconds) {
  nlohmann::ordered_json json{{"run", (fs::path(options.out) / "run").string()},
                              {"report", (fs::path(options.out) / "report.html").string()},
                              {"steps", steps},
                              {"seconds", seconds},
                              {"before", nlohmann::ordered_json::object()},
                              {"after", nlohmann::ordered_json::object()}};
  for (const BeforeAndAfter& row : rows) {
    json["before"][row.name] = row.before;
    json["after"][row.name] = row.after;
  }
  return json;
}

}  // namespace

void DemoOptions::describe(Fields& f) {
  f("out", &out, "folder for scenes, run and report").flagged("out");
  f("minutes", &minutes, "about how long it may take").in("minutes").between(0.1, 100'000).flagged("minutes");
  f("images", &images, "learn from these photographs instead of rendered scenes").flagged("images").several();
  f("seed", &seed, "of scenes, weights and order").between(0).flagged("seed");
  describe_threads(f, threads);
  f("overwrite", &overwrite, "replace an earlier demo in --out").flagged("overwrite");
  f("json", &json, "one JSON object on standard output instead of the table").flagged("json");
}

Ending demo(const DemoOptions& options) {
  const Clock clock = steady_clock();
  const double begin = clock();
  const fs::path out = options.out;
  if (!options.overwrite && (run::Run::exists(out / "run") || fs::exists(out / "scenes"))) {
    throw UsageError("{} holds an earlier demo; --overwrite replaces it, another --out keeps it", out.string());
  }
  const DemoData data = options.images.empty() ? render_scenes(options) : split_photographs(options);
  PretrainConfiguration trial;
  configure(trial, flags_of(options, data, kFewestSteps));
  const double wanted = 60 * options.minutes * kShareOfSteps / seconds_of_a_step(trial.options);
  const auto steps = std::clamp(static_cast<int64_t>(wanted) / 10 * 10, kFewestSteps, kMostSteps);
  log::info("{} steps fit about {:g} minutes on this machine", steps, options.minutes);

  PretrainConfiguration c;
  configure(c, flags_of(options, data, steps));
  if (pretrain(c) == Ending::interrupted) return Ending::interrupted;
  ReportOptions page;
  page.runs = {c.options.command.out};
  page.out = (out / "report.html").string();
  report(page);
  const auto rows = probes_of(c.options.command.out);
  if (options.json) {
    print_json(json_of(options, rows, steps, clock() - begin));
    return Ending::done;
  }
  print_table(rows);
  std::printf("\n%s; the report: %s\n", duration_text(clock() - begin).c_str(), page.out.c_str());
  return Ending::done;
}

}  // namespace gtsa::app
