#pragma once
// Pairs of views of one photograph, and where a patch of the first lies in the second.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

#include "core/data/view_plan.h"
#include "core/geometry/types.h"

namespace gtsa::probe {

/// Where in the photograph a place of a view (turned, `plan.side` pixels wide) comes from.
Point to_photo(Point in_view, const data::ViewPlan& plan);
/// Its inverse. Outside the view's crop the result lies outside [0, side).
Point to_view(Point in_photo, const data::ViewPlan& plan);

/// The first plan is of view A, the second of view B.
using PairPlan = std::array<data::ViewPlan, 2>;

/// Two global views of `side` pixels, drawn as `views` says.
data::ViewOptions views_of_pairs(data::ViewOptions views, int64_t side);
/// Drawn as pretraining draws them, from a seed that the probe draws for the `pair`-th time of the photograph at
/// `index` of its list.
PairPlan plan_pair(Size photo, const data::ViewOptions& views, uint64_t seed, int64_t pair, int64_t index);

/// For every row of `a` [n, T, C] the index of the row of `b` with the highest cosine (ties: the lowest): I64 [n, T].
at::Tensor best_matches(const at::Tensor& a, const at::Tensor& b);

/// Centre of a patch in a map of so many columns, patches being `cell` pixels wide.
Point centre_of(int64_t patch, int64_t columns, double cell);
bool lies_inside(Point place, double side);
/// A match is a hit if it lies within one patch side of the right place in x and in y.
bool is_hit(Point match, Point place, double cell);

}  // namespace gtsa::probe
