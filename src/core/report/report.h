#pragma once
// A run's folder, or several, as one page. Nothing is computed here: the page shows what tasks and probes wrote.

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/run/run.h"

namespace gtsa::report {

struct ReportOptions {
  std::string program;  ///< "gtsa 0.1.0", for the foot of the page
  std::string written;  ///< date and time, likewise
  bool follow = false;  ///< the page goes on asking for new points
};

/// A page and, for one that follows, the script beside it that brings it up to date.
struct Report {
  std::string page;
  std::string update;
};

/// Reads the runs (see core/report/artefacts.h for the pictures) and renders them: curves overlaid, tables side by
/// side. Without a run in one of the folders: Error. Absent and broken parts are named in the page.
Report render_report(std::span<const std::filesystem::path> folders, const ReportOptions& options);

/// Where the update of a page lies: report.html -> report.data.js.
std::filesystem::path update_path(const std::filesystem::path& page);

/// Saves page and update, each whole or not at all. Without `follow` an update that an earlier call left is removed,
/// which tells an open page to load itself anew, for the last time.
void write_report(FileSystem& files, std::span<const std::filesystem::path> folders, const std::filesystem::path& page,
                  const ReportOptions& options);

/// True while a process holds the run for writing. A file system without locks cannot tell: true.
bool is_being_written(const std::filesystem::path& folder);

/// Changes whenever something that a report shows does: sizes and times of the run's files.
std::string fingerprint(const std::filesystem::path& folder);

}  // namespace gtsa::report
