#include "core/data/segment_plan.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>

#include "core/base/error.h"
#include "core/geometry/rescale.h"
#include "core/image/bilinear.h"
#include "core/image/normalize.h"
#include "core/image/planes.h"

namespace gtsa::data {
namespace {

constexpr int64_t kLargestCrop = 4096;
constexpr int64_t kLargestScale = 1'000'000;
constexpr float kLargestRatio = 100;

/// Numbers that label maps within the rule may hold: 0 to this, exclusive.
size_t stored_numbers(const LabelRule& rule) {
  constexpr int64_t kBytes = 256;
  return static_cast<size_t>(std::max(kBytes, rule.largest() + 1));
}

/// The amounts of SSD's distortion, each step with a chance of one half. Every draw is made whether or not it is used.
image::PhotometricPlan draw_colours(Rng& rng) {
  constexpr float kHalf = 0.5F, kBrightness = 32, kLow = 0.5F, kHigh = 1.5F;
  constexpr int kHue = 18;
  image::PhotometricPlan plan;
  const auto draw = [&](float low, float high) -> std::optional<float> {
    const bool used = rng.chance(kHalf);
    const float amount = rng.uniform(low, high);
    return used ? std::optional(amount) : std::nullopt;
  };
  plan.brightness = draw(-kBrightness, kBrightness);
  plan.contrast_first = rng.chance(kHalf);
  plan.contrast = draw(kLow, kHigh);
  plan.saturation = draw(kLow, kHigh);
  const bool turned = rng.chance(kHalf);
  const int steps = static_cast<int>(rng.below(2 * kHue)) - kHue;
  if (turned) plan.hue = steps;
  return plan;
}

}  // namespace

void SegmentOptions::check() const {
  const auto is_side = [](int64_t side) { return side >= 1 && side <= kLargestScale; };
  if (crop < 1 || crop > kLargestCrop) {
    throw UsageError("crops of {} pixels: a side lies between 1 and {}", crop, kLargestCrop);
  }
  if (!is_side(scale.width) || !is_side(scale.height)) {
    throw UsageError("a scale of {} x {}: sides lie between 1 and {}", scale.width, scale.height, kLargestScale);
  }
  if (!(scale_ratio.low > 0 && scale_ratio.low <= scale_ratio.high && scale_ratio.high <= kLargestRatio)) {
    throw UsageError("scaled by {:g} to {:g}: ratios are above 0 and at most {}, the smaller one first",
                     scale_ratio.low, scale_ratio.high, kLargestRatio);
  }
  if (!(category_bound > 0 && category_bound <= 1)) {
    throw UsageError("a bound of {:g} on the share of a crop's most frequent class: it is above 0 and at most 1",
                     category_bound);
  }
  if (!(flip >= 0 && flip <= 1)) throw UsageError("flips with a probability of {:g}: it lies between 0 and 1", flip);
  labels.check();
}

Rect draw_mixed_crop(Size picture, int64_t side, const std::function<int64_t(int64_t n)>& below,
                     const std::function<bool(const Rect& crop)>& is_mixed) {
  const auto draw = [&] {
    Rect crop{0, 0, std::min(side, picture.width), std::min(side, picture.height)};
    crop.top = below(picture.height - crop.height + 1);
    crop.left = below(picture.width - crop.width + 1);
    return crop;
  };
  Rect crop = draw();
  for (int look = 0; look < kCropLooks && !is_mixed(crop); ++look) crop = draw();
  return crop;
}

std::vector<int64_t> class_counts(const image::LabelMap& labels, const LabelRule& rule, Size resized,
                                  const Rect& crop) {
  const auto rows = image::floor_positions(labels.height, resized.height, crop.top, crop.height);
  const auto columns = image::floor_positions(labels.width, resized.width, crop.left, crop.width);
  std::vector<int64_t> by_stored(stored_numbers(rule));
  for (size_t y = 0; y < rows.size();) {
    // An enlarged map repeats its rows.
    const size_t first = y;
    while (y < rows.size() && rows[y] == rows[first]) ++y;
    const auto times = static_cast<int64_t>(y - first);
    const uint16_t* row = labels.row(rows[first]);
    for (const int64_t x : columns) by_stored[row[x]] += times;
  }
  std::vector<int64_t> counts(static_cast<size_t>(rule.classes));
  for (size_t stored = 0; stored < by_stored.size(); ++stored) {
    const auto number = static_cast<uint16_t>(stored);
    if (by_stored[stored] > 0 && !rule.ignores(number)) {
      counts[static_cast<size_t>(rule.class_of(number))] += by_stored[stored];
    }
  }
  return counts;
}

bool is_mixed(std::span<const int64_t> counts, double bound) {
  if (bound >= 1) return true;
  const int64_t all = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  const int64_t most = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  return most < all && static_cast<double>(most) / static_cast<double>(all) < bound;
}

SegmentPlan plan_segment(const image::LabelMap& labels, const SegmentOptions& options, uint64_t epoch, uint64_t place) {
  Rng rng({options.seed, epoch, place, 0, Purpose::segment});
  SegmentPlan plan;
  const float ratio = rng.uniform(options.scale_ratio.low, options.scale_ratio.high);
  plan.resized = geometry::rescaled(labels.size(), geometry::scaled(options.scale, static_cast<double>(ratio)));
  plan.flip = rng.chance(options.flip);
  const image::PhotometricPlan colours = draw_colours(rng);
  if (options.photometric) plan.colours = colours;
  plan.crop = draw_mixed_crop(
      plan.resized, options.crop, [&](int64_t n) { return rng.below(static_cast<uint32_t>(n)); },
      [&](const Rect& crop) {
        return is_mixed(class_counts(labels, options.labels, plan.resized, crop), options.category_bound);
      });
  return plan;
}

void execute_into(const image::Image& photo, const SegmentPlan& plan, int64_t side, std::span<float> chw) {
  thread_local image::Planes view;
  image::resize_bilinear(photo, plan.resized, plan.crop, plan.flip, view);
  image::distort(view, plan.colours);
  image::normalize_levels_into(view, {side, side}, chw);
}

void execute_into(const image::LabelMap& labels, const LabelRule& rule, const SegmentPlan& plan, int64_t side,
                  std::span<int32_t> classes) {
  const Rect& crop = plan.crop;
  GTSA_CHECK(std::ssize(classes) == side * side && crop.width <= side && crop.height <= side,
             "{} labels for {} x {} of {} a side", classes.size(), crop.width, crop.height, side);
  std::vector<int32_t> class_of(stored_numbers(rule), kIgnored);
  for (size_t stored = 0; stored < class_of.size(); ++stored) {
    class_of[stored] = rule.class_of(static_cast<uint16_t>(stored));
  }
  const auto rows = image::floor_positions(labels.height, plan.resized.height, crop.top, crop.height);
  auto columns = image::floor_positions(labels.width, plan.resized.width, crop.left, crop.width);
  if (plan.flip) std::reverse(columns.begin(), columns.end());
  auto out = classes.begin();
  for (const int64_t y : rows) {
    const uint16_t* row = labels.row(y);
    for (const int64_t x : columns) *out++ = class_of[row[x]];
    out = std::fill_n(out, side - crop.width, kIgnored);
  }
  std::fill(out, classes.end(), kIgnored);
}

void segment_input_into(const image::Image& photo, Size size, bool flip, const Rect& window, std::span<float> chw) {
  thread_local image::Planes view;
  Rect upright = window;
  if (flip) upright.left = size.width - window.left - window.width;
  image::resize_bilinear(photo, size, upright, flip, view);
  image::normalize_levels_into(view, {window.width, window.height}, chw);
}

}  // namespace gtsa::data
