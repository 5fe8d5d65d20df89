#include "core/kernels/winograd.h"

#include <algorithm>
#include <vector>

#include "core/kernels/simd.h"
#include "core/kernels/targets.h"

// What does not depend on the target: which pixels a tile has.
#ifndef GTSA_WINOGRAD_TILES
#define GTSA_WINOGRAD_TILES
namespace gtsa::kernels {
namespace {

/// Calls visit(tile, pixels) for every tile of the images; `pixels` are S x S places in a map, from `offset` before the
/// tile's first output. Those outside the map are `outside`, a row of its own.
template <int S, class Float, class Visit>
void for_each_tile(const WinogradMaps& maps, ImageRange images, int64_t offset, Float* map, Float* outside,
                   const Visit& visit) {
  const int64_t tile_rows = maps.tile_rows(), tile_columns = maps.tile_columns();
  Float* pixels[S * S];
  for (int64_t image = images.first; image < images.last; ++image) {
    Float* const first = map + image * maps.rows * maps.columns * maps.channels;
    for (int64_t tile = 0; tile < tile_rows * tile_columns; ++tile) {
      const int64_t top = 2 * (tile / tile_columns) - offset, left = 2 * (tile % tile_columns) - offset;
      for (int64_t i = 0; i < S * S; ++i) {
        const int64_t y = top + i / S, x = left + i % S;
        const bool inside = y >= 0 && y < maps.rows && x >= 0 && x < maps.columns;
        pixels[i] = inside ? first + (y * maps.columns + x) * maps.channels : outside;
      }
      visit(image * tile_rows * tile_columns + tile, pixels);
    }
  }
}

/// A row of zeros, or of nobody's, as wide as a pixel.
float* spare_row(int64_t channels) {
  thread_local std::vector<float> row;
  row.assign(static_cast<size_t>(channels), 0.0F);
  return row.data();
}

}  // namespace
}  // namespace gtsa::kernels
#endif  // GTSA_WINOGRAD_TILES

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/winograd.cpp"
#include <hwy/foreach_target.h>
// Last: foreach_target.h decides what it defines.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gtsa::kernels::HWY_NAMESPACE {
namespace {
#if GTSA_PLAIN_TARGET

void Input(const WinogradMaps& maps, ImageRange images, const float* x, float* v) {
  reference::winograd_input(maps, images, x, v);
}

void InputAdjoint(const WinogradMaps& maps, ImageRange images, const float* dv, float* dx) {
  reference::winograd_input_adjoint(maps, images, dv, dx);
}

void Output(const WinogradMaps& maps, ImageRange images, const float* m, const float* bias, float* y) {
  reference::winograd_output(maps, images, m, bias, y);
}

void OutputAdjoint(const WinogradMaps& maps, ImageRange images, const float* dy, float* dm) {
  reference::winograd_output_adjoint(maps, images, dy, dm);
}

#else
namespace hn = hwy::HWY_NAMESPACE;

/// B^T: (1 0 -1 0), (0 1 1 0), (0 -1 1 0), (0 1 0 -1).
struct InputSide {
  template <class V>
  static HWY_INLINE void apply(const V* a, V* b) {
    b[0] = hn::Sub(a[0], a[2]);
    b[1] = hn::Add(a[1], a[2]);
    b[2] = hn::Sub(a[2], a[1]);
    b[3] = hn::Sub(a[1], a[3]);
  }
};

/// B.
struct InputSideAdjoint {
  template <class V>
  static HWY_INLINE void apply(const V* a, V* b) {
    b[0] = a[0];
    b[1] = hn::Add(hn::Sub(a[1], a[2]), a[3]);
    b[2] = hn::Sub(hn::Add(a[1], a[2]), a[0]);
    b[3] = hn::Neg(a[3]);
  }
};

/// A^T: (1 1 1 0), (0 1 -1 -1).
struct OutputSide {
  template <class V>
  static HWY_INLINE void apply(const V* a, V* b) {
    b[0] = hn::Add(hn::Add(a[0], a[1]), a[2]);
    b[1] = hn::Sub(hn::Sub(a[1], a[2]), a[3]);
  }
};

/// A.
struct OutputSideAdjoint {
  template <class V>
  static HWY_INLINE void apply(const V* a, V* b) {
    b[0] = a[0];
    b[1] = hn::Add(a[0], a[1]);
    b[2] = hn::Sub(a[0], a[1]);
    b[3] = hn::Neg(a[1]);
  }
};

/// Side * tile * Side^T of an I x I tile: O x O values, row by row.
template <class Side, int I, int O, class V>
HWY_INLINE void Transform(const V* in, V* out) {
  V half[O * I];  // Side * tile
  for (int j = 0; j < I; ++j) {
    V column[I], result[O];
    for (int i = 0; i < I; ++i) column[i] = in[i * I + j];
    Side::apply(column, result);
    for (int i = 0; i < O; ++i) half[i * I + j] = result[i];
  }
  for (int i = 0; i < O; ++i) Side::apply(half + i * I, out + i * O);
}

/// From pixels to the 16 matrices: `place` is the tile's row in the first of them, the next lies `plane` further on.
template <class Side, int I, class D>
void Gather(D d, const float* const* pixels, int64_t from, int64_t to, float* place, int64_t plane) {
  using V = hn::Vec<D>;
  for (auto c = from; c < to; c += static_cast<int64_t>(hn::Lanes(d))) {
    V in[I * I], out[16];
    for (int i = 0; i < I * I; ++i) in[i] = hn::LoadU(d, pixels[i] + c);
    Transform<Side, I, 4>(in, out);
    for (int k = 0; k < 16; ++k) hn::StoreU(out[k], d, place + k * plane + c);
  }
}

/// From the 16 matrices to pixels, which are added to (`bias` null) or overwritten with the sum of result and bias.
template <class Side, int O, class D>
void Scatter(D d, const float* place, int64_t plane, int64_t from, int64_t to, const float* bias,
             float* const* pixels) {
  using V = hn::Vec<D>;
  for (auto c = from; c < to; c += static_cast<int64_t>(hn::Lanes(d))) {
    V in[16], out[O * O];
    for (int k = 0; k < 16; ++k) in[k] = hn::LoadU(d, place + k * plane + c);
    Transform<Side, 4, O>(in, out);
    for (int i = 0; i < O * O; ++i) {
      const auto other = hn::LoadU(d, bias == nullptr ? pixels[i] + c : bias + c);
      hn::StoreU(hn::Add(out[i], other), d, pixels[i] + c);
    }
  }
}

/// Channels that whole vectors cover; the rest goes one by one.
int64_t WholeVectors(int64_t channels) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()));
  return channels / lanes * lanes;
}

