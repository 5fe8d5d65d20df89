#pragma once
// What the numbers in a segmentation data set's label maps mean.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/image/label_map.h"

namespace gtsa::data {

/// Of a pixel that belongs to no class: training and scores pass it over.
inline constexpr int32_t kIgnored = -1;

/// From stored numbers to classes 0, 1, .. classes - 1.
struct LabelRule {
  int64_t classes = 0;      ///< at least 1
  bool reduce_zero = true;  ///< ADE20K's: 0 belongs to no class and k is class k - 1. Off: k is class k

  /// The largest stored number that is a class.
  constexpr int64_t largest() const { return reduce_zero ? classes : classes - 1; }
  /// True for a number that belongs to no class: 0 where it is reduced, and 255 where 255 is not a class's number.
  constexpr bool ignores(uint16_t stored) const {
    constexpr uint16_t kStoredIgnored = 255;
    return (reduce_zero && stored == 0) || (stored == kStoredIgnored && largest() < kStoredIgnored);
  }
  /// True for a number that means nothing: the label map belongs to another data set.
  constexpr bool is_beyond(uint16_t stored) const { return stored > largest() && !ignores(stored); }
  /// The class or kIgnored; `stored` is not beyond.
  constexpr int32_t class_of(uint16_t stored) const {
    return ignores(stored) ? kIgnored : static_cast<int32_t>(stored) - (reduce_zero ? 1 : 0);
  }
  /// Throws UsageError for a number of classes that 16 bits cannot hold.
  void check() const;
  /// "0 (not counted) to 150, and 255 (not counted)", for people.
  std::string range() const;
};

/// What is wrong with a label map's numbers: "label 151 on 12 pixels, first at (3, 7); labels are ..", of the first
/// label beyond in reading order. Empty if nothing is.
std::string fault_of(const image::LabelMap& map, const LabelRule& rule);

/// Throws Error with fault_of(), beginning with `name`, if there is one.
void require_labels(const image::LabelMap& map, const LabelRule& rule, std::string_view name);

/// The class of each pixel, row-major, or kIgnored. Throws as require_labels().
std::vector<int32_t> classes_of(const image::LabelMap& map, const LabelRule& rule,
                                std::string_view name = "the label map");

}  // namespace gtsa::data
