// PNG by libpng. Its errors come by longjmp: every call that can fail happens inside PngReader::guarded, whose
// callables hold nothing with a destructor.

#include <png.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "core/image/codecs.h"
#include "core/image/exif.h"

namespace gtsa::image {
namespace {

constexpr std::array<uint8_t, 8> kSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr int64_t kMaxSide = 1'000'000;          // libpng's own limit
constexpr png_alloc_size_t kMaxChunk = 8 << 20;  // what an ancillary chunk may take once unpacked
constexpr int64_t kDeflateRatio = 1032;          // deflate cannot do better
// Chunks that change no pixel; skipping them unread also skips what they would unpack to. (eXIf is found by
// orientation_of: libpng 1.6.39 allocates what its header claims.)
constexpr char kIgnored[] =
    "cHRM\0gAMA\0iCCP\0sRGB\0bKGD\0eXIf\0hIST\0pHYs\0sBIT\0sPLT\0tIME\0tEXt\0zTXt\0iTXt\0oFFs\0pCAL\0sCAL\0sTER";

class PngReader {
 public:
  explicit PngReader(std::span<const std::byte> bytes) : rest_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png_ == nullptr) throw std::bad_alloc();
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
    png_set_read_fn(png_, this, read);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;

  png_structp png() { return png_; }
  png_infop info() { return info_; }

  /// Runs calls of libpng; its errors are thrown as ImageError.
  template <class Calls>
  void guarded(Calls calls) {
    if (setjmp(jump_) != 0) throw ImageError(truncated_ ? Reason::truncated : Reason::corrupt, message_);
    calls();
  }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
    auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(self->message_, sizeof self->message_, "PNG: %s", text);
    std::longjmp(self->jump_, 1);
  }

  static void on_warning(png_structp, png_const_charp) {}

  static void read(png_structp png, png_bytep to, size_t count) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > self->rest_.size()) {
      self->truncated_ = true;
      png_error(png, "the file ends before the picture does");
    }
    std::memcpy(to, self->rest_.data(), count);
    self->rest_ = self->rest_.subspan(count);
  }

  std::span<const std::byte> rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_;
  bool truncated_ = false;
  char message_[256] = "";
};

uint32_t big_endian(std::span<const std::byte> bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<uint32_t>(bytes[offset + i]);
  return value;
}

/// Before libpng sees it, so that a bomb is called too large and not corrupt. A side of 0 is left to libpng.
void check_header(std::span<const std::byte> bytes, int64_t max_pixels) {
  constexpr size_t kWidth = 16, kHeight = 20;
  if (bytes.size() < kHeight + 4) return;
  const int64_t width = big_endian(bytes, kWidth), height = big_endian(bytes, kHeight);
  if (width == 0 || height == 0 || width > PNG_UINT_31_MAX || height > PNG_UINT_31_MAX) return;
  check_pixels(width, height, max_pixels);
  if (width > kMaxSide || height > kMaxSide) {
    throw ImageError(Reason::too_large,
                     fmt::format("PNG: {} x {} pixels; a side has at most {}", width, height, kMaxSide));
  }
}

void read_header(PngReader& reader, std::span<const std::byte> bytes, int64_t max_pixels) {
  check_header(bytes, max_pixels);
  png_structp png = reader.png();
  reader.guarded([&] {
    png_set_user_limits(png, kMaxSide, kMaxSide);
    png_set_chunk_malloc_max(png, kMaxChunk);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, reinterpret_cast<png_const_bytep>(kIgnored),
                                sizeof kIgnored / 5);
    png_read_info(png, reader.info());
  });
}

/// Rows after the transformations asked for, in file order; Adam7 needs them all at hand. Calls row(y) for where row y
/// goes.
template <class RowOf>
void read_all_rows(PngReader& reader, std::span<const std::byte> bytes, int passes, RowOf row) {
  const int64_t height = png_get_image_height(reader.png(), reader.info());
  const auto stored = static_cast<int64_t>(png_get_rowbytes(reader.png(), reader.info()));
  // The file may hold one bit where three bytes come out.
  if (passes > 1 && stored * height > 24 * kDeflateRatio * (static_cast<int64_t>(bytes.size()) + 64)) {
    throw ImageError(Reason::truncated, fmt::format("PNG: so many pixels cannot lie in {} bytes", bytes.size()));
  }
  for (int pass = 0; pass < passes; ++pass) {
    for (int64_t y = 0; y < height; ++y) {
      uint8_t* to = row(y);
      reader.guarded([&] { png_read_row(reader.png(), to, nullptr); });
    }
  }
  reader.guarded([&] { png_read_end(reader.png(), reader.info()); });
}