constexpr hn::CappedTag<float, 1> kOne;

void Input(const WinogradMaps& maps, ImageRange images, const float* x, float* v) {
  const int64_t plane = maps.tiles() * maps.channels, whole = WholeVectors(maps.channels);
  const float* zeros = spare_row(maps.channels);
  for_each_tile<4>(maps, images, 1, x, zeros, [&](int64_t tile, const float* const* pixels) {
    float* place = v + tile * maps.channels;
    Gather<InputSide, 4>(hn::ScalableTag<float>(), pixels, 0, whole, place, plane);
    Gather<InputSide, 4>(kOne, pixels, whole, maps.channels, place, plane);
  });
}

void InputAdjoint(const WinogradMaps& maps, ImageRange images, const float* dv, float* dx) {
  const int64_t plane = maps.tiles() * maps.channels, whole = WholeVectors(maps.channels);
  const int64_t values = maps.rows * maps.columns * maps.channels;
  std::fill(dx + images.first * values, dx + images.last * values, 0.0F);
  float* ignored = spare_row(maps.channels);
  for_each_tile<4>(maps, images, 1, dx, ignored, [&](int64_t tile, float* const* pixels) {
    const float* place = dv + tile * maps.channels;
    Scatter<InputSideAdjoint, 4>(hn::ScalableTag<float>(), place, plane, 0, whole, nullptr, pixels);
    Scatter<InputSideAdjoint, 4>(kOne, place, plane, whole, maps.channels, nullptr, pixels);
  });
}

