#include "core/image/label_colours.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/error.h"

namespace gtsa::image {
namespace {

constexpr Colour kFirst[] = {
    // Okabe and Ito, without black.
    {0, 114, 178},
    {230, 159, 0},
    {0, 158, 115},
    {204, 121, 167},
    {86, 180, 233},
    {213, 94, 0},
    {240, 228, 66},
    // Tol, "muted" and "bright", what is far from those above.
    {51, 34, 136},
    {136, 34, 85},
    {153, 153, 51},
    {170, 68, 153},
    {17, 119, 51},
    {238, 102, 119},
    {187, 187, 187},
};

/// Smith, "Color gamut transform pairs", SIGGRAPH 1978; all in [0, 1).
Colour colour_of(double hue, double saturation, double value) {
  const auto channel = [&](double place) {
    const double k = std::fmod(place + 6 * hue, 6);
    const double share = value * (1 - saturation * std::clamp(std::min(k, 4 - k), 0.0, 1.0));
    return static_cast<uint8_t>(std::lrint(255 * share));
  };
  return {channel(5), channel(3), channel(1)};
}

}  // namespace

std::vector<Colour> default_palette(int64_t classes) {
  constexpr int64_t kMost = 65'536;
  GTSA_CHECK(classes >= 0 && classes <= kMost, "{} classes have colours", classes);
  std::vector<Colour> palette(std::begin(kFirst), std::end(kFirst));
  std::set<Colour> taken(palette.begin(), palette.end());
  taken.insert({{0, 0, 0}, {255, 255, 255}});
  // Multiples of the inverses of the plastic number's three-dimensional kin never fill a lattice: each next point falls
  // where the earlier ones left room (Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018).
  constexpr double kSteps[] = {0.8191725133961645, 0.6710436067037893, 0.5497004779019703};
  constexpr double kLeastSaturation = 0.35, kLeastValue = 0.4;
  for (int64_t i = 1; std::ssize(palette) < classes; ++i) {
    const auto share = [&](int axis) { return std::fmod(static_cast<double>(i) * kSteps[axis], 1.0); };
    const Colour colour = colour_of(share(0), kLeastSaturation + (1 - kLeastSaturation) * share(1),
                                    kLeastValue + (1 - kLeastValue) * share(2));
    if (taken.insert(colour).second) palette.push_back(colour);
  }
  palette.resize(static_cast<size_t>(classes));
  return palette;
}

}  // namespace gtsa::image
