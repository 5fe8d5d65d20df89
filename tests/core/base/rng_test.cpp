#include "core/base/rng.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>
#include <vector>

namespace gtsa {
namespace {

// Known answers of the published Philox4x32-10 (Random123's kat_vectors).
TEST(Philox, GivesThePublishedBlocks) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Rng, IsAFunctionOfItsKey) {
  const RngKey key{1, 2, 3, 4, Purpose::crop};
  Rng a(key), b(key);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.bits(), b.bits());
}

TEST(Rng, EveryPartOfTheKeyChangesTheStream) {
  const RngKey base{1, 2, 3, 4, Purpose::crop};
  std::vector<RngKey> keys(6, base);
  keys[1].seed = uint64_t{1} << 40;
  keys[2].epoch = uint64_t{1} << 40;
  keys[3].sample = uint64_t{1} << 40;
  keys[4].view = 5;
  keys[5].purpose = Purpose::turn;
  std::set<std::vector<uint32_t>> streams;
  for (const RngKey& key : keys) {
    Rng rng(key);
    streams.insert({rng.bits(), rng.bits(), rng.bits(), rng.bits()});
  }
  EXPECT_EQ(streams.size(), keys.size());
}

TEST(Rng, DrawsHaveTheirDistributions) {
  Rng rng({7, 0, 0, 0, Purpose::test});
  constexpr int kDraws = 200000;
  double sum = 0, squares = 0, normal_sum = 0, normal_squares = 0;
  std::vector<int> counts(6);
  for (int i = 0; i < kDraws; ++i) {
    const double u = rng.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    squares += u * u;
    ++counts[rng.below(6)];
    const double z = rng.normal();
    normal_sum += z;
    normal_squares += z * z;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.004);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.004);
  EXPECT_NEAR(normal_sum / kDraws, 0, 0.01);
  EXPECT_NEAR(normal_squares / kDraws, 1, 0.015);
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 6, 700);
}

TEST(Rng, ChoosesEvenlyAmongSoManyThatDrawsAreRejected) {
  Rng rng({7, 1, 0, 0, Purpose::test});
  constexpr uint32_t kValues = 0xC0000000;  // a quarter of all draws falls into the uneven rest
  constexpr int kDraws = 60000;
  std::vector<int> thirds(3);
  for (int i = 0; i < kDraws; ++i) {
    const uint32_t value = rng.below(kValues);
    ASSERT_LT(value, kValues);
    ++thirds[value / 0x40000000];
  }
  for (const int count : thirds) EXPECT_NEAR(count, kDraws / 3, 600);
}

TEST(Shuffle, IsAPermutation) {
  std::vector<uint32_t> values(100);
  std::iota(values.begin(), values.end(), 0);
  Rng rng({1, 0, 0, 0, Purpose::test});
  shuffle(rng, values);
  EXPECT_EQ(std::set<uint32_t>(values.begin(), values.end()).size(), 100U);
  EXPECT_NE(values.front() * 1000 + values.back(), 99U);
}

}  // namespace
}  // namespace gtsa
