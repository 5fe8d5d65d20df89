#pragma once
// Weighted sums of a few rows each: what resampling does along an axis, with all channels of a place side by side, and
// what is asked of the sums: the largest channel, or shares that add up to 1.

#include <cstdint>
#include <span>
#include <vector>

namespace gtsa::kernels {

/// Which rows of a source each output is made of. Output i takes index[k] with weight[k] for k in [first[i],
/// first[i + 1]), one at least.
struct Taps {
  std::vector<int64_t> first{0};
  std::vector<int64_t> index;
  std::vector<float> weight;

  int64_t size() const { return static_cast<int64_t>(first.size()) - 1; }
  std::span<const int64_t> indices(int64_t i) const;
  std::span<const float> weights(int64_t i) const;
  /// Begins the next output once those of this one are added.
  void add(int64_t source, float share);
  void finish() { first.push_back(static_cast<int64_t>(index.size())); }
};

/// out[(i - begin) * width + x] = sum over the taps k of output i, in their order, of weight[k] * in[index[k] * width +
/// x], for i in [begin, end) and x in [0, width).
void mix(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, float* out);

/// The place of the largest of the `width` sums that mix() gives for each output i in [begin, end), the first of
/// equals; a NaN is never the largest. Width 1 to 65,536.
void mix_and_find_largest(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, uint16_t* out);

/// Of each of `rows` rows of `width` numbers: out[x] += share * exp(in[x]) / (the row's sum of exp). The vector
/// version's exponential is Highway's (within 1 ulp).
void add_softmax(const float* in, int64_t rows, int64_t width, float share, float* out);

namespace reference {
void mix(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, float* out);
void mix_and_find_largest(const float* in, int64_t width, const Taps& taps, int64_t begin, int64_t end, uint16_t* out);
void add_softmax(const float* in, int64_t rows, int64_t width, float share, float* out);
}  // namespace reference

}  // namespace gtsa::kernels
