#pragma once
// How rich a picture is: two plain figures by which synthetic scenes are held against photographs.

#include "core/image/image.h"

namespace gtsa::synth {

struct PictureStatistics {
  double edge_density = 0;    ///< 0..1
  double colour_entropy = 0;  ///< bits, 0..9
};

/// Edge density: the share of inner pixels at which the Sobel gradient of luma (0.299 R + 0.587 G + 0.114 B, 0..255;
/// kernels [1 2 1] x [-1 0 1] / 4, so that a step of 1 a pixel counts 2) is longer than 40. Colour entropy: that of the
/// histogram with 8 x 8 x 8 equal cells of RGB, in bits. Sides at least 3.
PictureStatistics measure(const image::Image& image);

/// The same of the picture when its shorter side is brought to `side` pixels (antialiased bilinear, never up): only
/// pictures of one size can be compared.
PictureStatistics measure_at(const image::Image& image, int64_t side);

}  // namespace gtsa::synth
