#pragma once
// 8-bit pixels -> what the network sees.

#include <array>
#include <span>

#include "core/geometry/types.h"
#include "core/image/image.h"
#include "core/image/planes.h"

namespace gtsa::image {

/// Mean and standard deviation of each channel, R G B, of values in [0, 1].
struct Normalization {
  std::array<float, 3> mean{0.485f, 0.456f, 0.406f};
  std::array<float, 3> std{0.229f, 0.224f, 0.225f};
};

/// out[c][y][x] = (pixel / 255 - mean[c]) / std[c] in float32, in this order of operations. `chw` holds 3 * height *
/// width values. The default is ImageNet's.
void normalize_into(const Image& image, std::span<float> chw, const Normalization& normalization = {});

/// The same of the view turned (turn.h), without making that picture.
void normalize_turned_into(const Planes& view, Turn turn, std::span<float> chw,
                           const Normalization& normalization = {});

/// Mean and standard deviation of each channel, R G B, of levels 0..255.
struct LevelNormalization {
  std::array<float, 3> mean{123.675f, 116.28f, 103.53f};
  std::array<float, 3> std{58.395f, 57.12f, 57.375f};
};

/// out[c][y][x] = (level - mean[c]) * (1 / std[c]), the difference in float32 and the product in float64 before it is
/// stored: mmcv's rule for its dense tasks, bit for bit with OpenCV. 0 to the right of the view and below it. `chw`
/// holds 3 * padded.height * padded.width values.
void normalize_levels_into(const Planes& view, Size padded, std::span<float> chw,
                           const LevelNormalization& normalization = {});

}  // namespace gtsa::image
