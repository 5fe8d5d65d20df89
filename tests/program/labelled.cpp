#include "program/labelled.h"

#include <png.h>

#include <stdexcept>
#include <string>
#include <tuple>
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

/// Two colours side by side, the boundary somewhere in the middle half.
void write_halves(const fs::path& image, const fs::path& annotation, int index) {
  constexpr uint32_t kWidth = 48, kHeight = 40;
  const uint32_t boundary = kWidth / 4 + static_cast<uint32_t>(index * 7) % (kWidth / 2);
  std::vector<uint8_t> pixels, labels;
  for (uint32_t i = 0; i < kWidth * kHeight; ++i) {
    const bool left = i % kWidth < boundary;
    const auto shade = static_cast<uint8_t>(30 + (i * 13 + static_cast<uint32_t>(index) * 5) % 40);
    for (const bool bright : {left, false, !left}) pixels.push_back(bright ? 220 : shade);
    labels.push_back(left ? 1 : 2);
  }
  png_image picture{};
  picture.version = PNG_IMAGE_VERSION;
  picture.width = kWidth;
  picture.height = kHeight;
  for (const auto& [path, format, bytes] : {std::tuple(&image, uint32_t{PNG_FORMAT_RGB}, &pixels),
                                            std::tuple(&annotation, uint32_t{PNG_FORMAT_GRAY}, &labels)}) {
    picture.format = format;
    if (png_image_write_to_file(&picture, path->c_str(), 0, bytes->data(), 0, nullptr) == 0) {
      throw std::runtime_error(picture.message);
    }
  }
}

}  // namespace

void make_half_and_half(const fs::path& folder, int count) {
  for (const char* split : {"training", "validation"}) {
    const fs::path images = folder / "images" / split, annotations = folder / "annotations" / split;
    fs::create_directories(images);
    fs::create_directories(annotations);
    for (int i = 0; i < count; ++i) {
      const std::string name = std::to_string(i) + ".png";
      write_halves(images / name, annotations / name, i);
    }
  }
  write_atomically(real_files(), folder / "classes.txt", "brick\nsea\n");
}

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
