#include "core/geometry/masks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace gtsa::geometry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Blobs and noise of changing density, all sizes from one pixel up.
std::vector<uint8_t> random_bytes(Size size, uint64_t sample) {
  Rng rng({.sample = sample});
  const float density = rng.uniform();
  std::vector<uint8_t> bytes(static_cast<size_t>(size.width * size.height));
  for (size_t i = 0; i < bytes.size(); ++i) {
    const bool repeats = i > 0 && rng.chance(0.6F);
    bytes[i] = repeats ? bytes[i - 1] : static_cast<uint8_t>(rng.chance(density));
  }
  return bytes;
}

Size random_size(uint64_t sample) {
  Rng rng({.sample = sample, .view = 1});
  return {1 + int64_t{rng.below(20)}, 1 + int64_t{rng.below(20)}};
}

std::string refusal(std::string_view text, Size size) {
  try {
    mask_from_string(text, size);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(RunLengthMask, RunsDownTheColumnsAndStartsWithZeros) {
  const std::vector<uint8_t> bytes{0, 1, 1,  //
                                   1, 1, 0};
  const RunLengthMask mask = encode_mask(bytes, {3, 2});
  EXPECT_THAT(mask.counts, ElementsAre(1, 4, 1));
  EXPECT_THAT(encode_mask(std::vector<uint8_t>{9, 0}, Size{1, 2}).counts, ElementsAre(0, 1, 1));
  EXPECT_EQ(decode_mask(mask), bytes);
}

TEST(RunLengthMask, GivesBackAnyMaskInEveryForm) {
  for (uint64_t sample = 0; sample < 500; ++sample) {
    const Size size = random_size(sample);
    const auto bytes = random_bytes(size, sample);
    const RunLengthMask mask = encode_mask(bytes, size);
    ASSERT_EQ(decode_mask(mask), bytes);
    ASSERT_EQ(mask_from_string(mask_string(mask), size), mask);
    const std::vector<uint64_t> counts(mask.counts.begin(), mask.counts.end());
    ASSERT_EQ(mask_from_counts(counts, size), mask);
    ASSERT_EQ(area(mask), std::count(bytes.begin(), bytes.end(), 1));
  }
}

TEST(RunLengthMask, EncodesAWindowLikeTheWholePicture) {
  for (uint64_t sample = 0; sample < 300; ++sample) {
    const Size size = random_size(sample);
    Rng rng({.sample = sample, .view = 2});
    const auto below = [&](int64_t n) { return int64_t{rng.below(static_cast<uint32_t>(n))}; };
    Rect window{below(size.width), below(size.height)};
    window.width = below(size.width - window.left + 1);
    window.height = below(size.height - window.top + 1);
    const auto part = random_bytes({window.width, window.height}, sample);
    std::vector<uint8_t> whole(static_cast<size_t>(size.width * size.height));
    for (int64_t y = 0; y < window.height; ++y) {
      std::copy_n(part.begin() + y * window.width, window.width,
                  whole.begin() + (window.top + y) * size.width + window.left);
    }
    const RunLengthMask mask = encode_mask(part, window, size);
    ASSERT_EQ(mask, encode_mask(whole, size));
    std::vector<uint8_t> back(part.size(), 7);
    decode_mask(mask, window, back);
    ASSERT_EQ(back, part);
  }
}

TEST(RunLengthMask, MergesLikeBytes) {
  for (uint64_t sample = 0; sample < 300; ++sample) {
    const Size size = random_size(sample);
    auto a = random_bytes(size, 2 * sample), b = random_bytes(size, 2 * sample + 1);
    const RunLengthMask in_a = encode_mask(a, size), in_b = encode_mask(b, size);
    std::vector<uint8_t> either(a), both(a);
    for (size_t i = 0; i < a.size(); ++i) {
      either[i] |= b[i];
      both[i] &= b[i];
    }
    ASSERT_EQ(united(in_a, in_b), encode_mask(either, size));
    ASSERT_EQ(intersected(in_a, in_b), encode_mask(both, size));
    const auto common = std::count(both.begin(), both.end(), 1);
    ASSERT_EQ(common_area(in_a, in_b), common);
    const auto all = std::count(either.begin(), either.end(), 1);
    ASSERT_EQ(iou(in_a, in_b, false), common == 0 ? 0.0 : static_cast<double>(common) / static_cast<double>(all));
  }
}

TEST(RunLengthMask, FindsTheBoundsOfTheOnes) {
  for (uint64_t sample = 0; sample < 300; ++sample) {
    const Size size = random_size(sample);
    const auto bytes = random_bytes(size, sample);
    int64_t left = size.width, right = -1, top = size.height, bottom = -1;
    for (int64_t i = 0; i < std::ssize(bytes); ++i) {
      if (bytes[static_cast<size_t>(i)] == 0) continue;
      left = std::min(left, i % size.width);
      right = std::max(right, i % size.width);
      top = std::min(top, i / size.width);
      bottom = std::max(bottom, i / size.width);
    }
    const Rect found = bounds(encode_mask(bytes, size));
    if (right < 0) {
      ASSERT_EQ(found, Rect{});
    } else if (found.height < size.height) {
      ASSERT_EQ(found, (Rect{left, top, right - left + 1, bottom - top + 1}));
    } else {
      // COCO's rule: a run that goes on in the next column spans the whole height.
      ASSERT_EQ(found.left, left);
      ASSERT_EQ(found.width, right - left + 1);
    }
  }
}

TEST(RunLengthMask, MeasuresACrowdByTheDetectionAlone) {
  const Size size{4, 1};
  const RunLengthMask crowd = encode_mask(std::vector<uint8_t>{1, 1, 1, 1}, size);
  const RunLengthMask half = encode_mask(std::vector<uint8_t>{0, 1, 1, 0}, size);
  EXPECT_EQ(iou(half, crowd, false), 0.5);
  EXPECT_EQ(iou(half, crowd, true), 1.0);
  EXPECT_EQ(iou(BoxXywh{0, 0, 2, 2}, BoxXywh{1, 1, 4, 4}, true), 0.25);
  EXPECT_EQ(iou(BoxXywh{0, 0, 2, 2}, BoxXywh{2, 0, 4, 4}, false), 0.0);
  EXPECT_EQ(iou(BoxXywh{0, 0, 0, 0}, BoxXywh{0, 0, 0, 0}, false), 0.0);
}

TEST(RunLengthMask, JoinsRunsThatAFileSplits) {
  const std::vector<uint64_t> counts{2, 1, 0, 2, 1, 0};
  EXPECT_THAT(mask_from_counts(counts, {2, 3}).counts, ElementsAre(2, 3, 1));
}

TEST(RunLengthMask, RefusesRunsThatDoNotFillThePicture) {
  const auto refuses = [](std::vector<uint64_t> counts, const char* why) {
    try {
      mask_from_counts(counts, {2, 3});
      FAIL() << "nothing for: " << why;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
  };
  refuses({}, "end 6 pixels before its 2 x 3 are full");
  refuses({2, 3}, "end 1 pixels before");
  refuses({2, 3, 2}, "run 2 of the mask reaches beyond its 2 x 3 pixels");
  refuses({UINT64_MAX, 7}, "run 0 of the mask reaches beyond");
  refuses({2, UINT64_MAX - 1}, "run 1 of the mask reaches beyond");
}

TEST(RunLengthMask, RefusesHostileStrings) {
  const Size size{2, 3};
  EXPECT_EQ(refusal("6", size), "nothing");
  EXPECT_THAT(refusal("", size), HasSubstr("ends 6 pixels before"));
  EXPECT_THAT(refusal("5", size), HasSubstr("ends 1 pixels before"));
  EXPECT_THAT(refusal("7", size), HasSubstr("run 0 of the mask's string reaches beyond its 2 x 3 pixels"));
  EXPECT_THAT(refusal("2O", size), HasSubstr("run 1 of the mask's string is negative (character 1)"));
  EXPECT_THAT(refusal("2 4", size), HasSubstr("has no meaning (character 1)"));
  EXPECT_THAT(refusal("2\xff", size), HasSubstr("has no meaning (character 1)"));
  EXPECT_THAT(refusal("2P", size), HasSubstr("ends inside a number (character 1)"));
  EXPECT_THAT(refusal("oooooooooooooooo0", size), HasSubstr("too long (character 0)"));
  EXPECT_THAT(refusal("PPPPPPPPPPPPPPPPPPPP0", size), HasSubstr("too long (character 0)"));
  EXPECT_THAT(refusal("oooooo?", size), HasSubstr("reaches beyond"));
}

TEST(RunLengthMask, RefusesSizesThatCountsCannotHold) {
  for (const Size size : {Size{0, 5}, Size{5, 0}, Size{-1, -1}, Size{65536, 65536}, Size{INT64_MAX, INT64_MAX}}) {
    EXPECT_THROW(mask_from_string("0", size), Error) << size.width << " x " << size.height;
  }
  EXPECT_EQ(area(mask_from_counts(std::vector<uint64_t>{0, 65535ULL * 65536}, {65535, 65536})), 65535LL * 65536);
}

}  // namespace
}  // namespace gtsa::geometry
