#pragma once
// The one field of EXIF that matters here.

#include <cstddef>
#include <span>

#include "core/image/image.h"

namespace gtsa::image {

/// Orientation (tag 0x0112 of the first directory) in a TIFF structure, with or without "Exif\0\0" before it: 1..8; 1
/// if it is absent, undefined or the structure is broken.
int exif_orientation(std::span<const std::byte> exif);

/// The picture as it is meant to be seen; `orientation` 1..8.
Image upright(Image image, int orientation);

}  // namespace gtsa::image
