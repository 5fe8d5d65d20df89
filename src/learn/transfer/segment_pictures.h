#pragma once
// Segmented photographs to look at.

#include <cstdint>
#include <span>
#include <vector>

#include "core/image/image.h"
#include "core/image/label_map.h"
#include "learn/transfer/segmenter_file.h"

namespace gtsa::transfer {

/// One colour a class: those that the data set brought, else image::default_palette.
std::vector<Colour> palette_of(const SegmentClasses& classes);

/// The photograph with the colour of each pixel's class laid over it; as it is where the class is negative. `classes`:
/// row-major, one a pixel.
image::Image overlay(const image::Image& photo, std::span<const int32_t> classes, std::span<const Colour> palette);
image::Image overlay(const image::Image& photo, const image::LabelMap& classes, std::span<const Colour> palette);

/// The longer side at most `longest`; a smaller size stays.
Size shown_size(Size size, int64_t longest);

}  // namespace gtsa::transfer
