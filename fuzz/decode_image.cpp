// Any bytes are a picture, a label map or an ImageError.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/image/decode.h"
#include "core/image/label_map.h"

namespace {

using namespace gtsa::image;

// Small enough for a decoder that allocates by its header to stay cheap.
constexpr int64_t kMaxPixels = 1 << 18;

void check_picture(std::span<const std::byte> bytes) {
  const Image upright = decode(bytes, {.max_pixels = kMaxPixels});
  const Image stored = decode(bytes, {.max_pixels = kMaxPixels, .apply_exif = false});
  if (!looks_like_a_picture(bytes.first(std::min(bytes.size(), kMagicBytes)))) std::abort();
  if (stored.width() * stored.height() > kMaxPixels) std::abort();
  if (upright.width() * upright.height() != stored.width() * stored.height()) std::abort();
}

void check_labels(std::span<const std::byte> bytes) {
  const LabelMap map = decode_label_map(bytes, kMaxPixels);
  if (std::ssize(map.values) != map.width * map.height) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    check_picture(bytes);
  } catch (const ImageError&) {
  }
  try {
    check_labels(bytes);
  } catch (const ImageError&) {
  }
  return 0;
}
