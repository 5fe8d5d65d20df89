#pragma once
// JPEG files of kinds that the encoder does not write.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/image/image.h"
// jpeglib.h needs size_t and FILE declared before it.
#include <jpeglib.h>

namespace gtsa::test {

/// In several scans, coarse to fine.
inline std::string progressive_jpeg(const image::Image& image) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = static_cast<JDIMENSION>(image.width());
  info.image_height = static_cast<JDIMENSION>(image.height());
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  for (int64_t y = 0; y < image.height(); ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(image.row(y));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const std::string file(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  return file;
}

/// `jpeg` with the scan of the last bits of all mean values this many times more: read again, it changes nothing.
inline std::string with_scans_repeated(const std::string& jpeg, int times) {
  const std::string bounds("\0\0\x10", 3);  // first and last coefficient, bits before and after
  for (size_t at = jpeg.find("\xff\xda"); at != std::string::npos; at = jpeg.find("\xff\xda", at + 2)) {
    const size_t data = at + 2 + static_cast<unsigned char>(jpeg[at + 3]);
    if (jpeg.substr(data - 3, 3) != bounds) continue;
    size_t end = jpeg.find('\xff', data);
    while (jpeg[end + 1] == '\0') end = jpeg.find('\xff', end + 1);
    std::string file = jpeg.substr(0, end);
    for (int i = 0; i < times; ++i) file += jpeg.substr(at, end - at);
    return file + jpeg.substr(end);
  }
  return "";
}

}  // namespace gtsa::test
