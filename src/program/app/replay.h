#pragma once
#include <cstdint>
#include <string>

#include "core/base/options.h"

namespace gtsa::app {

struct ReplayOptions {
  std::string run;    ///< folder of the run
  int64_t step = -1;  ///< the bad step; -1 = the newest
  bool json = false;
  void describe(Fields& f);
};

/// `gtsa replay`: runs a skipped step's forward and backward again from the state and samples that were saved, changes
/// nothing, and says which term, tensor and photographs are not finite.
void replay(const ReplayOptions& options);

}  // namespace gtsa::app
