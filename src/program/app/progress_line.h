#pragma once
// How far a long command is: one line on standard error.

#include <cstdint>
#include <string>

#include "core/base/clock.h"

namespace gtsa::app {

/// Written over and over on a terminal, else logged every ten seconds; gone when the command has ended.
class ProgressLine {
 public:
  /// "rendered", "scenes": rendered 12/300 scenes
  ProgressLine(std::string verb, std::string what, Clock clock);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void operator()(int64_t done, int64_t all);

 private:
  std::string verb_, what_;
  Clock clock_;
  double last_;
  bool terminal_;
  bool shown_ = false;
};

}  // namespace gtsa::app
