#pragma once
// Colours for classes.

#include <array>
#include <cstdint>
#include <vector>

namespace gtsa::image {

/// Red, green, blue.
using Colour = std::array<uint8_t, 3>;

/// A colour for each of `classes` classes, all different, the same ones on every machine, the first those of any longer
/// list. The first fourteen can be told apart by the colour-blind (Okabe and Ito, "Color universal design", 2008; Tol,
/// "Colour schemes", 2021: bright and muted); the others spread over hue, saturation and lightness. Black and white are
/// left for what belongs to no class. At most 65,536.
std::vector<Colour> default_palette(int64_t classes);

}  // namespace gtsa::image
