#pragma once
#include <string>
#include <vector>

#include "core/base/options.h"
#include "program/app/pretrain.h"

namespace gtsa::app {

struct ReportOptions {
  std::vector<std::string> runs;  ///< folders of the runs
  std::string out;                ///< the page; empty = report.html in the run's folder
  bool follow = false;
  bool json = false;
  void describe(Fields& f);
};

/// `gtsa report`: one page of what the runs' folders hold. With `follow` it is written again whenever something new
/// comes, until no run is written any more (done) or a signal comes (interrupted); both leave a whole page.
Ending report(const ReportOptions& options);

}  // namespace gtsa::app
