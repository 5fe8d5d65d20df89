#include "core/data/randaugment.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "core/base/error.h"
#include "core/image/affine.h"
#include "core/image/colour.h"
#include "core/image/tone.h"

namespace gtsa::data {
namespace {

using enum Augmentation;

constexpr double kScale = 10;  ///< of magnitudes: an operation's full strength

struct Named {
  const char* name;
  bool two_rules;  ///< one for increasing policies, one for others
};
constexpr std::array<Named, kAugmentations> kNames{{
    {"AutoContrast", false},
    {"Equalize", false},
    {"Invert", false},
    {"Rotate", false},
    {"Posterize", true},
    {"Solarize", true},
    {"SolarizeAdd", false},
    {"Color", true},
    {"Contrast", true},
    {"Brightness", true},
    {"Sharpness", true},
    {"ShearX", false},
    {"ShearY", false},
    {"TranslateXRel", false},
    {"TranslateYRel", false},
}};

bool is_blend(Augmentation operation) {
  return operation == color || operation == contrast || operation == brightness || operation == sharpness;
}

double number_of(std::string_view text, std::string_view value, std::string_view part) {
  double number = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failed != std::errc() || end != value.data() + value.size() || !std::isfinite(number) || number < 0) {
    throw UsageError("RandAugment policy \"{}\": \"{}\" is no key with a number", text, part);
  }
  return number;
}

double whole_number_of(std::string_view text, std::string_view value, std::string_view part, double least,
                       double most) {
  const double number = number_of(text, value, part);
  if (number != std::floor(number) || number < least || number > most) {
    throw UsageError("RandAugment policy \"{}\": \"{}\" wants a whole number from {} to {}", text, part, least, most);
  }
  return number;
}

void read_key(std::string_view text, std::string_view part, RandAugmentPolicy& policy) {
  constexpr double kDeviationMeansUniform = 100;
  const size_t digits = std::min(part.find_first_of("0123456789"), part.size());
  const std::string_view key = part.substr(0, digits), value = part.substr(digits);
  if (key == "m") {
    policy.magnitude = whole_number_of(text, value, part, 0, kScale);
  } else if (key == "mmax") {
    policy.most = whole_number_of(text, value, part, 0, kScale);
  } else if (key == "mstd") {
    policy.deviation = number_of(text, value, part);
    if (policy.deviation > kDeviationMeansUniform) policy.deviation = std::numeric_limits<double>::infinity();
  } else if (key == "n") {
    policy.operations = static_cast<int64_t>(whole_number_of(text, value, part, 1, 100));
  } else if (key == "inc") {
    number_of(text, value, part);
    policy.increasing = true;  // timm looks whether there is a text behind the key: inc0 says the same as inc1
  } else if (key == "w") {
    throw UsageError("RandAugment policy \"{}\": weighted choices (\"{}\") are not offered", text, part);
  } else {
    throw UsageError("RandAugment policy \"{}\": there is no key \"{}\"; known are m, mmax, mstd, n and inc", text,
                     key.empty() ? part : key);
  }
}

}  // namespace

