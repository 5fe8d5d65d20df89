#pragma once
// PNG files of kinds that the encoder does not write, put together chunk by chunk.

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gtsa::test {

inline std::string big_endian(uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 255);
  return text;
}

inline std::string chunk(const std::string& name, const std::string& content) {
  const std::string checked = name + content;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size()));
  return big_endian(static_cast<uint32_t>(content.size())) + checked + big_endian(static_cast<uint32_t>(crc));
}

inline std::string deflated(const std::string& content) {
  uLongf size = compressBound(content.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(content.data()), content.size());
  out.resize(size);
  return out;
}

struct PngKind {
  uint32_t width = 1, height = 1;
  int bits = 8;
  int colour = 0;  ///< 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
  bool interlaced = false;
};

/// `rows` holds the filtered rows: each a filter byte (0 = none) and its packed samples. `before` goes between IHDR and
/// IDAT.
inline std::string png(const PngKind& kind, const std::string& rows, const std::string& before = "") {
  std::string header = big_endian(kind.width) + big_endian(kind.height);
  header += static_cast<char>(kind.bits);
  header += static_cast<char>(kind.colour);
  header += std::string(2, '\0');
  header += static_cast<char>(kind.interlaced ? 1 : 0);
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + before + chunk("IDAT", deflated(rows)) + chunk("IEND", "");
}

}  // namespace gtsa::test
