#pragma once
// Where a step's time goes: seconds by part, for `gtsa bench step`.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"

namespace gtsa::train {

/// Adds up the time between the moments at which parts were entered. One thread uses it.
class Phases {
 public:
  explicit Phases(Clock clock) : clock_(std::move(clock)) {}
  /// The part before ends here; time before the first part counts for none.
  void enter(std::string_view part);
  void leave();
  /// Seconds of each part, in the order of their first appearance.
  const std::vector<std::pair<std::string, double>>& seconds() const { return seconds_; }

 private:
  Clock clock_;
  std::vector<std::pair<std::string, double>> seconds_;
  double* current_ = nullptr;
  double since_ = 0;
};

}  // namespace gtsa::train
