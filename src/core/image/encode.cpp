// libpng and libjpeg report errors by longjmp; the functions that call setjmp hold nothing with a destructor.

#include "core/image/encode.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <span>

#include "core/base/error.h"
// jpeglib.h needs size_t and FILE declared before it.
#include <jpeglib.h>

namespace gtsa::image {
namespace {

struct PngTarget {
  std::vector<std::byte> bytes;
  bool out_of_memory = false;
};

/// Exceptions must not pass through libpng.
void append(png_structp png, png_bytep data, size_t count) {
  auto* target = static_cast<PngTarget*>(png_get_io_ptr(png));
  try {
    const auto* from = reinterpret_cast<const std::byte*>(data);
    target->bytes.insert(target->bytes.end(), from, from + count);
  } catch (const std::bad_alloc&) {
    target->out_of_memory = true;
  }
  if (target->out_of_memory) png_error(png, "out of memory");
}

/// Rows of samples, one after the other.
struct PngSource {
  int64_t width = 0;
  int64_t height = 0;
  const uint8_t* samples = nullptr;
  int64_t stride = 0;                       ///< bytes
  bool labels = false;                      ///< one channel of few values, else RGB
  int bits = 8;                             ///< of a sample; 16 in the machine's order of bytes
  std::span<const png_color> palette = {};  ///< the samples are its indices; empty: they are levels

  int colour_type() const {
    if (!palette.empty()) return PNG_COLOR_TYPE_PALETTE;
    return labels ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB;
  }
};

bool write_png_to(png_structp png, png_infop info, const PngSource& source, PngTarget& target) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_write_fn(png, &target, append, [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(source.width), static_cast<png_uint_32>(source.height), source.bits,
               source.colour_type(), PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!source.palette.empty()) png_set_PLTE(png, info, source.palette.data(), static_cast<int>(source.palette.size()));
  if (source.labels) {
    // Flat regions: what is left after subtracting the row above is nearly all zeros, and the fast level finds them.
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
    png_set_compression_level(png, 3);
  }
  png_write_info(png, info);
  if (source.bits == 16 && std::endian::native == std::endian::little) png_set_swap(png);
  for (int64_t y = 0; y < source.height; ++y) png_write_row(png, source.samples + y * source.stride);
  png_write_end(png, info);
  return true;
}

std::vector<std::byte> png_of(const PngSource& source) {
  PngTarget target;
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, [](png_structp, png_const_charp) {});
  if (png == nullptr) throw std::bad_alloc();
  png_infop info = png_create_info_struct(png);
  const bool written = info != nullptr && write_png_to(png, info, source, target);
  png_destroy_write_struct(&png, &info);
  if (!written) throw Error("{} x {} pixels cannot be written as PNG", source.width, source.height);
  return std::move(target.bytes);
}

struct JpegErrors {
  jpeg_error_mgr base;  // first: libjpeg's pointer to it is a pointer to JpegErrors
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

struct JpegTarget {
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  ~JpegTarget() { std::free(bytes); }
};

bool write_jpeg_to(jpeg_compress_struct& info, JpegErrors& errors, const Image& image, int quality,
                   JpegTarget& target) {
  if (setjmp(errors.jump) != 0) return false;
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &target.bytes, &target.size);
  info.image_width = static_cast<JDIMENSION>(image.width());
  info.image_height = static_cast<JDIMENSION>(image.height());
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  for (int64_t y = 0; y < image.height(); ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(image.row(y));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  return true;
}

void save(FileSystem& files, const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const std::array pieces = {bytes};
  write_atomically(files, path, pieces);
}

}  // namespace

std::vector<std::byte> encode_png(const Image& image) {
  GTSA_CHECK(!image.empty(), "an image has pixels");
  return png_of({image.width(), image.height(), image.row(0), image.stride(), false});
}

std::vector<std::byte> encode_png(const LabelMap& labels) {
  GTSA_CHECK(!labels.values.empty(), "a label map has pixels");
  std::vector<uint8_t> samples(labels.values.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    GTSA_CHECK(labels.values[i] <= 255, "label {} does not fit 8 bits", labels.values[i]);
    samples[i] = static_cast<uint8_t>(labels.values[i]);
  }
  return png_of({labels.width, labels.height, samples.data(), labels.width, true});
}

std::vector<std::byte> encode_label_map(const LabelMap& labels, std::span<const Colour> palette) {
  GTSA_CHECK(!labels.values.empty(), "a label map has pixels");
  const uint16_t largest = *std::max_element(labels.values.begin(), labels.values.end());
  constexpr uint16_t kMostColours = 256;
  if (largest >= kMostColours) {
    const auto* samples = reinterpret_cast<const uint8_t*>(labels.values.data());
    return png_of({labels.width, labels.height, samples, 2 * labels.width, true, 16});
  }
  // No index may lie beyond the palette.
  std::vector<png_color> colours(std::clamp<size_t>(palette.size(), largest + 1U, kMostColours));
  for (size_t k = 0; k < std::min(palette.size(), colours.size()); ++k) {
    colours[k] = {palette[k][0], palette[k][1], palette[k][2]};
  }
  const std::vector<uint8_t> samples(labels.values.begin(), labels.values.end());
  return png_of({labels.width, labels.height, samples.data(), labels.width, true, 8, colours});
}

std::vector<std::byte> encode_jpeg(const Image& image, int quality) {
  GTSA_CHECK(!image.empty(), "an image has pixels");
  GTSA_CHECK(quality >= 1 && quality <= 100, "a JPEG's quality is 1 to 100: {}", quality);
  JpegTarget target;
  jpeg_compress_struct info{};
  JpegErrors errors{};
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = [](j_common_ptr common) {
    auto* own = reinterpret_cast<JpegErrors*>(common->err);
    own->base.format_message(common, own->message);
    std::longjmp(own->jump, 1);
  };
  const bool written = write_jpeg_to(info, errors, image, quality, target);
  jpeg_destroy_compress(&info);
  if (!written)
    throw Error("{} x {} pixels cannot be written as JPEG: {}", image.width(), image.height(), errors.message);
  const auto bytes = std::as_bytes(std::span(target.bytes, target.size));
  return {bytes.begin(), bytes.end()};
}

void write_png(FileSystem& files, const std::filesystem::path& path, const Image& image) {
  save(files, path, encode_png(image));
}

void write_label_map(FileSystem& files, const std::filesystem::path& path, const LabelMap& labels,
                     std::span<const Colour> palette) {
  save(files, path, encode_label_map(labels, palette));
}

void write_jpeg(FileSystem& files, const std::filesystem::path& path, const Image& image, int quality) {
  save(files, path, encode_jpeg(image, quality));
}

}  // namespace gtsa::image