RandAugmentPolicy parse_randaugment(std::string_view text) {
  RandAugmentPolicy policy;
  std::set<std::string_view> seen;
  size_t begin = 0;
  for (bool first = true; begin <= text.size(); first = false) {
    const size_t end = std::min(text.find('-', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    begin = end + 1;
    if (first) {
      if (part != "rand") throw UsageError("a RandAugment policy begins with \"rand\", not \"{}\"", text);
      continue;
    }
    read_key(text, part, policy);
    if (!seen.insert(part.substr(0, part.find_first_of("0123456789"))).second) {
      throw UsageError("RandAugment policy \"{}\": the key of \"{}\" stands there twice", text, part);
    }
  }
  return policy;
}

std::string name_of(Augmentation operation, bool increasing) {
  const Named& named = kNames.at(static_cast<size_t>(operation));
  return std::string(named.name) + (increasing && named.two_rules ? "Increasing" : "");
}

bool is_signed(Augmentation operation, bool increasing) {
  switch (operation) {
    case rotate:
    case shear_x:
    case shear_y:
    case translate_x:
    case translate_y:
      return true;
    default:
      return increasing && is_blend(operation);
  }
}

double argument_of(Augmentation operation, bool increasing, double magnitude, bool negated) {
  const double share = magnitude / kScale;
  const double sign = negated ? -1 : 1;
  switch (operation) {
    case auto_contrast:
    case equalize:
    case invert:
      return 0;
    case rotate:
      return sign * (share * 30);
    case posterize:
      return increasing ? 4 - std::trunc(share * 4) : std::trunc(share * 4);
    case solarize:
      return increasing ? 256 - std::trunc(share * 256) : std::trunc(share * 256);
    case solarize_add:
      return std::trunc(share * 110);
    case color:
    case contrast:
    case brightness:
    case sharpness:
      return increasing ? std::max(0.1, 1.0 + sign * (share * 0.9)) : share * 1.8 + 0.1;
    case shear_x:
    case shear_y:
      return sign * (share * 0.3);
    case translate_x:
    case translate_y:
      return sign * (share * 0.45);
  }
  GTSA_CHECK(false, "an operation is one of {}, not {}", kAugmentations, static_cast<int>(operation));
}

std::optional<AugmentationStep> step_of(const AugmentationDraw& draw, const RandAugmentPolicy& policy) {
  if (draw.skip > 0.5) return std::nullopt;
  const double magnitude = std::clamp(draw.magnitude, 0.0, policy.most);
  return AugmentationStep{draw.operation, argument_of(draw.operation, policy.increasing, magnitude, draw.negate > 0.5)};
}

std::vector<AugmentationStep> draw_randaugment(Rng& rng, const RandAugmentPolicy& policy) {
  std::vector<AugmentationStep> steps;
  for (int64_t i = 0; i < policy.operations; ++i) {
    AugmentationDraw draw;
    draw.operation = static_cast<Augmentation>(rng.below(kAugmentations));
    draw.skip = rng.uniform();
    const double normal = rng.normal(), share = rng.uniform();
    draw.magnitude =
        std::isinf(policy.deviation) ? policy.magnitude * share : policy.magnitude + policy.deviation * normal;
    draw.negate = rng.uniform();
    if (const auto step = step_of(draw, policy)) steps.push_back(*step);
  }
  return steps;
}

void execute(const AugmentationStep& step, image::Filter filter, image::Planes& view) {
  const double argument = step.argument;
  const auto whole = [&] { return static_cast<int>(argument); };
  const auto factor = [&] { return static_cast<float>(argument); };
  switch (step.operation) {
    case auto_contrast:
      return image::autocontrast(view);
    case equalize:
      return image::equalize(view);
    case invert:
      return image::invert(view);
    case rotate:
      return image::rotate(view, argument, filter, kAugmentationFill);
    case posterize:
      return image::posterize(view, whole());
    case solarize:
      return image::solarize(view, whole());
    case solarize_add:
      return image::solarize_add(view, whole());
    case color:
      return image::adjust_saturation(view, factor());
    case contrast:
      return image::adjust_contrast(view, factor());
    case brightness:
      return image::adjust_brightness(view, factor());
    case sharpness:
      return image::adjust_sharpness(view, factor());
    case shear_x:
      return image::shear_x(view, argument, filter, kAugmentationFill);
    case shear_y:
      return image::shear_y(view, argument, filter, kAugmentationFill);
    case translate_x:
      return image::translate_x(view, argument * static_cast<double>(view.width()), filter, kAugmentationFill);
    case translate_y:
      return image::translate_y(view, argument * static_cast<double>(view.height()), filter, kAugmentationFill);
  }
}

}  // namespace gtsa::data
