#pragma once
// SIGINT and SIGTERM: the first asks the run to finish its iteration, save and leave; the second leaves at once.

namespace gtsa {

/// Installs the handlers for its life time; one at a time.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  /// True once a signal has come.
  static bool requested();
  /// "SIGINT" or "SIGTERM"; null if none has come.
  static const char* name();
};

}  // namespace gtsa
