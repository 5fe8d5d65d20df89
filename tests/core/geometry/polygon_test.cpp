#include "core/geometry/polygon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "support/golden.h"

namespace gtsa::geometry {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<std::string> rows_of(const RunLengthMask& mask) {
  const auto bytes = decode_mask(mask);
  std::vector<std::string> rows;
  for (int64_t y = 0; y < mask.height; ++y) {
    rows.emplace_back();
    for (int64_t x = 0; x < mask.width; ++x) {
      rows.back() += bytes[static_cast<size_t>(y * mask.width + x)] != 0 ? '#' : '.';
    }
  }
  return rows;
}

RunLengthMask mask_of(const std::vector<std::string>& rows) {
  const Size size{std::ssize(rows[0]), std::ssize(rows)};
  std::vector<uint8_t> bytes;
  for (const std::string& row : rows) {
    for (const char c : row) bytes.push_back(c == '#');
  }
  return encode_mask(bytes, size);
}

Polygon polygon_of(const nlohmann::json& flat) {
  Polygon polygon;
  for (size_t i = 0; i + 1 < flat.size(); i += 2) polygon.push_back({flat[i], flat[i + 1]});
  return polygon;
}

BoxXywh box_at(const std::vector<double>& values, size_t i) {
  return {values[4 * i], values[4 * i + 1], values[4 * i + 2], values[4 * i + 3]};
}

std::vector<double> numbers(const Rect& rect) {
  return {static_cast<double>(rect.left), static_cast<double>(rect.top), static_cast<double>(rect.width),
          static_cast<double>(rect.height)};
}

/// COCO's walk point by point, as the specification words it: slow, and the measure for the real one.
RunLengthMask walked_mask(const Polygon& polygon, Size size) {
  std::vector<std::pair<int64_t, int64_t>> walk;
  for (size_t i = 0; i < polygon.size(); ++i) {
    const Point &from = polygon[i], &to = polygon[(i + 1) % polygon.size()];
    int64_t x1 = static_cast<int64_t>(5 * from.x + 0.5), y1 = static_cast<int64_t>(5 * from.y + 0.5);
    int64_t x2 = static_cast<int64_t>(5 * to.x + 0.5), y2 = static_cast<int64_t>(5 * to.y + 0.5);
    const int64_t dx = std::abs(x2 - x1), dy = std::abs(y2 - y1);
    const bool flips = dx >= dy ? x1 > x2 : y1 > y2;
    if (flips) std::swap(x1, x2), std::swap(y1, y2);
    const int64_t steps = std::max(dx, dy);
    const double slope =
        steps == 0 ? 0 : static_cast<double>(dx >= dy ? y2 - y1 : x2 - x1) / static_cast<double>(steps);
    for (int64_t d = 0; d <= steps; ++d) {
      const int64_t t = flips ? steps - d : d;
      const auto other = [&](int64_t start) {
        return static_cast<int64_t>(static_cast<double>(start) + slope * static_cast<double>(t) + 0.5);
      };
      dx >= dy ? walk.emplace_back(x1 + t, other(y1)) : walk.emplace_back(other(x1), y1 + t);
    }
  }
  std::vector<int64_t> toggles;
  for (size_t i = 1; i < walk.size(); ++i) {
    if (walk[i].first == walk[i - 1].first) continue;
    const double x = (static_cast<double>(std::min(walk[i].first, walk[i - 1].first)) + 0.5) / 5 - 0.5;
    if (x != std::floor(x) || x < 0 || x > static_cast<double>(size.width - 1)) continue;
    const double y = (static_cast<double>(std::min(walk[i].second, walk[i - 1].second)) + 0.5) / 5 - 0.5;
    toggles.push_back(static_cast<int64_t>(x) * size.height +
                      static_cast<int64_t>(std::ceil(std::clamp(y, 0.0, static_cast<double>(size.height)))));
  }
  std::sort(toggles.begin(), toggles.end());
  RunLengthBuilder result(size);
  int64_t at = 0;
  bool value = false;
  for (const int64_t toggle : toggles) {
    result.add(value, toggle - at);
    at = toggle;
    value = !value;
  }
  if (value) result.add(true, result.missing());
  return result.finish();
}

TEST(PolygonMask, AgreesWithTheWalkPointByPoint) {
  for (uint64_t sample = 0; sample < 3000; ++sample) {
    Rng rng({.sample = sample});
    const Size size{1 + int64_t{rng.below(30)}, 1 + int64_t{rng.below(30)}};
    Polygon polygon(1 + rng.below(9));
    const float unit = rng.chance(0.3F) ? 1.0F : rng.chance(0.5F) ? 0.1F : 0.0F;
    for (Point& point : polygon) {
      point = {rng.uniform(-15, 45), rng.uniform(-15, 45)};
      if (unit > 0) point = {std::round(point.x / unit) * unit, std::round(point.y / unit) * unit};
    }
    ASSERT_EQ(rows_of(polygon_mask(polygon, size)), rows_of(walked_mask(polygon, size))) << "sample " << sample;
  }
}

TEST(PolygonMask, CostsNothingByTheDistanceOfItsCorners) {
  const Polygon around{{-1e8, -1e8}, {1e8, -1e8}, {1e8, 1e8}, {-1e8, 1e8}};
  EXPECT_EQ(area(polygon_mask(around, {7, 5})), 35);
  const Polygon half{{-1e8, -1e8}, {1e8, -1e8}, {3, 1e8}, {3, -1e8}, {3, 1e8}};
  EXPECT_EQ(polygon_mask(half, {7, 5}).height, 5);
}

TEST(PolygonMask, RefusesCoordinatesThatAreNoPlaces) {
  for (const double x : {std::nan(""), std::numeric_limits<double>::infinity(), 2e8, -1e300}) {
    EXPECT_THROW(polygon_mask(Polygon{{0, 0}, {x, 1}, {1, 1}}, {4, 4}), Error) << x;
    EXPECT_THROW(polygon_mask(Polygon{{0, 0}, {1, x}, {1, 1}}, {4, 4}), Error) << x;
  }
}

TEST(PolygonMask, CountsWindingsOddOrEven) {
  const Polygon twice{{1, 1}, {4, 1}, {4, 4}, {1, 4}, {1, 1}, {4, 1}, {4, 4}, {1, 4}};
  EXPECT_EQ(area(polygon_mask(twice, {6, 6})), 0);
}

TEST(Outline, GoesAlongThePixelsSides) {
  EXPECT_THAT(outline(mask_of({"....", ".##.", ".##.", "...."})),
              ElementsAre(ElementsAre(Point{1, 1}, Point{3, 1}, Point{3, 3}, Point{1, 3})));
  EXPECT_THAT(outline(mask_of({"....", "...."})), SizeIs(0));
  EXPECT_THAT(outline(mask_of({"#.", ".#"})), SizeIs(2)) << "a corner does not hold parts together";
}

TEST(Outline, JoinsAHoleByACut) {
  const std::vector<std::string> ring{"###", "#.#", "###"};
  const auto polygons = outline(mask_of(ring));
  ASSERT_THAT(polygons, SizeIs(1));
  EXPECT_EQ(rows_of(polygons_mask(polygons, {3, 3})), ring);
}

TEST(Outline, GivesBackEveryMaskExactly) {
  const std::vector<std::vector<std::string>> hard{
      {"#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"},
      {"######", "#.##.#", "##..##", "#.##.#", "######"},
      {"#####", "#.#.#", "#####", "#.#.#", "#####"},
      {"#"},
  };
  for (const auto& rows : hard) {
    const RunLengthMask mask = mask_of(rows);
    EXPECT_EQ(rows_of(polygons_mask(outline(mask), mask.size())), rows);
  }
  for (uint64_t sample = 0; sample < 2000; ++sample) {
    Rng rng({.sample = sample});
    const Size size{1 + int64_t{rng.below(24)}, 1 + int64_t{rng.below(24)}};
    const float density = rng.uniform();
    std::vector<uint8_t> bytes(static_cast<size_t>(size.width * size.height));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng.chance(density));
    const RunLengthMask mask = encode_mask(bytes, size);
    const auto polygons = outline(mask);
    if (polygons.empty()) {
      ASSERT_EQ(area(mask), 0);
      continue;
    }
    ASSERT_EQ(rows_of(polygons_mask(polygons, size)), rows_of(mask)) << "sample " << sample;
    for (const Polygon& polygon : polygons) ASSERT_GE(polygon.size(), 4U);
  }
}

