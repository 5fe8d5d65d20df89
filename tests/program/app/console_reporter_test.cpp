// What a person sees of a run: on a terminal (a pseudo-terminal stands in for it) and elsewhere. The clock is ours.

#include "program/app/console_reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <string>

#include "core/base/log.h"

namespace gtsa::app {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Standard error goes to a terminal of so many columns for as long as it lives.
class Terminal {
 public:
  explicit Terminal(unsigned short columns) {
    const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    int slave = -1;
    if (::openpty(&master_, &slave, nullptr, nullptr, &size) != 0) return;
    ::dup2(slave, STDERR_FILENO);
    ::close(slave);
  }
  ~Terminal() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    if (master_ >= 0) ::close(master_);
  }
  bool works() const { return master_ >= 0; }
  /// What was written since the last call; a line's end comes as "\r\n".
  std::string shown() {
    std::fflush(stderr);
    const char mark = '\x01';
    if (::write(STDERR_FILENO, &mark, 1) != 1) return "";
    std::string text;
    for (char c = 0; ::read(master_, &c, 1) == 1 && c != mark;) text += c;
    return text;
  }

 private:
  int before_ = ::dup(STDERR_FILENO);
  int master_ = -1;
};

train::StepReport report(int64_t step, double images_per_second = 80) {
  return {.position = {.step = step, .total_steps = 10},
          .loss = 1.25,
          .terms = {{"crop", -0.5}, {"rotation", 1.125}},
          .images_per_second = images_per_second,
          .data_wait = 0.25};
}

TEST(Duration, IsToldInTwoUnitsAtMost) {
  EXPECT_EQ(duration_text(-3), "0 s");
  EXPECT_EQ(duration_text(12.4), "12 s");
  EXPECT_EQ(duration_text(59.5), "1 min 00 s");
  EXPECT_EQ(duration_text(200), "3 min 20 s");
  EXPECT_EQ(duration_text(3599.6), "1 h 00 min");
  EXPECT_EQ(duration_text(3900), "1 h 05 min");
}

TEST(ConsoleReporter, DrawsABarOnATerminalAtMostFiveTimesASecond) {
  Terminal terminal(160);
  ASSERT_TRUE(terminal.works());
  double now = 0;
  ConsoleReporter reporter(0, [&] { return now; });
  now = 1;
  reporter.step(report(0), 10);
  const std::string first = terminal.shown();
  EXPECT_THAT(first, StartsWith("\r[==                  ] 1/10 9 s left  80 img/s  wait 25%  loss 1.250 crop -0.500"));
  EXPECT_THAT(first, EndsWith("\033[K"));
  now = 1.1;
  reporter.step(report(1), 10);
  EXPECT_EQ(terminal.shown(), "") << "a tenth of a second later";
  now = 1.3;
  reporter.step(report(2, 180), 10);
  EXPECT_THAT(terminal.shown(), HasSubstr("3/10 3 s left  90 img/s")) << "the rate follows slowly";
  now = 1.31;
  reporter.step(report(9), 10);
  EXPECT_THAT(terminal.shown(), HasSubstr("[====================] 10/10 0 s left")) << "the last step is always shown";
}

TEST(ConsoleReporter, MakesWayForLinesOnATerminal) {
  Terminal terminal(160);
  ASSERT_TRUE(terminal.works());
  double now = 0;
  {
    ConsoleReporter reporter(0, [&] { return now; });
    now = 1;
    reporter.step(report(0), 10);
    terminal.shown();
    log::warning("a file is bad");
    EXPECT_EQ(terminal.shown(), "\r\033[Kwarning: a file is bad\r\n");
    log::info("and another");
    EXPECT_EQ(terminal.shown(), "and another\r\n") << "there is no bar to clear any more";
    now = 2;
    reporter.step(report(1), 10);
    terminal.shown();
  }
  EXPECT_EQ(terminal.shown(), "\r\033[K") << "it takes its bar along";
}

TEST(ConsoleReporter, LeavesOutTheTermsAndCutsTheLineOnANarrowTerminal) {
  for (const unsigned short columns : {100, 40}) {
    Terminal terminal(columns);
    ASSERT_TRUE(terminal.works());
    double now = 0;
    ConsoleReporter reporter(0, [&] { return now; });
    now = 1;
    reporter.step(report(0), 10);
    const std::string shown = terminal.shown();
    EXPECT_THAT(shown, Not(HasSubstr("crop")));
    EXPECT_LE(shown.size(), columns - 1U + std::string("\r\033[K").size()) << "one line never becomes two";
  }
}

TEST(ConsoleReporter, TakesATerminalOfUnknownWidthForEightyColumns) {
  Terminal terminal(0);
  ASSERT_TRUE(terminal.works());
  double now = 0;
  ConsoleReporter reporter(0, [&] { return now; });
  now = 1;
  reporter.step(report(0), 10);
  const std::string shown = terminal.shown();
  EXPECT_THAT(shown, HasSubstr("loss 1.250"));
  EXPECT_THAT(shown, Not(HasSubstr("crop")));
}

TEST(ConsoleReporter, WritesAPlainLineEveryTenSecondsElsewhere) {
  ::testing::internal::CaptureStderr();
  double now = 0;
  ConsoleReporter reporter(4, [&] { return now; });
  for (int64_t step = 4; step < 9; ++step) {
    now += 4;
    reporter.step(report(step), 10);
  }
  reporter.figures({.step = 8}, "correspondence", {{"probe_encoder", 0.5}, {"probe_chance", 0.0576}});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "step 5/10 20 s left  80 img/s  wait 25%  loss 1.250 crop -0.500 rotation 1.125\n"
            "step 8/10 8 s left  80 img/s  wait 25%  loss 1.250 crop -0.500 rotation 1.125\n"
            "correspondence after step 9: probe_encoder 0.5000 probe_chance 0.0576\n");
}

}  // namespace
}  // namespace gtsa::app