void Output(const WinogradMaps& maps, ImageRange images, const float* m, const float* bias, float* y) {
  const int64_t plane = maps.tiles() * maps.channels, whole = WholeVectors(maps.channels);
  float* ignored = spare_row(maps.channels);
  for_each_tile<2>(maps, images, 0, y, ignored, [&](int64_t tile, float* const* pixels) {
    const float* place = m + tile * maps.channels;
    Scatter<OutputSide, 2>(hn::ScalableTag<float>(), place, plane, 0, whole, bias, pixels);
    Scatter<OutputSide, 2>(kOne, place, plane, whole, maps.channels, bias, pixels);
  });
}

void OutputAdjoint(const WinogradMaps& maps, ImageRange images, const float* dy, float* dm) {
  const int64_t plane = maps.tiles() * maps.channels, whole = WholeVectors(maps.channels);
  const float* zeros = spare_row(maps.channels);
  for_each_tile<2>(maps, images, 0, dy, zeros, [&](int64_t tile, const float* const* pixels) {
    float* place = dm + tile * maps.channels;
    Gather<OutputSideAdjoint, 2>(hn::ScalableTag<float>(), pixels, 0, whole, place, plane);
    Gather<OutputSideAdjoint, 2>(kOne, pixels, whole, maps.channels, place, plane);
  });
}

#endif  // GTSA_PLAIN_TARGET
}  // namespace
}  // namespace gtsa::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gtsa::kernels {
HWY_EXPORT(Input);
HWY_EXPORT(InputAdjoint);
HWY_EXPORT(Output);
HWY_EXPORT(OutputAdjoint);

void winograd_input(const WinogradMaps& maps, ImageRange images, const float* x, float* v) {
  if (scalar_forced()) return reference::winograd_input(maps, images, x, v);
  HWY_DYNAMIC_DISPATCH(Input)(maps, images, x, v);
}

void winograd_input_adjoint(const WinogradMaps& maps, ImageRange images, const float* dv, float* dx) {
  if (scalar_forced()) return reference::winograd_input_adjoint(maps, images, dv, dx);
  HWY_DYNAMIC_DISPATCH(InputAdjoint)(maps, images, dv, dx);
}

void winograd_output(const WinogradMaps& maps, ImageRange images, const float* m, const float* bias, float* y) {
  if (scalar_forced()) return reference::winograd_output(maps, images, m, bias, y);
  HWY_DYNAMIC_DISPATCH(Output)(maps, images, m, bias, y);
}

void winograd_output_adjoint(const WinogradMaps& maps, ImageRange images, const float* dy, float* dm) {
  if (scalar_forced()) return reference::winograd_output_adjoint(maps, images, dy, dm);
  HWY_DYNAMIC_DISPATCH(OutputAdjoint)(maps, images, dy, dm);
}

