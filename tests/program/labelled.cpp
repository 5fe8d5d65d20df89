#include "program/labelled.h"

#include <png.h>

#include <stdexcept>
#include <vector>

#include "core/base/files.h"
#include "program/small_run.h"

namespace gtsa::test {
namespace fs = std::filesystem;

namespace {

void write_labels(const fs::path& path, uint8_t value, bool grey) {
  png_image picture{};
  picture.version = PNG_IMAGE_VERSION;
  picture.width = 48;
  picture.height = 40;
  picture.format = grey ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  const std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(picture), value);
  if (png_image_write_to_file(&picture, path.c_str(), 0, pixels.data(), 0, nullptr) == 0) {
    throw std::runtime_error(picture.message);
  }
}

}  // namespace

void make_labelled(const fs::path& folder, uint8_t special, bool grey) {
  for (const char* split : {"training", "validation"}) {
    make_photographs(folder / "images" / split, 2);
    const fs::path annotations = folder / "annotations" / split;
    fs::create_directories(annotations);
    for (const char* name : {"photo-000.png", "photo-001.png"}) write_labels(annotations / name, 1, true);
  }
  write_labels(folder / "annotations" / "training" / "photo-001.png", special, grey);
  write_atomically(real_files(), folder / "classes.txt", "grass\nsky\n");
}

}  // namespace gtsa::test
