#include "program/app/console_reporter.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "core/base/log.h"

namespace gtsa::app {
namespace {

constexpr double kSecondsBetweenLines = 10;
constexpr double kSecondsBetweenBars = 0.2;
constexpr size_t kWide = 120;    // columns that the single losses need beside the bar
constexpr double kFollow = 0.1;  // share of a new measurement in the running rate

size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string duration_text(double seconds) {
  const auto s = static_cast<int64_t>(std::max(0.0, seconds) + 0.5);
  if (s >= 3600) return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
  if (s >= 60) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} s", s);
}

ConsoleReporter::ConsoleReporter(int64_t first_step, Clock clock)
    : first_step_(first_step),
      clock_(std::move(clock)),
      seen_(clock_()),
      last_line_(seen_),
      terminal_(::isatty(STDERR_FILENO) == 1) {
  log::before_line([this] { clear(); });
}

ConsoleReporter::~ConsoleReporter() {
  log::before_line({});
  clear();
}

void ConsoleReporter::clear() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

std::string ConsoleReporter::line(const train::StepReport& report, int64_t stop_at) const {
  const int64_t done = report.position.step + 1;
  const double each = training_ / static_cast<double>(done - first_step_);
  std::string text =
      fmt::format("{}/{} {} left  {:.3g} img/s  wait {:.0f}%  loss {:.3f}", done, stop_at,
                  duration_text(each * static_cast<double>(stop_at - done)), rate_, 100 * wait_, report.loss);
  if (terminal_ && terminal_width() < kWide) return text;
  for (const auto& [name, value] : report.terms) text += fmt::format(" {} {:.3f}", name, value);
  return text;
}

void ConsoleReporter::step(const train::StepReport& report, int64_t stop_at) {
  const double now = clock_();
  training_ += now - seen_;
  seen_ = now;
  const bool first = rate_ == 0;
  rate_ = first ? report.images_per_second : rate_ + kFollow * (report.images_per_second - rate_);
  wait_ = first ? report.data_wait : wait_ + kFollow * (report.data_wait - wait_);
  const bool last = report.position.step + 1 == stop_at;
  if (!last && !first && now - last_line_ < (terminal_ ? kSecondsBetweenBars : kSecondsBetweenLines)) return;
  last_line_ = now;
  if (!terminal_) {
    log::info("step {}", line(report, stop_at));
    return;
  }
  constexpr size_t kBar = 20;
  const auto filled = static_cast<size_t>(kBar * (report.position.step + 1) / std::max<int64_t>(1, stop_at));
  std::string text = "[" + std::string(filled, '=') + std::string(kBar - filled, ' ') + "] " + line(report, stop_at);
  text = text.substr(0, terminal_width() - 1);
  std::fprintf(stderr, "\r%s\033[K", text.c_str());
  shown_ = true;
}

void ConsoleReporter::figures(const train::Position& position, const std::string& evaluator,
                              const std::vector<train::Figure>& figures) {
  std::string text;
  for (const auto& figure : figures) text += fmt::format(" {} {:.4f}", figure.name, figure.value);
  log::info("{} after step {}:{}", evaluator, position.step + 1, text);
  seen_ = clock_();
}

}  // namespace gtsa::app