int orientation_of(std::span<const std::byte> bytes) {
  constexpr size_t kHeader = 8, kChecksum = 4;  // length and name before a chunk's content, CRC behind
  for (size_t at = kSignature.size(); at + kHeader <= bytes.size();) {
    const size_t size = big_endian(bytes, at);
    const auto content = bytes.subspan(at + kHeader);
    if (size > content.size()) return 1;
    if (std::memcmp(bytes.data() + at + 4, "eXIf", 4) == 0) return exif_orientation(content.first(size));
    at += kHeader + size + kChecksum;
  }
  return 1;
}

}  // namespace

bool is_png(std::span<const std::byte> bytes) {
  return bytes.size() >= kSignature.size() && std::memcmp(bytes.data(), kSignature.data(), kSignature.size()) == 0;
}

Decoded decode_png(std::span<const std::byte> bytes, int64_t max_pixels) {
  PngReader reader(bytes);
  read_header(reader, bytes, max_pixels);
  png_structp png = reader.png();
  const Size size{png_get_image_width(png, reader.info()), png_get_image_height(png, reader.info())};
  int passes = 1;
  reader.guarded([&] {
    png_set_strip_16(png);
    png_set_palette_to_rgb(png);
    png_set_expand_gray_1_2_4_to_8(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
    passes = png_set_interlace_handling(png);
    png_read_update_info(png, reader.info());
  });
  GTSA_CHECK(png_get_rowbytes(png, reader.info()) == static_cast<size_t>(3 * size.width), "rows are 8-bit RGB");

  Decoded decoded;
  if (passes == 1) {
    GrowingImage image(size);
    read_all_rows(reader, bytes, passes, [&](int64_t) { return image.next_row(); });
    decoded.image = image.finish();
  } else {
    decoded.image = Image(size.width, size.height);
    read_all_rows(reader, bytes, passes, [&](int64_t y) { return decoded.image.row(y); });
  }
  decoded.orientation = orientation_of(bytes);
  return decoded;
}

LabelMap decode_png_labels(std::span<const std::byte> bytes, int64_t max_pixels) {
  PngReader reader(bytes);
  read_header(reader, bytes, max_pixels);
  png_structp png = reader.png();
  const int kind = png_get_color_type(png, reader.info());
  if (kind != PNG_COLOR_TYPE_GRAY && kind != PNG_COLOR_TYPE_PALETTE) {
    throw ImageError(
        Reason::unsupported_format,
        fmt::format("PNG: {} channels a pixel, where a label map has one (grey or palette); store class numbers",
                    png_get_channels(png, reader.info())));
  }
  const bool wide = png_get_bit_depth(png, reader.info()) == 16;
  int passes = 1;
  reader.guarded([&] {
    png_set_packing(png);
    if (wide && std::endian::native == std::endian::little) png_set_swap(png);
    passes = png_set_interlace_handling(png);
    png_read_update_info(png, reader.info());
  });
  LabelMap map;
  map.width = png_get_image_width(png, reader.info());
  map.height = png_get_image_height(png, reader.info());
  const auto row_bytes = png_get_rowbytes(png, reader.info());
  std::vector<uint8_t> stored(passes == 1 ? row_bytes : row_bytes * static_cast<size_t>(map.height));
  const auto take = [&](const uint8_t* from) {
    if (!wide) {
      map.values.insert(map.values.end(), from, from + map.width);
      return;
    }
    const size_t before = map.values.size();
    map.values.resize(before + static_cast<size_t>(map.width));
    std::memcpy(map.values.data() + before, from, row_bytes);
  };
  read_all_rows(reader, bytes, passes, [&](int64_t y) {
    if (passes > 1) return stored.data() + static_cast<size_t>(y) * row_bytes;
    if (y > 0) take(stored.data());  // the row before
    return stored.data();
  });
  for (int64_t y = passes > 1 ? 0 : map.height - 1; y < map.height; ++y) {
    take(stored.data() + (passes > 1 ? static_cast<size_t>(y) * row_bytes : 0));
  }
  return map;
}

}  // namespace gtsa::image
