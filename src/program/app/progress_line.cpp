#include "program/app/progress_line.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "core/base/log.h"

namespace gtsa::app {

ProgressLine::ProgressLine(std::string verb, std::string what, Clock clock)
    : verb_(std::move(verb)),
      what_(std::move(what)),
      clock_(std::move(clock)),
      last_(clock_()),
      terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void ProgressLine::operator()(int64_t done, int64_t all) {
  constexpr double kSecondsBetweenLines = 10;
  constexpr double kSecondsOnATerminal = 0.2;
  const double now = clock_();
  if (now - last_ < (terminal_ ? kSecondsOnATerminal : kSecondsBetweenLines)) return;
  last_ = now;
  if (!terminal_) {
    log::info("{} {}/{} {}", verb_, done, all, what_);
    return;
  }
  std::fprintf(stderr, "\r%s %lld/%lld %s\033[K", verb_.c_str(), static_cast<long long>(done),
               static_cast<long long>(all), what_.c_str());
  shown_ = true;
}

}  // namespace gtsa::app
