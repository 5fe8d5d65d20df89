#include "learn/dist/communicator.h"

#include <ATen/ops/arange.h>
#include <gtest/gtest.h>

#include <array>

namespace gtsa::dist {
namespace {

TEST(OneRank, IsTheFirstOfOne) {
  const auto ranks = one_rank();
  EXPECT_EQ(ranks->rank(), 0);
  EXPECT_EQ(ranks->size(), 1);
}

TEST(OneRank, LeavesEverySumAsItWasAndWaitsForNobody) {
  const auto ranks = one_rank();
  at::Tensor tensor = at::arange(4, at::kFloat);
  std::array<double, 2> values{1.5, -2};
  std::array<uint8_t, 3> flags{0, 1, 0};
  ranks->sum(tensor);
  ranks->sum(values);
  ranks->any(flags);
  ranks->barrier();
  EXPECT_TRUE(tensor.equal(at::arange(4, at::kFloat)));
  EXPECT_EQ(values, (std::array<double, 2>{1.5, -2}));
  EXPECT_EQ(flags, (std::array<uint8_t, 3>{0, 1, 0}));
}

}  // namespace
}  // namespace gtsa::dist
