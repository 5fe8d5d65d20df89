// Any bytes are COCO's annotations or refused with a reason. What is taken fits together, and its masks can be made.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/base/error.h"
#include "core/data/coco_json.h"

namespace {

using namespace gtsa;

// Large enough for polygons to leave it, small enough to be cheap.
constexpr Size kPicture{40, 30};

void check_masks(const data::CocoRecords& records) {
  for (const data::CocoAnnotationRecord& annotation : records.annotations) {
    for (const geometry::Polygon& polygon : annotation.polygons) {
      const geometry::RunLengthMask mask = geometry::polygon_mask(polygon, kPicture);
      if (mask.size() != kPicture || geometry::area(mask) > kPicture.width * kPicture.height) std::abort();
    }
    if (!annotation.runs) continue;
    const geometry::RunLengthMask& runs = *annotation.runs;
    if (geometry::mask_from_string(geometry::mask_string(runs), runs.size()) != runs) std::abort();
  }
}

void read(std::span<const std::byte> bytes, data::CocoAbout about) {
  try {
    const data::CocoRecords records = data::parse_coco_json(bytes, about, [](std::string_view, const std::string&) {});
    check_masks(records);
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  read(bytes, data::CocoAbout::objects);
  read(bytes, data::CocoAbout::pictures);
  return 0;
}