TEST(coco_rle_GoldenTest, MasksStringsAreasAndBounds) {
  GTSA_REQUIRE_GOLDEN("coco_rle");
  const test::Golden golden("coco_rle");
  const auto shape = golden.shape("masks");
  const Size size{shape[2], shape[1]};
  const auto masks = golden.values<uint8_t>("masks");
  const auto areas = golden.values<int64_t>("area");
  const auto boxes = golden.values<double>("bbox_xywh");
  const size_t pixels = static_cast<size_t>(size.width * size.height);
  for (size_t i = 0; i < static_cast<size_t>(shape[0]); ++i) {
    const RunLengthMask mask = encode_mask(std::span(masks).subspan(i * pixels, pixels), size);
    EXPECT_EQ(nlohmann::json(mask.counts), golden.json()["runs"][i]) << i;
    const auto text = golden.json()["counts"][i].get<std::string>();
    EXPECT_EQ(mask_string(mask), text);
    EXPECT_EQ(mask_from_string(text, size), mask);
    EXPECT_EQ(area(mask), areas[i]);
    EXPECT_THAT(numbers(bounds(mask)), ElementsAre(boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]));
    if (areas[i] > 0) {
      EXPECT_EQ(polygons_mask(outline(mask), size), mask) << i;
    }
  }
}

