#include "core/base/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace gtsa {
namespace {

TEST(StopSignals, TheFirstIsRemembered) {
  const StopSignals signals;
  EXPECT_FALSE(StopSignals::requested());
  ::raise(SIGTERM);
  EXPECT_TRUE(StopSignals::requested());
  EXPECT_STREQ(StopSignals::name(), "SIGTERM");
}

TEST(StopSignals, AreForgottenByTheNext) {
  {
    const StopSignals signals;
    EXPECT_EQ(StopSignals::name(), nullptr);
    ::raise(SIGINT);
    EXPECT_STREQ(StopSignals::name(), "SIGINT");
  }
  const StopSignals signals;
  EXPECT_FALSE(StopSignals::requested());
  EXPECT_EQ(StopSignals::name(), nullptr);
}

TEST(StopSignalsDeathTest, TheSecondLeavesAtOnce) {
  EXPECT_EXIT(
      {
        const StopSignals signals;
        ::raise(SIGINT);
        ::raise(SIGINT);
      },
      testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace gtsa
