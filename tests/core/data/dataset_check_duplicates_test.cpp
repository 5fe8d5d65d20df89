#include "core/data/dataset_check_duplicates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "core/image/resample.h"
#include "pictures.h"

namespace gtsa::data {
namespace {

using ::testing::ElementsAre;

/// Hashes of which many are near one another: few centres, some bits flipped.
std::vector<std::optional<DifferenceHash>> clustered_hashes(size_t count, uint64_t sample) {
  Rng rng({.sample = sample});
  const auto word = [&] { return uint64_t{rng.bits()} << 32 | rng.bits(); };
  std::vector<DifferenceHash> centres(1 + count / 8);
  for (DifferenceHash& centre : centres) centre = {word(), word()};
  std::vector<std::optional<DifferenceHash>> hashes;
  while (hashes.size() < count) {
    DifferenceHash hash = centres[rng.below(static_cast<uint32_t>(centres.size()))];
    for (uint32_t flips = rng.below(5); flips > 0; --flips) hash.across ^= uint64_t{1} << rng.below(64);
    for (uint32_t flips = rng.below(5); flips > 0; --flips) hash.down ^= uint64_t{1} << rng.below(64);
    hashes.push_back(rng.chance(0.05F) ? std::nullopt : std::optional(hash));
  }
  return hashes;
}

TEST(NearPairs, AreThoseThatComparingAllWithAllFinds) {
  for (uint64_t sample = 0; sample < 20; ++sample) {
    const auto hashes = clustered_hashes(300, sample);
    std::vector<AlikePair> want;
    for (size_t j = 0; j < hashes.size(); ++j) {
      for (size_t i = 0; i < j; ++i) {
        if (!hashes[i] || !hashes[j] || std::popcount(hashes[i]->across ^ hashes[j]->across) > 4 ||
            std::popcount(hashes[i]->down ^ hashes[j]->down) > 4) {
          continue;
        }
        want.push_back({static_cast<int64_t>(i), static_cast<int64_t>(j)});
        break;
      }
    }
    ASSERT_EQ(near_pairs(hashes, 4), want) << "sample " << sample;
  }
}

TEST(NearPairs, AreNotLookedForAmongAllPairs) {
  // Comparing 200,000 with one another would take minutes.
  const auto hashes = clustered_hashes(200'000, 1);
  EXPECT_GT(near_pairs(hashes, 4).size(), 1000U);
}

TEST(EqualPairs, NameTheFirstOfEach) {
  const std::vector<uint64_t> hashes{5, 6, 5, 7, 6, 5};
  EXPECT_THAT(equal_pairs(hashes), ElementsAre(AlikePair{0, 2}, AlikePair{1, 4}, AlikePair{0, 5}));
}

TEST(DifferenceHash, OutlivesResizing) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng({.sample = seed});
    std::array<uint8_t, 64> cells{};
    for (uint8_t& cell : cells) cell = static_cast<uint8_t>(rng.below(256));
    const image::Image picture = make_picture({160, 120}, [&](int64_t x, int64_t y) {
      const uint8_t grey = cells[static_cast<size_t>(y / 15 * 8 + x / 20)];
      return std::array<uint8_t, 3>{grey, grey, grey};
    });
    const auto whole = difference_hash(picture);
    const auto small = difference_hash(image::resized(picture, {120, 90}, image::Filter::bilinear));
    ASSERT_TRUE(whole && small);
    EXPECT_LE(std::popcount(whole->across ^ small->across), 4);
    EXPECT_LE(std::popcount(whole->down ^ small->down), 4);
  }
}

TEST(DifferenceHash, IsNoneOfOneColour) {
  const auto colour = [](uint8_t first) {
    return make_picture({20, 10}, [first](int64_t x, int64_t) {
      return std::array<uint8_t, 3>{x < 10 ? first : uint8_t{50}, 50, 50};
    });
  };
  EXPECT_FALSE(difference_hash(colour(50)));
  EXPECT_FALSE(difference_hash(colour(51)));
  EXPECT_TRUE(difference_hash(colour(150)));
  EXPECT_FALSE(difference_hash(make_picture({1, 1}, [](int64_t, int64_t) { return std::array<uint8_t, 3>{}; })));
}

TEST(PixelHash, ChangesWithEveryPixelAndWithTheShape) {
  const auto flat = [](Size size) {
    return make_picture(size, [](int64_t, int64_t) { return std::array<uint8_t, 3>{7, 7, 7}; });
  };
  image::Image picture = flat({6, 4});
  const uint64_t before = pixel_hash(picture);
  EXPECT_EQ(pixel_hash(flat({6, 4})), before);
  EXPECT_NE(pixel_hash(flat({4, 6})), before);
  picture.row(3)[17] = 8;
  EXPECT_NE(pixel_hash(picture), before);
}

}  // namespace
}  // namespace gtsa::data
