#pragma once
// Cross-entropy at pixels whose logits are interpolated between those of patches: a row of pixels at a time, so that the
// logits of all pixels (150 floats each) never exist. Levels agree to rounding.

#include <cstdint>
#include <vector>

namespace gtsa::kernels {

/// A sample between two others: (1 - weight) * [first] + weight * [second].
struct Tap {
  int64_t first = 0;
  int64_t second = 0;
  float weight = 0;
};

/// Bilinear interpolation with half-pixel centres and clamped edges (align_corners = false, no antialiasing) of `in`
/// samples at `out` places, ascending. In float32, as LibTorch computes it.
std::vector<Tap> bilinear_taps(int64_t in, int64_t out);

/// Classes are padded to a multiple of this with kNoClass, a logit that no pixel can have: no vector is cut.
inline constexpr int64_t kClassMultiple = 16;
inline constexpr float kNoClass = -1e30F;

/// A row of pixels over a row of patches.
struct PixelRow {
  const float* logits = nullptr;  ///< [columns, classes], the columns that the taps name
  int64_t classes = 0;            ///< a multiple of kClassMultiple, padding included
  const Tap* taps = nullptr;      ///< [pixels]
  const int32_t* labels = nullptr;  ///< [pixels]; a pixel with a negative one does not count
  int64_t pixels = 0;
};

/// Of pixels that count.
struct PixelSums {
  double loss = 0;      ///< sum of -log softmax(logits)[label]
  int64_t correct = 0;  ///< pixels of which no logit is above the label's
  int64_t labelled = 0;
};

/// Adds a row to `sums`, and d(loss) / d(logits) to `gradient` [columns, classes], which may be null. `scratch` [classes].
void add_pixel_losses(const PixelRow& row, float* scratch, float* gradient, PixelSums& sums);

/// y = (1 - weight) * a + weight * b.
void blend(const float* a, const float* b, float weight, int64_t n, float* y);
/// y += weight * x.
void add_scaled(const float* x, float weight, int64_t n, float* y);

/// The formulas in double.
namespace reference {
void add_pixel_losses(const PixelRow& row, float* scratch, float* gradient, PixelSums& sums);
void blend(const float* a, const float* b, float weight, int64_t n, float* y);
void add_scaled(const float* x, float weight, int64_t n, float* y);
}  // namespace reference

}  // namespace gtsa::kernels
