#include "core/image/tone.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "core/base/error.h"
#include "core/image/pictures.h"

namespace gtsa::image {
namespace {

template <class Change>
Image changed(const Image& image, Change change) {
  Planes view(image);
  change(view);
  return view.interleaved();
}

/// 256 x 1 pixels: every value once in each channel.
Image every_value() {
  Image image(256, 1);
  for (int64_t i = 0; i < 3 * 256; ++i) image.row(0)[i] = static_cast<uint8_t>(i / 3);
  return image;
}

template <class Change, class Rule>
void expect_rule(Change change, Rule rule) {
  const Image out = changed(every_value(), change);
  for (int v = 0; v < 256; ++v) {
    for (int c = 0; c < 3; ++c) ASSERT_EQ(out.row(0)[3 * v + c], rule(v)) << v;
  }
}

TEST(Tone, ChangesEveryValueByItsRule) {
  expect_rule([](Planes& view) { invert(view); }, [](int v) { return 255 - v; });
  for (const int threshold : {0, 1, 128, 255, 256}) {
    expect_rule([=](Planes& view) { solarize(view, threshold); }, [=](int v) { return v >= threshold ? 255 - v : v; });
  }
  for (const int add : {0, 1, 110, 128, 255}) {
    expect_rule([=](Planes& view) { solarize_add(view, add); },
                [=](int v) { return v < 128 ? std::min(255, v + add) : v; });
  }
  for (int bits = 0; bits <= 8; ++bits) {
    expect_rule([=](Planes& view) { posterize(view, bits); }, [=](int v) { return v >> (8 - bits) << (8 - bits); });
  }
}

TEST(Tone, RefusesWhatIsOutOfRange) {
  Planes view(test::constant(2, 2, 1, 2, 3));
  for (const int wrong : {-1, 257}) {
    EXPECT_THROW(solarize(view, wrong), BugError);
    EXPECT_THROW(solarize_add(view, wrong), BugError);
    EXPECT_THROW(posterize(view, wrong), BugError);
  }
  EXPECT_THROW(adjust_sharpness(view, -1), BugError);
  EXPECT_THROW(adjust_sharpness(view, std::numeric_limits<float>::quiet_NaN()), BugError);
}

TEST(Tone, AutocontrastUsesTheWholeRange) {
  Image in = test::constant(8, 4, 7, 200, 100);
  in.row(0)[0] = 17;  // red: 7 and 17; green and blue have one value
  const Image out = changed(in, autocontrast);
  EXPECT_EQ(out.row(0)[0], 255);
  EXPECT_EQ(out.row(1)[0], 0);
  EXPECT_EQ(out.row(0)[1], 200);
  EXPECT_EQ(out.row(0)[2], 100);
}

TEST(Tone, EqualizeSpreadsValuesEvenly) {
  Image in(256, 16);
  for (int64_t y = 0; y < 16; ++y) {
    for (int64_t i = 0; i < 3 * 256; ++i) in.row(y)[i] = static_cast<uint8_t>(96 + i / 3 / 4);  // 64 values
  }
  const Image out = changed(in, equalize);
  std::set<int> values;
  for (int64_t x = 0; x < 256; ++x) values.insert(out.row(0)[3 * x]);
  EXPECT_EQ(values.size(), 61U) << "the highest four are cut to 255, since the step is rounded down";
  EXPECT_EQ(*values.begin(), 0);
  EXPECT_EQ(*values.rbegin(), 255);
}

TEST(Tone, EqualizeLeavesSmallAndFlatPicturesAlone) {
  const Image small = test::noise(15, 17);  // 255 pixels: no step
  EXPECT_TRUE(changed(small, equalize) == small);
  const Image flat = test::constant(40, 40, 3, 4, 5);
  EXPECT_TRUE(changed(flat, equalize) == flat);
}

TEST(Sharpness, FactorOneAndPicturesThatAreAllBorderStay) {
  for (const auto& size : test::kAwkwardSizes) {
    const Image in = test::noise(size.width, size.height);
    EXPECT_TRUE(changed(in, [](Planes& view) { adjust_sharpness(view, 1); }) == in);
    if (size.width > 2 && size.height > 2) continue;
    EXPECT_TRUE(changed(in, [](Planes& view) { adjust_sharpness(view, 0); }) == in);
  }
}

TEST(Sharpness, FactorZeroSmoothsWhatIsNoBorder) {
  Image in = test::constant(5, 4, 0, 0, 0);
  in.row(1)[3 * 2] = 130;
  const Image out = changed(in, [](Planes& view) { adjust_sharpness(view, 0); });
  EXPECT_EQ(out.row(1)[3 * 2], 50);
  EXPECT_EQ(out.row(1)[3 * 1], 10);
  EXPECT_EQ(out.row(2)[3 * 3], 10);
  EXPECT_EQ(out.row(0)[3 * 2], 0) << "the border is not smoothed";
  const Image sharp = changed(in, [](Planes& view) { adjust_sharpness(view, 2); });
  EXPECT_EQ(sharp.row(1)[3 * 2], 210);
  EXPECT_EQ(sharp.row(1)[3 * 1], 0);
}

}  // namespace
}  // namespace gtsa::image
