#pragma once
// Sizes of pictures that are resized and keep their ratio.

#include "core/geometry/types.h"

namespace gtsa::geometry {

/// The largest size of the picture's ratio whose longer side is at most the longer side of `scale` and whose shorter
/// side at most the shorter one; enlarges too. The order of float64 operations is mmcv's (rescale_size). At least one
/// pixel a side, where the original fails on very long pictures.
Size rescaled(Size picture, Size scale);

/// Both sides times `ratio`, rounded down, at least 1: mmsegmentation's scales of a base scale.
Size scaled(Size scale, double ratio);

}  // namespace gtsa::geometry
