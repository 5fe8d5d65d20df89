#pragma once
// Cross-entropy at pixels whose logits are interpolated between those of patches: a row of pixels at a time, so that
// the logits of all pixels (150 floats each) never exist. Levels agree to rounding.

#include <cstdint>

namespace gtsa::kernels {

/// Classes are padded to a multiple of this with kNoClass, a logit that no pixel can have: no vector is cut.
inline constexpr int64_t kClassMultiple = 16;
inline constexpr float kNoClass = -1e30F;

/// A row of pixels over a row of patches: pixel x lies between two, (1 - weight[x]) * [first[x]] + weight[x] *
/// [second[x]].
struct PixelRow {
  const float* logits = nullptr;    ///< [columns, classes], the columns that first and second name
  int64_t classes = 0;              ///< a multiple of kClassMultiple, padding included
  const int64_t* first = nullptr;   ///< [pixels]
  const int64_t* second = nullptr;  ///< [pixels]
  const float* weight = nullptr;    ///< [pixels]
  const int32_t* labels = nullptr;  ///< [pixels]; a pixel with a negative one does not count
  int64_t pixels = 0;
};

/// Of pixels that count.
struct PixelSums {
  double loss = 0;      ///< sum of -log softmax(logits)[label]
  int64_t correct = 0;  ///< pixels of which no logit is above the label's
  int64_t labelled = 0;
};

/// Adds a row to `sums`, and d(loss) / d(logits) to `gradient` [columns, classes], which may be null. `scratch`
/// [classes].
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
