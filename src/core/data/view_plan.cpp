#include "core/data/view_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/data/resized_crop.h"
#include "core/image/blur.h"
#include "core/image/colour.h"
#include "core/image/normalize.h"
#include "core/image/resample.h"
#include "core/image/tone.h"
#include "core/image/turn.h"

namespace gtsa::data {
namespace {

constexpr int kSolarizeFrom = 128;

/// Of crops' width over height; logarithms are rounded last.
const Range kLogAspect{static_cast<float>(std::log(geometry::kMinAspect)),
                       static_cast<float>(std::log(geometry::kMaxAspect))};

/// Draws crops view by view: the rejection loop with its bound.
class CropDrawer {
 public:
  CropDrawer(Size photo, const ViewOptions& options, Rng rng) : photo_(photo), options_(options), rng_(rng) {}

  Rect next(int64_t view) {
    const bool global = view < options_.global_views();
    const Rect crop = draw(view, geometry::overlap_threshold(photo_, options_.min_overlap, global));
    if (global) globals_.push_back(crop);
    return crop;
  }
  int64_t candidates() const { return candidates_; }
  bool capped() const { return capped_; }

 private:
  Rect draw(int64_t view, int64_t threshold) {
    CropDraws draws(rng_, options_.area_shares[options_.kind_of(view)], kLogAspect);
    while (candidates_ < options_.max_candidates) {
      ++candidates_;
      const Rect crop = geometry::random_resized_crop(photo_, draws).crop;
      // There is nothing yet to overlap with for the first view, so it is always taken.
      if (geometry::overlaps_enough(crop, globals_, threshold)) return crop;
    }
    capped_ = true;
    if (view < options_.global_views()) return globals_.front();
    return std::accumulate(globals_.begin() + 1, globals_.end(), globals_.front(),
                           [](const Rect& a, const Rect& b) { return geometry::intersection(a, b); });
  }

