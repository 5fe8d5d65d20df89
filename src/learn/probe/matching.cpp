#include "learn/probe/matching.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/bmm.h>

#include <cmath>
#include <utility>

#include "core/base/error.h"

namespace gtsa::probe {
namespace {

/// A turn about the centre of a square of this side, anticlockwise as seen on the screen.
Point turned(Point p, Turn turn, double side) {
  switch (turn) {
    case Turn::none:
      return p;
    case Turn::quarter:
      return {p.y, side - p.x};
    case Turn::half:
      return {side - p.x, side - p.y};
    case Turn::three_quarters:
      return {side - p.y, p.x};
  }
  GTSA_CHECK(false, "a turn is one of four");
}

}  // namespace

Point to_photo(Point in_view, const data::ViewPlan& plan) {
  const auto side = static_cast<double>(plan.side);
  const Point upright = turned(in_view, turn_between(plan.turn, Turn::none), side);
  return {static_cast<double>(plan.crop.left) + upright.x / side * static_cast<double>(plan.crop.width),
          static_cast<double>(plan.crop.top) + upright.y / side * static_cast<double>(plan.crop.height)};
}

Point to_view(Point in_photo, const data::ViewPlan& plan) {
  const auto side = static_cast<double>(plan.side);
  const Point upright{(in_photo.x - static_cast<double>(plan.crop.left)) / static_cast<double>(plan.crop.width) * side,
                      (in_photo.y - static_cast<double>(plan.crop.top)) / static_cast<double>(plan.crop.height) * side};
  return turned(upright, plan.turn, side);
}

data::ViewOptions views_of_pairs(data::ViewOptions views, int64_t side) {
  views.crop_sizes = {side};
  views.num_crops = {2};
  views.check();
  return views;
}

PairPlan plan_pair(Size photo, const data::ViewOptions& views, uint64_t seed, int64_t pair, int64_t index) {
  const uint64_t drawn = data::probe_seed(seed, static_cast<uint64_t>(pair), static_cast<uint64_t>(index));
  const data::MultiCropPlan plan = data::plan_views(photo, views, drawn, 0, 0);
  return {plan.views[0], plan.views[1]};
}

at::Tensor best_matches(const at::Tensor& a, const at::Tensor& b) {
  constexpr double kLeastNorm = 1e-12;
  // The length of a's own row changes no order.
  const at::Tensor directions = b / b.norm(2, {2}, true).clamp_min(kLeastNorm);
  return at::argmax(at::bmm(a, directions.transpose(1, 2)), 2);
}

Point centre_of(int64_t patch, int64_t columns, double cell) {
  return {(static_cast<double>(patch % columns) + 0.5) * cell, (static_cast<double>(patch / columns) + 0.5) * cell};
}

bool lies_inside(Point place, double side) { return place.x >= 0 && place.x < side && place.y >= 0 && place.y < side; }

bool is_hit(Point match, Point place, double cell) {
  return std::abs(match.x - place.x) <= cell && std::abs(match.y - place.y) <= cell;
}

}  // namespace gtsa::probe
