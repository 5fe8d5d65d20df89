#include "program/app/data_check.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/data/dataset_check.h"
#include "program/app/common_options.h"
#include "program/app/machine.h"
#include "program/app/print_json.h"
#include "program/app/progress_line.h"

namespace gtsa::app {
namespace {

using data::DatasetReport;
using data::DatasetTask;
using data::Finding;
using data::SplitSummary;
using Json = nlohmann::ordered_json;

constexpr DatasetTask kTasks[] = {DatasetTask::pretrain, DatasetTask::classify, DatasetTask::segment,
                                  DatasetTask::detect};

Json spread(const data::Spread& values) {
  return {{"min", values.min}, {"median", values.median}, {"max", values.max}};
}

Json findings(const DatasetReport& report, bool errors) {
  Json list = Json::array();
  for (const Finding& finding : report.findings) {
    if (finding.is_error != errors) continue;
    list.push_back({{"kind", finding.kind}, {"count", finding.count}, {"first", finding.first}});
  }
  return list;
}

Json to_json(const DatasetReport& report) {
  Json json{{"folder", report.folder.string()},
            {"task", data::name_of(report.task)},
            {"task_guessed", report.task_was_guessed},
            {"layout", data::name_of(report.layout)},
            {"fit", report.is_fit()},
            {"splits", Json::array()}};
  for (const SplitSummary& split : report.splits) {
    Json entry{{"name", split.name},
               {"pictures", split.listed},
               {"readable", split.readable},
               {"width", spread(split.width)},
               {"height", spread(split.height)}};
    if (split.ignored_files) entry["ignored_files"] = *split.ignored_files;
    if (split.objects) entry["objects"] = *split.objects;
    if (split.crowds) entry["crowds"] = *split.crowds;
    if (split.labelled_share) entry["labelled_share"] = *split.labelled_share;
    json["splits"].push_back(std::move(entry));
  }
  if (!report.classes.empty()) {
    Json& classes = json["classes"] = Json::array();
    for (const data::ClassCount& known : report.classes) {
      classes.push_back({{"name", known.name}, {"counts", known.counts}});
    }
  }
  json["errors"] = findings(report, true);
  json["warnings"] = findings(report, false);
  return json;
}

/// Columns of text, the first to the left, the others to the right.
class Table {
 public:
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void print() const {
    std::vector<size_t> widths;
    for (const auto& row : rows_) {
      widths.resize(std::max(widths.size(), row.size()));
      for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const auto& row : rows_) {
      std::string line = row.empty() ? "" : fmt::format("{:<{}}", row[0], widths[0]);
      for (size_t i = 1; i < row.size(); ++i) line += fmt::format("  {:>{}}", row[i], widths[i]);
      std::printf("%s\n", line.c_str());
    }
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// A row with one number (or nothing) a split.
template <class Value>
void add_row(Table& table, const DatasetReport& report, const char* name, const Value& value) {
  std::vector<std::string> cells{name};
  for (const SplitSummary& split : report.splits) cells.push_back(value(split));
  table.row(std::move(cells));
}

void print_splits(const DatasetReport& report) {
  const auto number = [](const auto& value) { return fmt::format("{}", value); };
  const auto spread_text = [](const data::Spread& s) { return fmt::format("{} / {} / {}", s.min, s.median, s.max); };
  const SplitSummary& first = report.splits.front();
  Table table;
  add_row(table, report, "", [](const SplitSummary& split) { return split.name; });
  add_row(table, report, "pictures", [&](const SplitSummary& split) { return number(split.listed); });
  add_row(table, report, "readable", [&](const SplitSummary& split) { return number(split.readable); });
  add_row(table, report, "width, min / median / max", [&](const auto& split) { return spread_text(split.width); });
  add_row(table, report, "height", [&](const auto& split) { return spread_text(split.height); });
  if (first.ignored_files) {
    add_row(table, report, "other files, ignored", [&](const auto& split) { return number(*split.ignored_files); });
  }
  if (first.objects) add_row(table, report, "objects", [&](const auto& split) { return number(*split.objects); });
  if (first.crowds) add_row(table, report, "of these crowds", [&](const auto& split) { return number(*split.crowds); });
  if (first.labelled_share) {
    add_row(table, report, "pixels with a class",
            [&](const auto& split) { return fmt::format("{:.1f}%", 100 * *split.labelled_share); });
  }
  table.print();
}

void print_classes(const DatasetReport& report) {
  if (report.classes.empty()) return;
  const char* const counted = report.task == DatasetTask::detect    ? "objects of the class"
                              : report.task == DatasetTask::segment ? "pictures that show the class"
                                                                    : "pictures of the class";
  std::printf("\n");
  Table table;
  add_row(table, report, counted, [](const SplitSummary& split) { return split.name; });
  for (const data::ClassCount& known : report.classes) {
    std::vector<std::string> cells{"  " + known.name};
    for (const int64_t count : known.counts) cells.push_back(fmt::format("{}", count));
    table.row(std::move(cells));
  }
  table.print();
}

void print(const DatasetReport& report) {
  std::printf("%s: %s, checked for %s%s\n\n", report.folder.c_str(), std::string(data::name_of(report.layout)).c_str(),
              std::string(data::name_of(report.task)).c_str(),
              report.task_was_guessed ? " (guessed from the layout; --task says otherwise)" : "");
  if (!report.splits.empty()) print_splits(report);
  print_classes(report);
  std::printf("\n");
  for (const Finding& finding : report.findings) {
    std::printf("%s: %s, %lld: %s%s\n", finding.is_error ? "error" : "warning", finding.kind.c_str(),
                static_cast<long long>(finding.count), finding.count > 1 ? "the first: " : "", finding.first.c_str());
  }
  const auto errors = std::count_if(report.findings.begin(), report.findings.end(),
                                    [](const Finding& finding) { return finding.is_error; });
  if (errors == 0) {
    std::printf("fit for %s\n", std::string(data::name_of(report.task)).c_str());
  } else {
    std::printf("not fit for %s: %lld kinds of errors\n", std::string(data::name_of(report.task)).c_str(),
                static_cast<long long>(errors));
  }
}

}  // namespace

void DataCheckOptions::describe(Fields& f) {
  f("folder", &folder, "the data set").positional();
  f("task", &task, "what it is to train")
      .one_of({"auto", "pretrain", "classify", "segment", "detect"})
      .flagged("task")
      .meaning("auto = as the layout suggests");
  f("threads", &threads, "threads that decode").between(0).flagged("threads").meaning("0 = usable CPUs");
  describe_max_pixels(f, max_pixels);
  f("json", &json, "one JSON object on standard output").flagged("json");
}

bool data_check(const DataCheckOptions& options) {
  prepare_arithmetic(options.threads);
  data::DatasetCheckOptions check{.max_pixels = options.max_pixels};
  for (const DatasetTask task : kTasks) {
    if (options.task == data::name_of(task)) check.task = task;
  }
  DatasetReport report;
  {
    ProgressLine progress("checked", "pictures", steady_clock());
    check.progress = [&](int64_t done, int64_t all) { progress(done, all); };
    report = data::check_dataset(options.folder, check);
  }
  if (options.json) {
    print_json(to_json(report));
  } else {
    print(report);
  }
  return report.is_fit();
}

}  // namespace gtsa::app
