// report: what a run's folder holds, as a page.

#include "program/app/report.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

constexpr const char* kReportExamples =
    "Examples:\n"
    "  gtsa report runs/first\n"
    "  gtsa report runs/first --follow\n"
    "  gtsa report runs/first runs/second --out compared.html";

Exit report(const app::ReportOptions& options) {
  return app::report(options) == app::Ending::done ? kDone : kInterrupted;
}

}  // namespace

void add_report_commands(CLI::App& root, std::vector<Command>& commands) {
  commands.push_back(add_command(root, "report",
                                 "curves, probes and pictures of a run, or of several, in one HTML page",
                                 kReportExamples, report));
}

}  // namespace gtsa::cli