  Size photo_;
  const ViewOptions& options_;
  Rng rng_;
  std::vector<Rect> globals_;
  int64_t candidates_ = 0;
  bool capped_ = false;
};

void apply(Jitter step, const ViewPlan& plan, image::Planes& view) {
  switch (step) {
    case Jitter::brightness:
      return image::adjust_brightness(view, plan.brightness);
    case Jitter::contrast:
      return image::adjust_contrast(view, plan.contrast);
    case Jitter::saturation:
      return image::adjust_saturation(view, plan.saturation);
    case Jitter::hue:
      return image::adjust_hue(view, plan.hue);
  }
}

/// All steps before the turn.
void execute_upright(const image::Columns& photo, const ViewPlan& plan, image::Planes& view) {
  image::resize_crop(photo, plan.crop, {plan.side, plan.side}, plan.filter, view);
  if (plan.flip) image::flip(view);
  if (plan.jitter) {
    for (const Jitter step : plan.order) apply(step, plan, view);
  }
  if (plan.grayscale) image::to_grayscale(view);
  if (plan.blur_radius) image::gaussian_blur(view, *plan.blur_radius);
  if (plan.solarize) image::solarize(view, kSolarizeFrom);
}

bool is_share(double value) { return value >= 0 && value <= 1; }

}  // namespace

int64_t ViewOptions::global_views() const { return num_crops.at(0); }

int64_t ViewOptions::views() const { return std::accumulate(num_crops.begin(), num_crops.end(), int64_t{0}); }

size_t ViewOptions::kind_of(int64_t view) const { return view < global_views() ? 0 : 1; }

void ViewOptions::check() const {
  const size_t kinds = num_crops.size();
  if (kinds < 1 || kinds > 2 || crop_sizes.size() != kinds || area_shares.size() < kinds) {
    throw UsageError(
        "crop sizes ({}), numbers of crops ({}) and area shares ({}) must be given for the same one or two kinds of "
        "views: global and local",
        crop_sizes.size(), kinds, area_shares.size());
  }
  for (size_t kind = 0; kind < kinds; ++kind) {
    if (crop_sizes[kind] < 1) throw UsageError("a crop size of {} pixels is too small", crop_sizes[kind]);
    if (num_crops[kind] < (kind == 0 ? 1 : 0)) {
      throw UsageError("{} {} views are too few: at least one global view is needed", num_crops[kind],
                       kind == 0 ? "global" : "local");
    }
    const Range share = area_shares[kind];
    if (!(share.low > 0 && share.low <= share.high && share.high <= 1)) {
      throw UsageError("area shares from {} to {} are no range within 0 to 1", share.low, share.high);
    }
  }
  if (!is_share(min_overlap) || !is_share(colours.jitter_probability) || !is_share(colours.grayscale_probability) ||
      !is_share(blur_probability)) {
    throw UsageError(
        "the least overlap ({}) and the probabilities of jitter ({}), grey ({}) and blur ({}) lie between 0 and 1",
        min_overlap, colours.jitter_probability, colours.grayscale_probability, blur_probability);
  }
  if (max_candidates < 1)
    throw UsageError("{} candidates are too few: at least one crop must be drawn", max_candidates);
}

uint64_t probe_seed(uint64_t seed, uint64_t draw, uint64_t index) {
  Rng rng({seed, draw, index, 0, Purpose::probe});
  const uint64_t low = rng.bits();
  return uint64_t{rng.bits()} << 32 | low;
}

void draw_colours(Rng& rng, const ColourOptions& options, float blur_probability, ViewPlan& plan) {
  plan.jitter = rng.chance(options.jitter_probability);
  std::array<uint32_t, 4> order{0, 1, 2, 3};
  shuffle(rng, order);
  std::transform(order.begin(), order.end(), plan.order.begin(),
                 [](uint32_t code) { return static_cast<Jitter>(code); });
  const auto within = [&](Range range) { return rng.uniform(range.low, range.high); };
  plan.brightness = within(options.brightness);
  plan.contrast = within(options.contrast);
  plan.saturation = within(options.saturation);
  plan.hue = within(options.hue);
  plan.grayscale = rng.chance(options.grayscale_probability);
  const bool blur = rng.chance(blur_probability);
  const float radius = within(options.blur_radius);
  if (blur) plan.blur_radius = radius;
}

void set_boxes(MultiCropPlan& plan) {
  std::vector<geometry::ViewFrame> frames;
  frames.reserve(plan.views.size());
  for (const ViewPlan& view : plan.views) frames.push_back({view.crop, view.side, view.turn});
  auto boxes = geometry::overlap_boxes(frames, plan.global_views);
  plan.global_boxes = std::move(boxes.in_globals);
  plan.all_boxes = std::move(boxes.in_views);
}

MultiCropPlan plan_views(Size photo, const ViewOptions& options, uint64_t seed, uint64_t epoch, uint64_t place) {
  GTSA_CHECK(photo.width > 0 && photo.height > 0, "a photograph of {} x {} has pixels", photo.width, photo.height);
  MultiCropPlan plan;
  plan.global_views = options.global_views();
  plan.views.resize(static_cast<size_t>(options.views()));
  CropDrawer crops(photo, options, Rng({seed, epoch, place, 0, Purpose::crop}));
  for (size_t v = 0; v < plan.views.size(); ++v) {
    ViewPlan& view = plan.views[v];
    const auto number = static_cast<uint32_t>(v);
    view.crop = crops.next(static_cast<int64_t>(v));
    view.side = options.crop_sizes[options.kind_of(static_cast<int64_t>(v))];
    Rng colours({seed, epoch, place, number, Purpose::colour});
    draw_colours(colours, options.colours, options.blur_probability, view);
    view.turn = static_cast<Turn>(Rng({seed, epoch, place, number, Purpose::turn}).below(4));
  }
  plan.candidates = crops.candidates();
  plan.capped = crops.capped();
  set_boxes(plan);
  return plan;
}

image::Image execute(const image::Image& photo, const ViewPlan& plan) {
  image::Planes view;
  execute_upright(image::Columns(photo), plan, view);
  return image::turned(view.interleaved(), plan.turn);
}

void execute_into(const image::Columns& photo, const ViewPlan& plan, std::span<float> chw) {
  thread_local image::Planes view;
  execute_upright(photo, plan, view);
  image::normalize_turned_into(view, plan.turn, chw);
}

void execute_into(const image::Image& photo, const ViewPlan& plan, std::span<float> chw) {
  execute_into(image::Columns(photo), plan, chw);
}

}  // namespace gtsa::data