namespace {

/// G: four rows of three.
constexpr float kWeightSide[4][3] = {{1, 0, 0}, {0.5F, 0.5F, 0.5F}, {0.5F, -0.5F, 0.5F}, {0, 0, 1}};
constexpr float kInputSide[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
constexpr float kOutputSide[2][4] = {{1, 1, 1, 0}, {0, 1, -1, -1}};

/// out[i][j] = sum over k, l of side[i][k] in[k][l] side[j][l], or with side transposed.
template <int I, int O, class Side>
void both_sides(const float* in, float* out, const Side& side) {
  float half[O * I];
  for (int i = 0; i < O; ++i) {
    for (int l = 0; l < I; ++l) {
      float sum = 0;
      for (int k = 0; k < I; ++k) sum += side(i, k) * in[k * I + l];
      half[i * I + l] = sum;
    }
  }
  for (int i = 0; i < O; ++i) {
    for (int j = 0; j < O; ++j) {
      float sum = 0;
      for (int l = 0; l < I; ++l) sum += half[i * I + l] * side(j, l);
      out[i * O + j] = sum;
    }
  }
}

template <int I, class Side>
void gather_plainly(const WinogradMaps& maps, ImageRange images, int64_t offset, const float* map, float* matrices,
                    const Side& side) {
  const int64_t plane = maps.tiles() * maps.channels;
  const float* zeros = spare_row(maps.channels);
  for_each_tile<I>(maps, images, offset, map, zeros, [&](int64_t tile, const float* const* pixels) {
    for (int64_t c = 0; c < maps.channels; ++c) {
      float in[I * I], out[16];
      for (int i = 0; i < I * I; ++i) in[i] = pixels[i][c];
      both_sides<I, 4>(in, out, side);
      for (int k = 0; k < 16; ++k) matrices[k * plane + tile * maps.channels + c] = out[k];
    }
  });
}

template <int O, class Side>
void scatter_plainly(const WinogradMaps& maps, ImageRange images, int64_t offset, const float* matrices,
                     const float* bias, float* map, const Side& side) {
  const int64_t plane = maps.tiles() * maps.channels;
  float* ignored = spare_row(maps.channels);
  for_each_tile<O>(maps, images, offset, map, ignored, [&](int64_t tile, float* const* pixels) {
    for (int64_t c = 0; c < maps.channels; ++c) {
      float in[16], out[O * O];
      for (int k = 0; k < 16; ++k) in[k] = matrices[k * plane + tile * maps.channels + c];
      both_sides<4, O>(in, out, side);
      for (int i = 0; i < O * O; ++i) pixels[i][c] = out[i] + (bias == nullptr ? pixels[i][c] : bias[c]);
    }
  });
}

}  // namespace

void winograd_weight(int64_t pairs, int64_t first, int64_t last, const float* weight, float* u) {
  for (int64_t pair = first; pair < last; ++pair) {
    float out[16];
    both_sides<3, 4>(weight + 9 * pair, out, [](int i, int k) { return kWeightSide[i][k]; });
    for (int k = 0; k < 16; ++k) u[k * pairs + pair] = out[k];
  }
}

void winograd_weight_adjoint(int64_t pairs, int64_t first, int64_t last, const float* du, float* dweight) {
  for (int64_t pair = first; pair < last; ++pair) {
    float in[16];
    for (int k = 0; k < 16; ++k) in[k] = du[k * pairs + pair];
    both_sides<4, 3>(in, dweight + 9 * pair, [](int i, int k) { return kWeightSide[k][i]; });
  }
}

namespace reference {

void winograd_input(const WinogradMaps& maps, ImageRange images, const float* x, float* v) {
  gather_plainly<4>(maps, images, 1, x, v, [](int i, int k) { return kInputSide[i][k]; });
}

void winograd_input_adjoint(const WinogradMaps& maps, ImageRange images, const float* dv, float* dx) {
  const int64_t values = maps.rows * maps.columns * maps.channels;
  std::fill(dx + images.first * values, dx + images.last * values, 0.0F);
  scatter_plainly<4>(maps, images, 1, dv, nullptr, dx, [](int i, int k) { return kInputSide[k][i]; });
}

void winograd_output(const WinogradMaps& maps, ImageRange images, const float* m, const float* bias, float* y) {
  scatter_plainly<2>(maps, images, 0, m, bias, y, [](int i, int k) { return kOutputSide[i][k]; });
}

void winograd_output_adjoint(const WinogradMaps& maps, ImageRange images, const float* dy, float* dm) {
  gather_plainly<2>(maps, images, 0, dy, dm, [](int i, int k) { return kOutputSide[k][i]; });
}

}  // namespace reference
}  // namespace gtsa::kernels
#endif  // HWY_ONCE
