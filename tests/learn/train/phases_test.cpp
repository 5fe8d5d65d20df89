#include "learn/train/phases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gtsa::train {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Phases, AddUpTheTimeOfEachPart) {
  double now = 0;
  Phases phases([&now] { return now; });
  now = 1;
  phases.enter("forward");
  now = 3;
  phases.enter("backward");
  now = 7;
  phases.leave();
  now = 100;  // nobody's
  phases.enter("forward");
  now = 101;
  phases.leave();
  phases.leave();
  EXPECT_THAT(phases.seconds(), ElementsAre(Pair("forward", 3), Pair("backward", 4)));
}

}  // namespace
}  // namespace gtsa::train
