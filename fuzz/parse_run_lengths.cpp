// Any string is a mask of the size that the first two bytes give, or refused with a reason. A mask comes back the same
// in every form, and its outline gives it back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/error.h"
#include "core/geometry/masks.h"
#include "core/geometry/polygon.h"

namespace {

using namespace gtsa;
using namespace gtsa::geometry;

void check(const RunLengthMask& mask) {
  if (mask_from_string(mask_string(mask), mask.size()) != mask) std::abort();
  if (encode_mask(decode_mask(mask), mask.size()) != mask) std::abort();
  const auto polygons = outline(mask);
  if (polygons.empty() != (area(mask) == 0)) std::abort();
  if (!polygons.empty() && polygons_mask(polygons, mask.size()) != mask) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  // Also tried as one run a byte, so that masks are met often.
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Size pixels{data[0], data[1]};
  try {
    check(mask_from_string(text, pixels));
  } catch (const Error&) {
  }
  try {
    const std::vector<uint64_t> counts(data + 2, data + size);
    check(mask_from_counts(counts, pixels));
  } catch (const Error&) {
  }
  return 0;
}
