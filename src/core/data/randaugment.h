#pragma once
// RandAugment (Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space", NeurIPS
// 2020) as timm 0.4 draws and does it: policies such as "rand-m9-mstd0.5-inc1".

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/rng.h"
#include "core/image/planes.h"
#include "core/image/resample.h"

namespace gtsa::data {

/// The operations, in the order in which they are drawn.
enum class Augmentation : uint8_t {
  auto_contrast,
  equalize,
  invert,
  rotate,
  posterize,
  solarize,
  solarize_add,
  color,
  contrast,
  brightness,
  sharpness,
  shear_x,
  shear_y,
  translate_x,
  translate_y,
};
inline constexpr size_t kAugmentations = 15;

/// What a policy's text says.
struct RandAugmentPolicy {
  int64_t operations = 2;   ///< n: drawn for each picture, with replacement
  double magnitude = 10;    ///< m: mean of the magnitudes
  double deviation = 0;     ///< mstd: of the magnitudes, normal about m; infinity: uniform in [0, m)
  double most = 10;         ///< mmax: magnitudes are clipped to [0, most]
  bool increasing = false;  ///< inc: a larger magnitude is a stronger operation for all of them
  bool operator==(const RandAugmentPolicy&) const = default;
};

/// "rand", then keys with numbers, each after a hyphen. Throws UsageError that names the key for one that is unknown,
/// stands there twice or has no such number, and for timm's weights (w).
RandAugmentPolicy parse_randaugment(std::string_view text);

/// timm's name: "SolarizeIncreasing" where the policy is increasing and the operation has two rules, else "Solarize".
std::string name_of(Augmentation operation, bool increasing);

/// True for operations whose argument may point either way: turns, shears and shifts, and blends of an increasing
/// policy.
bool is_signed(Augmentation operation, bool increasing);

/// The argument at a magnitude in 0..10, the other way round if `negated` and the operation is signed: degrees, bits to
/// keep, threshold, summand, blend factor, shear, share of the picture's side; 0 where there is none.
double argument_of(Augmentation operation, bool increasing, double magnitude, bool negated);

/// One operation with its argument.
struct AugmentationStep {
  Augmentation operation = Augmentation::auto_contrast;
  double argument = 0;
  bool operator==(const AugmentationStep&) const = default;
};

/// What is drawn for one operation.
struct AugmentationDraw {
  Augmentation operation = Augmentation::auto_contrast;
  double skip = 0;       ///< uniform in [0, 1): above one half the operation is left out
  double magnitude = 0;  ///< not yet clipped
  double negate = 0;     ///< uniform in [0, 1): above one half a signed argument is negated
};

/// The step of a draw; none if it is left out.
std::optional<AugmentationStep> step_of(const AugmentationDraw& draw, const RandAugmentPolicy& policy);

/// The steps of one picture, at most as many as the policy has operations. Every draw is made, used or not.
std::vector<AugmentationStep> draw_randaugment(Rng& rng, const RandAugmentPolicy& policy);

/// What lies outside a picture that is turned, sheared or shifted: ImageNet's mean colour.
inline constexpr std::array<uint8_t, 3> kAugmentationFill{124, 116, 104};

/// Does one step. Scratch memory stays with the thread.
void execute(const AugmentationStep& step, image::Filter filter, image::Planes& view);

}  // namespace gtsa::data
