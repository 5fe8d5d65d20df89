// JPEG by libjpeg-turbo. libjpeg reports errors by longjmp: every call of it happens inside JpegReader::guarded, whose
// callables hold nothing with a destructor.

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "core/image/codecs.h"
#include "core/image/exif.h"
// jpeglib.h needs size_t and FILE declared before it; jerror.h's codes depend on the configuration that jpeglib.h
// brings.
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

namespace gtsa::image {
namespace {

/// Progressive files in use have about ten scans; each costs a pass over the whole picture.
constexpr int kMaxScans = 200;
constexpr int kExifMarker = JPEG_APP0 + 1;

struct Failure {
  Reason reason = Reason::corrupt;
  char message[JMSG_LENGTH_MAX] = "";
};

Reason reason_of(int code) {
  switch (code) {
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_BAD_J_COLORSPACE:
    case JERR_COMPONENT_COUNT:
      return Reason::unsupported_format;
    case JERR_IMAGE_TOO_BIG:
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
      return Reason::too_large;
    default:
      return Reason::corrupt;
  }
}

/// Warnings after which pixels are made up. The others (stray bytes between markers, odd version numbers) leave them as
/// they were meant.
bool spoils_pixels(int code) {
  return code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_MUST_RESYNC ||
         code == JWRN_ARITH_BAD_CODE;
}

class JpegReader {
 public:
  explicit JpegReader(std::span<const std::byte> bytes) {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = on_error;
    errors_.base.emit_message = on_message;
    guarded([this] { jpeg_create_decompress(&info_); });
    source_.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
    source_.bytes_in_buffer = bytes.size();
    source_.init_source = [](j_decompress_ptr) {};
    source_.term_source = [](j_decompress_ptr) {};
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.fill_input_buffer = on_end;
    source_.skip_input_data = skip;
    progress_.progress_monitor = on_progress;
    info_.src = &source_;
    info_.progress = &progress_;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;

  jpeg_decompress_struct& info() { return info_; }

  /// Runs calls of libjpeg; its errors are thrown as ImageError.
  template <class Calls>
  void guarded(Calls calls) {
    if (setjmp(errors_.jump) != 0) throw ImageError(errors_.failure.reason, errors_.failure.message);
    calls();
  }

 private:
  struct Errors {
    jpeg_error_mgr base;  // first: libjpeg's pointer to it is a pointer to Errors
    std::jmp_buf jump;
    Failure failure;
  };

  [[noreturn]] static void fail(j_common_ptr info, Reason reason, const char* message) {
    auto* errors = reinterpret_cast<Errors*>(info->err);
    errors->failure.reason = reason;
    std::snprintf(errors->failure.message, sizeof errors->failure.message, "%s", message);
    std::longjmp(errors->jump, 1);
  }

  [[noreturn]] static void on_error(j_common_ptr info) {
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    char message[JMSG_LENGTH_MAX];
    std::snprintf(message, sizeof message, "JPEG: %.*s", JMSG_LENGTH_MAX - 8, text);
    fail(info, reason_of(info->err->msg_code), message);
  }

  static void on_message(j_common_ptr info, int level) {
    if (level < 0 && spoils_pixels(info->err->msg_code)) on_error(info);
  }

  static boolean on_end(j_decompress_ptr info) {
    fail(reinterpret_cast<j_common_ptr>(info), Reason::truncated, "JPEG: the file ends before the picture does");
  }

  static void skip(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    if (static_cast<size_t>(count) > info->src->bytes_in_buffer) on_end(info);
    info->src->next_input_byte += count;
    info->src->bytes_in_buffer -= static_cast<size_t>(count);
  }

  static void on_progress(j_common_ptr info) {
    if (info->is_decompressor && reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) {
      fail(info, Reason::corrupt, "JPEG: more scans than any real picture has");
    }
  }

  jpeg_decompress_struct info_{};
  Errors errors_{};
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
};

/// A file in several scans is held as coefficients, two bytes each, before the first row comes out. The first of a
/// component's scans spends at least one bit of Huffman code on every block, so the file's bytes bound the blocks
/// (arithmetic coding can spend less on flat pictures).
void check_blocks(jpeg_decompress_struct& info, size_t file_bytes) {
  if (!jpeg_has_multiple_scans(&info)) return;
  uint64_t blocks = 0;
  for (int c = 0; c < info.num_components; ++c) {
    blocks += uint64_t{info.comp_info[c].width_in_blocks} * info.comp_info[c].height_in_blocks;
  }
  const uint64_t most = uint64_t{file_bytes} * 8 * (info.arith_code ? 16 : 1);
  if (blocks > most) {
    throw ImageError(Reason::truncated, fmt::format("JPEG: {} x {} pixels in several scans cannot lie in {} bytes",
                                                    info.image_width, info.image_height, file_bytes));
  }
}

int orientation_of(const jpeg_decompress_struct& info) {
  for (const auto* marker = info.marker_list; marker != nullptr; marker = marker->next) {
    if (marker->marker == kExifMarker && marker->data_length >= 6 && std::memcmp(marker->data, "Exif\0\0", 6) == 0) {
      return exif_orientation(std::as_bytes(std::span(marker->data, marker->data_length)));
    }
  }
  return 1;
}

/// The largest of 1, 2, 4, 8 by which the shorter side may be divided and keeps `least_side` pixels.
unsigned scale_denominator(const jpeg_decompress_struct& info, int64_t least_side) {
  constexpr unsigned kLargest = 8;  // a block of coefficients becomes one pixel
  unsigned denominator = 1;
  const int64_t side = std::min(info.image_width, info.image_height);
  while (least_side > 0 && denominator < kLargest && side / (2 * denominator) >= least_side) denominator *= 2;
  return denominator;
}

/// x * y / 255, rounded, as Pillow does it.
uint32_t multiply_255(uint32_t x, uint32_t y) {
  const uint32_t product = x * y + 128;
  return ((product >> 8) + product) >> 8;
}

/// Inverted CMYK (255 - ink) -> RGB: R = (255 - K) - C (255 - K) / 255.
void cmyk_to_rgb(const uint8_t* cmyk, int64_t pixels, uint8_t* rgb) {
  for (int64_t i = 0; i < pixels; ++i, cmyk += 4, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<uint8_t>(cmyk[3] - multiply_255(255u - cmyk[c], cmyk[3]));
  }
}

Image read_rows(JpegReader& reader) {
  auto& info = reader.info();
  GrowingImage image({info.output_width, info.output_height});
  const bool cmyk = info.out_color_space == JCS_CMYK;
  std::vector<uint8_t> inks(cmyk ? 4 * size_t{info.output_width} : 0);
  while (image.rows() < image.size().height) {
    uint8_t* row = image.next_row();
    JSAMPROW target = cmyk ? inks.data() : row;
    reader.guarded([&] { jpeg_read_scanlines(&info, &target, 1); });
    if (cmyk) cmyk_to_rgb(inks.data(), info.output_width, row);
  }
  return image.finish();
}

}  // namespace

bool is_jpeg(std::span<const std::byte> bytes) {
  const auto is = [&](size_t i, int value) { return bytes.size() <= i || bytes[i] == std::byte(value); };
  return bytes.size() >= 2 && is(0, 0xff) && is(1, 0xd8) && is(2, 0xff);
}

Decoded decode_jpeg(std::span<const std::byte> bytes, const DecodeOptions& options) {
  JpegReader reader(bytes);
  auto& info = reader.info();
  reader.guarded([&] {
    jpeg_save_markers(&info, kExifMarker, 0xffff);
    jpeg_read_header(&info, TRUE);
  });
  check_pixels(info.image_width, info.image_height, options.max_pixels);
  check_blocks(info, bytes.size());
  info.out_color_space = info.num_components == 4 ? JCS_CMYK : JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  info.do_fancy_upsampling = TRUE;
  info.scale_num = 1;
  info.scale_denom = scale_denominator(info, options.least_side);
  reader.guarded([&] { jpeg_start_decompress(&info); });
  Decoded decoded{read_rows(reader), orientation_of(info)};
  reader.guarded([&] { jpeg_finish_decompress(&info); });
  return decoded;
}

}  // namespace gtsa::image
