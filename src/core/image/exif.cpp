#include "core/image/exif.h"

#include <cstdint>
#include <cstring>
#include <optional>

#include "core/base/error.h"
#include "core/image/turn.h"

namespace gtsa::image {
namespace {

/// Numbers of a TIFF structure in its own byte order; absent where they would lie outside.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool has_header() {
    if (bytes_.size() < 8) return false;
    const bool little = std::memcmp(bytes_.data(), "II*\0", 4) == 0;
    big_ = std::memcmp(bytes_.data(), "MM\0*", 4) == 0;
    return little || big_;
  }

  std::optional<uint32_t> number(uint64_t offset, int size) const {
    if (offset + static_cast<uint64_t>(size) > bytes_.size()) return std::nullopt;
    uint32_t value = 0;
    for (int i = 0; i < size; ++i) {
      const uint64_t at = offset + static_cast<uint64_t>(big_ ? i : size - 1 - i);
      value = value << 8 | std::to_integer<uint32_t>(bytes_[at]);
    }
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool big_ = false;
};

constexpr uint32_t kOrientation = 0x0112;
constexpr uint32_t kShort = 3;

}  // namespace

int exif_orientation(std::span<const std::byte> exif) {
  if (exif.size() >= 6 && std::memcmp(exif.data(), "Exif\0\0", 6) == 0) exif = exif.subspan(6);
  Tiff tiff(exif);
  if (!tiff.has_header()) return 1;
  const uint64_t directory = *tiff.number(4, 4);
  const uint32_t entries = tiff.number(directory, 2).value_or(0);
  for (uint32_t i = 0; i < entries; ++i) {
    const uint64_t entry = directory + 2 + 12 * uint64_t{i};
    const auto tag = tiff.number(entry, 2);
    if (!tag) return 1;
    if (*tag != kOrientation) continue;
    const uint32_t value = tiff.number(entry + 2, 2) == kShort ? tiff.number(entry + 8, 2).value_or(1) : 1;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  GTSA_CHECK(orientation >= 1 && orientation <= 8, "EXIF orientations are 1 to 8: {}", orientation);
  switch (orientation) {
    case 2:
      return flipped(image);
    case 3:
      return turned(image, Turn::half);
    case 4:
      return flipped(turned(image, Turn::half));
    case 5:
      return flipped(turned(image, Turn::three_quarters));
    case 6:
      return turned(image, Turn::three_quarters);
    case 7:
      return flipped(turned(image, Turn::quarter));
    case 8:
      return turned(image, Turn::quarter);
    default:
      return image;
  }
}

}  // namespace gtsa::image
