#include "core/kernels/affine.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/affine.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what they define.
#include <hwy/highway.h>

#ifndef GTSA_KERNELS_AFFINE_WALK
#define GTSA_KERNELS_AFFINE_WALK
namespace gtsa::kernels {

/// A source: the pixel up and to the left of it, and how far behind that it lies, in [0, 1).
struct AffineSource {
  int64_t x, y;
  double dx, dy;
};

/// Calls sample(source, out) for every pixel whose source lies inside, and fills the others.
template <class Sample>
inline void walk_affine(RgbxSize size, const AffineMap& m, Rgbx fill, uint8_t* out, const Sample& sample) {
  const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
  for (int64_t row = 0; row < size.height; ++row) {
    const double y = static_cast<double>(row) + 0.5;
    for (int64_t column = 0; column < size.width; ++column, out += 4) {
      const double x = static_cast<double>(column) + 0.5;
      double source_x = m[0] * x + m[1] * y + m[2], source_y = m[3] * x + m[4] * y + m[5];
      if (!(source_x >= 0 && source_x < width && source_y >= 0 && source_y < height)) {
        std::memcpy(out, fill.data(), fill.size());
        continue;
      }
      source_x -= 0.5;
      source_y -= 0.5;
      // floor() of numbers from -0.5 on.
      const int64_t left = static_cast<int64_t>(source_x + 1) - 1, top = static_cast<int64_t>(source_y + 1) - 1;
      sample(AffineSource{left, top, source_x - static_cast<double>(left), source_y - static_cast<double>(top)}, out);
    }
  }
}

}  // namespace gtsa::kernels
#endif  // GTSA_KERNELS_AFFINE_WALK

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
#if GTSA_PLAIN_TARGET || HWY_MAX_BYTES < 32

void Affine(const uint8_t* in, RgbxSize size, const AffineMap& map, Filter filter, Rgbx fill, uint8_t* out) {
  reference::affine(in, size, map, filter, fill, out);
}

#else
namespace hn = hwy::HWY_NAMESPACE;

// A vector is one pixel, its four bytes as float64.
using D = hn::FixedTag<double, 4>;
using D32 = hn::FixedTag<int32_t, 4>;
using D8 = hn::FixedTag<uint8_t, 4>;
using V = hn::Vec<D>;

HWY_INLINE V load(const uint8_t* pixel) { return hn::PromoteTo(D(), hn::PromoteTo(D32(), hn::LoadU(D8(), pixel))); }

HWY_INLINE V cubic(V v1, V v2, V v3, V v4, V d) {
  const V p2 = hn::Sub(v3, v1);
  const V p3 = hn::Sub(hn::Add(hn::Mul(hn::Set(D(), 2.0), hn::Sub(v1, v2)), v3), v4);
  const V p4 = hn::Add(hn::Sub(hn::Sub(v2, v1), v3), v4);
  return hn::Add(v2, hn::Mul(d, hn::Add(p2, hn::Mul(d, hn::Add(p3, hn::Mul(d, p4))))));
}

void Affine(const uint8_t* in, RgbxSize size, const AffineMap& map, Filter filter, Rgbx fill, uint8_t* out) {
  if (filter == Filter::bilinear) return reference::affine(in, size, map, filter, fill, out);
  walk_affine(size, map, fill, out, [&](const AffineSource& at, uint8_t* pixel) HWY_ATTR {
    const auto column = [&](int64_t x) { return 4 * std::clamp<int64_t>(x, 0, size.width - 1); };
    const int64_t x1 = column(at.x - 1), x2 = column(at.x), x3 = column(at.x + 1), x4 = column(at.x + 2);
    const V dx = hn::Set(D(), at.dx), dy = hn::Set(D(), at.dy);
    // Along an axis that lies on pixels (shears and shifts of the other one) the cubic is the pixel itself.
    const auto row = [&](int64_t y) HWY_ATTR {
      const uint8_t* p = in + 4 * size.width * std::clamp<int64_t>(y, 0, size.height - 1);
      return at.dx == 0 ? load(p + x2) : cubic(load(p + x1), load(p + x2), load(p + x3), load(p + x4), dx);
    };
    const V value = at.dy == 0 ? row(at.y) : cubic(row(at.y - 1), row(at.y), row(at.y + 1), row(at.y + 2), dy);
    const V clipped = hn::Min(hn::Max(value, hn::Zero(D())), hn::Set(D(), 255.0));
    hn::StoreU(hn::DemoteTo(D8(), hn::DemoteTo(D32(), clipped)), D8(), pixel);
  });
}

#endif  // GTSA_PLAIN_TARGET || HWY_MAX_BYTES < 32
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(Affine);

void affine(const uint8_t* in, RgbxSize size, const AffineMap& map, Filter filter, Rgbx fill, uint8_t* out) {
  if (scalar_forced()) return reference::affine(in, size, map, filter, fill, out);
  HWY_DYNAMIC_DISPATCH(Affine)(in, size, map, filter, fill, out);
}

namespace reference {
namespace {

double linear(double v1, double v2, double d) { return v1 + (v2 - v1) * d; }

double cubic(double v1, double v2, double v3, double v4, double d) {
  const double p2 = -v1 + v3;
  const double p3 = 2 * (v1 - v2) + v3 - v4;
  const double p4 = -v1 + v2 - v3 + v4;
  return v2 + d * (p2 + d * (p3 + d * p4));
}

}  // namespace

void affine(const uint8_t* in, RgbxSize size, const AffineMap& map, Filter filter, Rgbx fill, uint8_t* out) {
  walk_affine(size, map, fill, out, [&](const AffineSource& at, uint8_t* pixel) {
    for (int64_t c = 0; c < 4; ++c) {
      const auto tap = [&](int64_t x, int64_t y) {
        x = std::clamp<int64_t>(x, 0, size.width - 1);
        y = std::clamp<int64_t>(y, 0, size.height - 1);
        return static_cast<double>(in[4 * (y * size.width + x) + c]);
      };
      const auto row = [&](int64_t y) {
        if (filter == Filter::bilinear) return linear(tap(at.x, y), tap(at.x + 1, y), at.dx);
        return cubic(tap(at.x - 1, y), tap(at.x, y), tap(at.x + 1, y), tap(at.x + 2, y), at.dx);
      };
      const double value = filter == Filter::bilinear
                               ? linear(row(at.y), row(at.y + 1), at.dy)
                               : cubic(row(at.y - 1), row(at.y), row(at.y + 1), row(at.y + 2), at.dy);
      pixel[c] = static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));
    }
  });
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
