#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/kernels/resample.h"

namespace gtsa::kernels {
namespace {

constexpr int kPrecision = 22;  // 32 bits less 8 of the pixel and 2 of head room for negative lobes
constexpr int kLowBits = 15;

double triangle(double x) { return std::max(1.0 - std::abs(x), 0.0); }

double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

int32_t fixed_point(double weight) {
  return static_cast<int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << kPrecision));
}

/// One part of every weight; on its own, the loop is one that compilers make vectors of.
template <class Part, class Split>
void take_part(const std::vector<int32_t>& weights, Split split, std::vector<Part>& parts) {
  parts.resize(weights.size());
  const int32_t* from = weights.data();
  Part* to = parts.data();
  for (size_t i = 0, count = weights.size(); i < count; ++i) to[i] = static_cast<Part>(split(from[i]));
}

void split_weights(ResampleAxis& axis) {
  constexpr int32_t mask = (1 << kLowBits) - 1;
  take_part(
      axis.weights, [](int32_t weight) { return weight & mask; }, axis.low);
  take_part(
      axis.weights, [](int32_t weight) { return weight >> kLowBits; }, axis.high);
  // What a digit takes away for being signed, the next gets back by the 128 added.
  take_part(
      axis.weights, [](int32_t weight) { return weight; }, axis.digits[0]);
  take_part(
      axis.weights, [](int32_t weight) { return (weight + 128) >> 8; }, axis.digits[1]);
  take_part(
      axis.weights, [](int32_t weight) { return (((weight + 128) >> 8) + 128) >> 8; }, axis.digits[2]);
}

uint8_t clip8(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kPrecision, 0, 255)); }

/// Fills first, count and weights of outputs from `begin` on.
template <class Kernel>
void take_taps(int64_t inputs, double scale, int64_t begin, double support, Kernel kernel, ResampleAxis& axis) {
  const double step = 1.0 / std::max(scale, 1.0);
  std::vector<double> row(static_cast<size_t>(axis.capacity));
  for (int64_t o = 0; o < axis.outputs; ++o) {
    const double centre = (static_cast<double>(begin + o) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(static_cast<int64_t>(centre - support + 0.5), 0);
    const int64_t count = std::min(static_cast<int64_t>(centre + support + 0.5), inputs) - first;
    double sum = 0;
    for (int64_t x = 0; x < count; ++x) {
      row[static_cast<size_t>(x)] = kernel((static_cast<double>(x + first) - centre + 0.5) * step);
      sum += row[static_cast<size_t>(x)];
    }
    if (sum == 0) sum = 1;
    axis.first[static_cast<size_t>(o)] = static_cast<int32_t>(first);
    axis.count[static_cast<size_t>(o)] = static_cast<int32_t>(count);
    int32_t* weights = axis.weights.data() + o * axis.capacity;
    for (int64_t x = 0; x < count; ++x) weights[x] = fixed_point(row[static_cast<size_t>(x)] / sum);
  }
}

}  // namespace

ResampleAxis resample_axis(int64_t inputs, int64_t outputs, Filter filter) {
  return resample_axis(inputs, outputs, 0, outputs, filter);
}

ResampleAxis resample_axis(int64_t inputs, int64_t outputs, int64_t begin, int64_t end, Filter filter) {
  GTSA_CHECK(inputs >= 1 && 0 <= begin && begin < end && end <= outputs, "an axis has samples: {} to {}..{} of {}",
             inputs, begin, end, outputs);
  const double scale = static_cast<double>(inputs) / static_cast<double>(outputs);
  const double support = (filter == Filter::bilinear ? 1.0 : 2.0) * std::max(scale, 1.0);

  ResampleAxis axis;
  axis.outputs = end - begin;
  axis.capacity = (static_cast<int64_t>(std::ceil(support)) * 2 + 1 + 3) / 4 * 4;
  const auto taps = static_cast<size_t>(axis.outputs * axis.capacity);
  axis.first.resize(static_cast<size_t>(axis.outputs));
  axis.count.resize(static_cast<size_t>(axis.outputs));
  axis.weights.resize(taps);
  if (filter == Filter::bilinear) {
    take_taps(
        inputs, scale, begin, support, [](double x) { return triangle(x); }, axis);
  } else {
    take_taps(
        inputs, scale, begin, support, [](double x) { return cubic(x); }, axis);
  }
  split_weights(axis);
  return axis;
}

namespace reference {

void resample_columns(const uint8_t* in, ptrdiff_t in_stride, int64_t row_bytes, const ResampleAxis& axis, uint8_t* out,
                      ptrdiff_t out_stride) {
  for (int64_t o = 0; o < axis.outputs; ++o) {
    const uint8_t* first_row = in + axis.first[static_cast<size_t>(o)] * in_stride;
    const int32_t* weights = axis.weights.data() + o * axis.capacity;
    for (int64_t x = 0; x < row_bytes; ++x) {
      int32_t sum = 1 << (kPrecision - 1);
      for (int64_t y = 0; y < axis.count[static_cast<size_t>(o)]; ++y) sum += weights[y] * first_row[y * in_stride + x];
      out[o * out_stride + x] = clip8(sum);
    }
  }
}

}  // namespace reference
}  // namespace gtsa::kernels
