#pragma once
// Shows a run to a person: a bar on a terminal, a plain line now and then elsewhere.

#include <string>

#include "core/base/clock.h"
#include "learn/train/trainer.h"

namespace gtsa::app {

class ConsoleReporter final : public train::Reporter {
 public:
  /// `first_step`: where this process begins, for the estimate of the time left.
  ConsoleReporter(int64_t first_step, Clock clock);
  ~ConsoleReporter() override;
  void step(const train::StepReport& report, int64_t stop_at) override;
  void figures(const train::Position& position, const std::string& evaluator,
               const std::vector<train::Figure>& figures) override;

 private:
  std::string line(const train::StepReport& report, int64_t stop_at) const;
  void clear();

  int64_t first_step_;
  Clock clock_;
  double seen_;          ///< when the last step or evaluation ended
  double training_ = 0;  ///< seconds of the steps alone: evaluations would spoil the estimate
  double last_line_;
  double rate_ = 0;  ///< images a second, slowly following
  double wait_ = 0;
  bool terminal_;
  bool shown_ = false;
};

/// "1 h 05 min", "3 min 20 s", "12 s".
std::string duration_text(double seconds);

}  // namespace gtsa::app
