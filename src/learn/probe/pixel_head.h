#pragma once
// A linear layer on frozen patch features that is trained and judged at pixels: logits of patches are interpolated to
// the pixels of the label map, where cross-entropy is taken. Layer and interpolation are both linear, so the layer runs
// on patches (64 times fewer than pixels at patch 8) and the interpolation on its few logits; the gradient goes back
// the same way.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/geometry/interpolation.h"
#include "core/geometry/types.h"
#include "learn/nn/ops.h"

namespace gtsa::probe {

/// Label of a pixel that does not count. Class c has label c + 1.
inline constexpr uint8_t kUnlabelled = 0;

/// Frozen features and labels of pictures of one size.
struct PixelSet {
  nn::Grid grid;                ///< of patches
  Size pixels;                  ///< of a label map
  at::Tensor features;          ///< F32 [n, T, C]
  std::vector<uint8_t> labels;  ///< [n, height, width]: 0 not counted, c + 1 for class c

  int64_t pictures() const { return features.size(0); }
  int64_t pixels_each() const { return pixels.width * pixels.height; }
  std::span<const uint8_t> labels_of(int64_t picture) const {
    return std::span(labels).subspan(static_cast<size_t>(picture * pixels_each()), static_cast<size_t>(pixels_each()));
  }
};

/// Bilinear interpolation with half-pixel centres and clamped edges (align_corners = false) from a grid to pixels.
class PixelMap {
 public:
  PixelMap(nn::Grid grid, Size pixels, int64_t classes);

  /// d(sum over labelled pixels of cross-entropy) / d(logits). logits, gradient: [T, classes]. The gradient is
  /// overwritten.
  void cross_entropy_gradient(const float* logits, std::span<const uint8_t> labels, float* gradient) const;
  /// The class of the highest interpolated logit of each pixel (ties: the lowest class), row by row.
  void predict(const float* logits, std::span<int64_t> classes) const;

 private:
  /// Logits [T, classes] -> [classes, rows, width]: along x only.
  void widen(const float* logits, float* wide) const;
  /// [classes, rows, width] -> logits [classes, end - begin, width] of pixel rows [begin, end).
  void interpolate_rows(const float* wide, int64_t begin, int64_t end, float* strip) const;

  nn::Grid grid_;
  Size pixels_;
  int64_t classes_;
  geometry::Interpolation down_, across_;
};

struct PixelHeadOptions {
  int64_t epochs = 30;
  int64_t batch = 32;  ///< pictures; an epoch's last batch may be smaller
  double lr = 3e-3;    ///< constant
  double weight_decay = 1e-4;
  uint64_t seed = 0;    ///< of weights and order
  uint64_t repeat = 0;  ///< which of several heads with this seed
};

struct PixelHead {
  at::Tensor weight;  ///< F32 [classes, C]
  at::Tensor bias;    ///< F32 [classes]
};

/// Weights and biases start uniform within +-1/sqrt(C); pictures in a new order each epoch; AdamW with the framework's
/// defaults on the mean cross-entropy over a batch's labelled pixels. The same for the same options, features, threads
/// and BLAS.
PixelHead train_pixel_head(const PixelSet& set, int64_t classes, const PixelHeadOptions& options);

}  // namespace gtsa::probe
