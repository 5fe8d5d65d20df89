#pragma once
// Binary masks as run lengths, in COCO's form: what annotations store and what its evaluation compares. Pure functions.
//
// Runs go down each column and then to the next (column-major), alternately of zeros and of ones, starting with zeros
// (spec: detection, section 5). Byte masks beside them are row-major, [height, width], any value but 0 counting as one.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/geometry/types.h"

namespace gtsa::geometry {

/// A mask of height x width pixels. Kept in its one shortest form: only counts[0] may be 0, and all counts add up to
/// height * width. Equal masks are therefore equal values.
struct RunLengthMask {
  int64_t height = 0;
  int64_t width = 0;
  std::vector<uint32_t> counts;

  Size size() const { return {width, height}; }
  bool operator==(const RunLengthMask&) const = default;
};

/// Pixels that a mask may have at most; counts are 32 bits wide.
inline constexpr int64_t kMaxMaskPixels = UINT32_MAX;

/// A box in pixels, as COCO writes it: columns [x, x + width), rows [y, y + height).
struct BoxXywh {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  bool operator==(const BoxXywh&) const = default;
};

/// Builds a mask run by run, joining runs of the same value and leaving out empty ones. Runs go down the columns.
class RunLengthBuilder {
 public:
  /// Throws Error if `size` has no pixels or more than kMaxMaskPixels.
  explicit RunLengthBuilder(Size size);
  /// The next `length` pixels have this value; together no more than the mask has.
  void add(bool value, int64_t length);
  int64_t missing() const { return missing_; }
  /// The mask; what is missing is zeros.
  RunLengthMask finish();

 private:
  RunLengthMask mask_;
  int64_t missing_;
};

/// A byte mask of `size`.
RunLengthMask encode_mask(std::span<const uint8_t> mask, Size size);
/// The same of a mask that covers `window` of a picture of `size`, zeros around it: costs what the window costs. The
/// window lies inside the picture; it may be empty.
RunLengthMask encode_mask(std::span<const uint8_t> mask, Rect window, Size size);
/// The byte mask (0 and 1), height * width bytes.
std::vector<uint8_t> decode_mask(const RunLengthMask& mask);
/// Writes the part `window`, which lies inside the mask: window.height * window.width bytes.
void decode_mask(const RunLengthMask& mask, Rect window, std::span<uint8_t> out);

/// From a file's uncompressed runs. Throws Error where they do not add up to the size.
RunLengthMask mask_from_counts(std::span<const uint64_t> counts, Size size);
/// From COCO's compressed string. Throws Error (with the character's place) for anything but whole runs that add up to
/// the size: a strange character, a number cut short or too long, a negative run, a wrong sum.
RunLengthMask mask_from_string(std::string_view text, Size size);
/// COCO's compressed string.
std::string mask_string(const RunLengthMask& mask);

/// Pixels that are one.
int64_t area(const RunLengthMask& mask);
/// The smallest rectangle around the ones; all zero if there are none.
Rect bounds(const RunLengthMask& mask);
RunLengthMask united(const RunLengthMask& a, const RunLengthMask& b);
RunLengthMask intersected(const RunLengthMask& a, const RunLengthMask& b);
/// Of a whole list, at least one.
RunLengthMask united(std::span<const RunLengthMask> masks);
RunLengthMask intersected(std::span<const RunLengthMask> masks);
/// Pixels that both have, without building the mask.
int64_t common_area(const RunLengthMask& a, const RunLengthMask& b);

/// Intersection over union; where `truth` is a crowd, over the detection's area alone. 0 if they do not meet. The masks
/// are of one size.
double iou(const RunLengthMask& detection, const RunLengthMask& truth, bool truth_is_crowd);
double iou(const BoxXywh& detection, const BoxXywh& truth, bool truth_is_crowd);

}  // namespace gtsa::geometry
