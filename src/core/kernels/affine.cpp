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

HWY_INLINE int64_t floor_of(double x) {
  const auto whole = static_cast<int64_t>(x);
  return whole - (x < static_cast<double>(whole) ? 1 : 0);
}

/// A source: the pixel up and to the left of it, and how far behind that it lies, in [0, 1).
struct Source {
  int64_t x, y;
  double dx, dy;
};

HWY_INLINE V sample(const uint8_t* in, RgbxSize size, const Source& at) {
  int64_t columns[4] = {4 * at.x - 4, 4 * at.x, 4 * at.x + 4, 4 * at.x + 8};
  if (at.x < 1 || at.x + 2 >= size.width) {
    for (int64_t& column : columns) column = std::clamp<int64_t>(column, 0, 4 * (size.width - 1));
  }
  const V dx = hn::Set(D(), at.dx);
  // Along an axis that lies on pixels (shears and shifts of the other one) the cubic is the pixel itself.
  const auto row = [&](int64_t y) HWY_ATTR {
    const uint8_t* p = in + 4 * size.width * std::clamp<int64_t>(y, 0, size.height - 1);
    if (at.dx == 0) return load(p + columns[1]);
    return cubic(load(p + columns[0]), load(p + columns[1]), load(p + columns[2]), load(p + columns[3]), dx);
  };
  if (at.dy == 0) return row(at.y);
  return cubic(row(at.y - 1), row(at.y), row(at.y + 1), row(at.y + 2), hn::Set(D(), at.dy));
}

void Affine(const uint8_t* in, RgbxSize size, const AffineMap& m, Filter filter, Rgbx fill, uint8_t* out) {
  if (filter == Filter::bilinear) return reference::affine(in, size, m, filter, fill, out);
  const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
  const auto [m0, m1, m2, m3, m4, m5] = m;  // copies, which no byte that is stored can change
  for (int64_t row = 0; row < size.height; ++row) {
    const double y = static_cast<double>(row) + 0.5;
    for (int64_t column = 0; column < size.width; ++column, out += 4) {
      const double x = static_cast<double>(column) + 0.5;
      const double source_x = m0 * x + m1 * y + m2, source_y = m3 * x + m4 * y + m5;
      if (!(source_x >= 0 && source_x < width && source_y >= 0 && source_y < height)) {
        std::memcpy(out, fill.data(), fill.size());
        continue;
      }
      const double corner_x = source_x - 0.5, corner_y = source_y - 0.5;
      const int64_t left = floor_of(corner_x), top = floor_of(corner_y);
      const V value =
          sample(in, size, {left, top, corner_x - static_cast<double>(left), corner_y - static_cast<double>(top)});
      const V clipped = hn::Min(hn::Max(value, hn::Zero(D())), hn::Set(D(), 255.0));
      hn::StoreU(hn::DemoteTo(D8(), hn::DemoteTo(D32(), clipped)), D8(), out);
    }
  }
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

void affine(const uint8_t* in, RgbxSize size, const AffineMap& m, Filter filter, Rgbx fill, uint8_t* out) {
  const auto tap = [&](int64_t x, int64_t y, int64_t c) {
    x = std::clamp<int64_t>(x, 0, size.width - 1);
    y = std::clamp<int64_t>(y, 0, size.height - 1);
    return static_cast<double>(in[4 * (y * size.width + x) + c]);
  };
  const auto sample = [&](double x, double y, int64_t c) {
    const double left = std::floor(x), top = std::floor(y), dx = x - left, dy = y - top;
    const auto i = static_cast<int64_t>(left), j = static_cast<int64_t>(top);
    const auto along = [&](int64_t k) {
      if (filter == Filter::bilinear) return linear(tap(i, k, c), tap(i + 1, k, c), dx);
      return cubic(tap(i - 1, k, c), tap(i, k, c), tap(i + 1, k, c), tap(i + 2, k, c), dx);
    };
    if (filter == Filter::bilinear) return linear(along(j), along(j + 1), dy);
    return cubic(along(j - 1), along(j), along(j + 1), along(j + 2), dy);
  };
  for (int64_t i = 0; i < size.width * size.height; ++i, out += 4) {
    const double x = static_cast<double>(i % size.width) + 0.5, y = static_cast<double>(i / size.width) + 0.5;
    const double source_x = m[0] * x + m[1] * y + m[2], source_y = m[3] * x + m[4] * y + m[5];
    const bool inside = source_x >= 0 && source_x < static_cast<double>(size.width) && source_y >= 0 &&
                        source_y < static_cast<double>(size.height);
    for (int64_t c = 0; c < 4; ++c) {
      out[c] = inside ? static_cast<uint8_t>(std::clamp(sample(source_x - 0.5, source_y - 0.5, c), 0.0, 255.0))
                      : fill[static_cast<size_t>(c)];
    }
  }
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
