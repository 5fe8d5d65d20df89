#include "program/app/report.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/report/report.h"
#include "core/run/run.h"
#include "program/app/machine.h"
#include "program/app/print_json.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

constexpr double kLookEvery = 1;        ///< seconds
constexpr double kWritingShare = 0.05;  ///< of a processor at most: the run goes on beside

/// Where the page goes. Nothing but a page of ours is written over.
fs::path page_of(const ReportOptions& options) {
  if (options.out.empty()) {
    if (options.runs.size() > 1)
      throw UsageError("--out is missing: name the page that compares the runs, for example --out compared.html");
    return run::Run::report_path(options.runs[0]);
  }
  const fs::path page(options.out);
  if (fs::is_directory(page))
    throw UsageError("--out {} is a folder: name a file, for example {}", page.string(),
                     run::Run::report_path(page).string());
  constexpr std::string_view kMark = R"(<meta name="generator" content="gtsa">)";
  std::array<char, 256> begin{};
  std::ifstream stream(page, std::ios::binary);
  stream.read(begin.data(), begin.size());
  const std::string_view text(begin.data(), static_cast<size_t>(stream.gcount()));
  if (!text.empty() && text.find(kMark) == std::string_view::npos)
    throw Error("{} is no page of gtsa's and is not written over: remove it, or choose another --out", page.string());
  return page;
}

void write(const std::vector<fs::path>& runs, const fs::path& page, bool follow) {
  const std::string now = fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(std::time(nullptr)));
  report::write_report(real_files(), runs, page, {.program = version_line(), .written = now, .follow = follow});
}

std::string fingerprint(const std::vector<fs::path>& runs) {
  std::string text;
  for (const fs::path& run : runs) text += report::fingerprint(run);
  return text;
}

/// Writes the page whenever the runs have something new, until they end or a signal comes.
Ending follow(const std::vector<fs::path>& runs, const fs::path& page) {
  const StopSignals signals;
  const Clock clock = steady_clock();
  std::string shown;
  double next_page = clock();
  log::info("following; {} shows what is new; Ctrl-C ends it", page.string());
  while (!StopSignals::requested()) {
    const std::string now = fingerprint(runs);
    if (now != shown && clock() >= next_page) {
      const double begin = clock();
      write(runs, page, /*follow=*/true);
      shown = now;
      next_page = clock() + (clock() - begin) / kWritingShare;
    } else if (now == shown && std::none_of(runs.begin(), runs.end(), report::is_being_written)) {
      break;
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(kLookEvery));
  }
  write(runs, page, /*follow=*/false);
  return StopSignals::requested() ? Ending::interrupted : Ending::done;
}

}  // namespace

void ReportOptions::describe(Fields& f) {
  f("runs", &runs, "folders of the runs; several are compared in one page").positional();
  f("out", &out, "the page").flagged("out").meaning("by default report.html in the run's folder");
  f("follow", &follow, "write the page again whenever the runs have something new; an open page shows it")
      .flagged("follow");
  f("json", &json, "one JSON object on standard output").flagged("json");
}

Ending report(const ReportOptions& options) {
  const std::vector<fs::path> runs(options.runs.begin(), options.runs.end());
  for (const fs::path& run : runs) {
    if (!run::Run::exists(run))
      throw Error("no run in {}: it has no config.toml; name the folder that was given to --out", run.string());
  }
  const fs::path page = page_of(options);
  Ending ending = Ending::done;
  if (options.follow) {
    ending = follow(runs, page);
  } else {
    write(runs, page, /*follow=*/false);
  }
  log::info("the report is {}", page.string());
  if (options.json) {
    const nlohmann::ordered_json result{{"report", page.string()}, {"runs", options.runs}};
    print_json(result);
  }
  return ending;
}

}  // namespace gtsa::app
