// The operations against vectors recorded from Pillow and torchvision.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/image/blur.h"
#include "core/image/colour.h"
#include "core/image/normalize.h"
#include "core/image/pictures.h"
#include "core/image/resample.h"
#include "core/image/turn.h"
#include "core/kernels/every_level.h"
#include "support/golden.h"

namespace gtsa::image {
namespace {

using test::Golden;

Image picture(const Golden& golden, const std::string& name) {
  const auto shape = golden.shape(name);
  EXPECT_EQ(shape.size(), 3u) << name;
  EXPECT_EQ(shape.at(2), 3) << name;
  const auto values = golden.values<uint8_t>(name);
  Image image(shape.at(1), shape.at(0));
  std::memcpy(image.row(0), values.data(), values.size());
  return image;
}

/// Largest difference of a value; -1 if the sizes differ.
int difference(const Image& a, const Image& b) {
  if (a.size() != b.size()) return -1;
  int largest = 0;
  for (int64_t y = 0; y < a.height(); ++y) {
    for (int64_t i = 0; i < 3 * a.width(); ++i) largest = std::max(largest, std::abs(a.row(y)[i] - b.row(y)[i]));
  }
  return largest;
}

/// Every case through `run`, at every SIMD level, to the last bit whatever tolerance a case names.
template <class Run>
void expect_every_case(const Golden& golden, Run run) {
  test::at_every_level([&] {
    for (const auto& c : golden.json().at("cases")) {
      const Image got = run(c, picture(golden, c.at("in").get<std::string>()));
      EXPECT_EQ(difference(got, picture(golden, c.at("out").get<std::string>())), 0) << c.dump();
    }
  });
}

Filter filter_of(const nlohmann::json& c) {
  return c.at("filter").get<std::string>() == "bicubic" ? Filter::bicubic : Filter::bilinear;
}

int64_t integer(const nlohmann::json& c, const char* key) { return c.at(key).get<int64_t>(); }

TEST(pillow_resize_GoldenTest, EveryCaseIsBitExact) {
  GTSA_REQUIRE_GOLDEN("pillow_resize");
  expect_every_case(Golden("pillow_resize"), [](const nlohmann::json& c, const Image& in) {
    if (c.at("op") == "resize_shorter_then_center_crop") {  // evaluation of a classifier
      Planes view;
      resize_shorter_side(in, integer(c, "shorter"), integer(c, "crop"), filter_of(c), view);
      return view.interleaved();
    }
    const Rect crop{integer(c, "left"), integer(c, "top"), integer(c, "width"), integer(c, "height")};
    return resized_crop(in, crop, {integer(c, "out_width"), integer(c, "out_height")}, filter_of(c));
  });
}

TEST(pillow_color_GoldenTest, EveryCaseIsBitExact) {
  GTSA_REQUIRE_GOLDEN("pillow_color");
  expect_every_case(Golden("pillow_color"), [](const nlohmann::json& c, const Image& in) {
    Planes view(in);
    const auto op = c.at("op").get<std::string>();
    const double factor = c.value("factor", 0.0);
    if (op == "adjust_brightness") adjust_brightness(view, static_cast<float>(factor));
    if (op == "adjust_contrast") adjust_contrast(view, static_cast<float>(factor));
    if (op == "adjust_saturation") adjust_saturation(view, static_cast<float>(factor));
    if (op == "adjust_hue") adjust_hue(view, factor);
    if (op == "rgb_to_grayscale_3ch") to_grayscale(view);
    return view.interleaved();
  });
}

TEST(pillow_blur_GoldenTest, EveryCaseIsBitExact) {
  GTSA_REQUIRE_GOLDEN("pillow_blur");
  expect_every_case(Golden("pillow_blur"), [](const nlohmann::json& c, const Image& in) {
    Planes view(in);
    gaussian_blur(view, c.at("radius").get<float>());
    return view.interleaved();
  });
}

/// Pillow's rotation that keeps the frame of an oblong picture: about the centre, nearest neighbour, black outside. A
/// quarter turn moves pixels by whole steps there too, so it is turned() laid into the old frame.
Image turned_in_frame(const Image& in, Turn turn) {
  if (turn == Turn::none || turn == Turn::half || in.width() == in.height()) return turned(in, turn);
  const Image whole = turned(in, turn);
  // Centres coincide; where the sides differ by an odd number, the half pixel goes the way that floor() sends it.
  const auto half_down = [](int64_t n) { return static_cast<int64_t>(std::floor(static_cast<double>(n) / 2)); };
  const auto half_up = [](int64_t n) { return static_cast<int64_t>(std::ceil(static_cast<double>(n) / 2)); };
  const int64_t surplus = in.height() - in.width();
  const int64_t dx = turn == Turn::quarter ? half_up(surplus) : half_down(surplus);
  const int64_t dy = turn == Turn::quarter ? half_down(-surplus) : half_up(-surplus);
  Image out = test::constant(in.width(), in.height(), 0, 0, 0);
  for (int64_t y = 0; y < out.height(); ++y) {
    for (int64_t x = 0; x < out.width(); ++x) {
      if (x + dx < 0 || x + dx >= whole.width() || y + dy < 0 || y + dy >= whole.height()) continue;
      std::memcpy(out.row(y) + 3 * x, whole.row(y + dy) + 3 * (x + dx), 3);
    }
  }
  return out;
}

TEST(pillow_geometry_GoldenTest, EveryCaseIsBitExact) {
  GTSA_REQUIRE_GOLDEN("pillow_geometry");
  expect_every_case(Golden("pillow_geometry"), [](const nlohmann::json& c, const Image& in) {
    if (c.at("op") == "hflip") {
      Planes view(in);
      flip(view);
      EXPECT_TRUE(view.interleaved() == flipped(in));
      return flipped(in);
    }
    return turned_in_frame(in, static_cast<Turn>(integer(c, "degrees") / 90));
  });
}

TEST(pillow_normalize_GoldenTest, EveryCaseIsWithinTolerance) {
  GTSA_REQUIRE_GOLDEN("pillow_normalize");
  const Golden golden("pillow_normalize");
  for (const auto& c : golden.json().at("cases")) {
    const Normalization normalization{c.at("mean").get<std::array<float, 3>>(),
                                      c.at("std").get<std::array<float, 3>>()};
    const Image in = picture(golden, c.at("in").get<std::string>());
    const auto want = golden.values<float>(c.at("out").get<std::string>());
    std::vector<float> got(want.size());
    normalize_into(in, got, normalization);
    for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(got[i], want[i], 1e-6) << c.dump() << " at " << i;
  }
}

}  // namespace
}  // namespace gtsa::image