TEST(coco_rle_GoldenTest, UnionsAndIntersections) {
  GTSA_REQUIRE_GOLDEN("coco_rle");
  const test::Golden golden("coco_rle");
  const auto& json = golden.json();
  const Size size{json["size_hw"][1], json["size_hw"][0]};
  std::vector<RunLengthMask> masks;
  for (const auto& text : json["counts"]) masks.push_back(mask_from_string(text.get<std::string>(), size));
  for (const auto& merge : json["merges"]) {
    const RunLengthMask &a = masks[merge["a"]], &b = masks[merge["b"]];
    EXPECT_EQ(mask_string(united(a, b)), merge["union"]);
    EXPECT_EQ(mask_string(intersected(a, b)), merge["intersection"]);
  }
  std::vector<RunLengthMask> several;
  for (const size_t i : json["merge_three"]["of"].get<std::vector<size_t>>()) several.push_back(masks[i]);
  EXPECT_EQ(mask_string(united(several)), json["merge_three"]["union"]);
  EXPECT_EQ(mask_string(intersected(several)), json["merge_three"]["intersection"]);
  const auto& big = json["big"];
  const Size big_size{big["size_hw"][1], big["size_hw"][0]};
  const RunLengthMask big_mask = mask_from_string(big["counts"].get<std::string>(), big_size);
  EXPECT_EQ(nlohmann::json(big_mask.counts), big["runs"]);
  EXPECT_EQ(mask_string(big_mask), big["counts"]);
}

TEST(coco_rle_GoldenTest, IntersectionsOverUnions) {
  GTSA_REQUIRE_GOLDEN("coco_rle");
  const test::Golden golden("coco_rle");
  const auto& json = golden.json();
  const Size size{json["size_hw"][1], json["size_hw"][0]};
  std::vector<RunLengthMask> masks;
  for (const auto& text : json["counts"]) masks.push_back(mask_from_string(text.get<std::string>(), size));
  const auto plain = golden.values<double>("iou"), crowded = golden.values<double>("iou_crowd");
  for (size_t d = 0; d < masks.size(); ++d) {
    for (size_t t = 0; t < masks.size(); ++t) {
      const size_t at = d * masks.size() + t;
      EXPECT_NEAR(iou(masks[d], masks[t], false), plain[at], 1e-12) << d << ", " << t;
      EXPECT_NEAR(iou(masks[d], masks[t], json["iscrowd"][t] != 0), crowded[at], 1e-12) << d << ", " << t;
    }
  }
  const auto boxes = golden.values<double>("boxes_xywh");
  const auto box_plain = golden.values<double>("box_iou"), box_crowded = golden.values<double>("box_iou_crowd");
  const size_t n = boxes.size() / 4;
  for (size_t d = 0; d < n; ++d) {
    for (size_t t = 0; t < n; ++t) {
      const BoxXywh detection = box_at(boxes, d), truth = box_at(boxes, t);
      EXPECT_NEAR(iou(detection, truth, false), box_plain[d * n + t], 1e-12);
      EXPECT_NEAR(iou(detection, truth, json["box_iscrowd"][t] != 0), box_crowded[d * n + t], 1e-12);
    }
  }
}

TEST(coco_rle_GoldenTest, Polygons) {
  GTSA_REQUIRE_GOLDEN("coco_rle");
  const test::Golden golden("coco_rle");
  const auto& json = golden.json();
  const Size size{json["size_hw"][1], json["size_hw"][0]};
  const auto bitmaps = golden.values<uint8_t>("polygon_masks");
  const size_t pixels = static_cast<size_t>(size.width * size.height);
  std::vector<Polygon> polygons;
  for (size_t i = 0; i < json["polygons"].size(); ++i) {
    const auto& want = json["polygons"][i];
    polygons.push_back(polygon_of(want["polygon"]));
    const RunLengthMask mask = polygon_mask(polygons.back(), size);
    EXPECT_EQ(mask_string(mask), want["counts"]) << i;
    EXPECT_EQ(area(mask), want["area"].get<int64_t>()) << i;
    EXPECT_EQ(numbers(bounds(mask)), want["bbox"].get<std::vector<double>>()) << i;
    EXPECT_EQ(mask, encode_mask(std::span(bitmaps).subspan(i * pixels, pixels), size)) << i;
  }
  std::vector<Polygon> parts;
  for (const size_t i : json["polygon_union"]["of"].get<std::vector<size_t>>()) parts.push_back(polygons[i]);
  EXPECT_EQ(mask_string(polygons_mask(parts, size)), json["polygon_union"]["counts"]);
  for (const auto& box : json["boxes_to_rle"]) {
    EXPECT_EQ(mask_string(box_mask(box_at(box["box_xywh"].get<std::vector<double>>(), 0), size)), box["counts"]);
  }
}

}  // namespace
}  // namespace gtsa::geometry
