#pragma once
// A data set in ADE20K's layout whose classes are colours, and a network small enough to segment it in a blink.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/base/rng.h"
#include "core/image/encode.h"
#include "core/image/label_map.h"

namespace gtsa::test {

struct Painted {
  image::Image photo;
  image::LabelMap labels;  ///< 0 = not counted (a frame), 1 red, 2 green, 3 blue
};

/// A left, a middle and a right part in three colours, their borders drawn from `seed`.
inline Painted painted(Size size, uint64_t seed) {
  Rng rng({seed, 0, 0, 0, Purpose::test});
  const int64_t first = size.width / 5 + rng.below(static_cast<uint32_t>(size.width / 4 + 1));
  const int64_t second = size.width - size.width / 5 - rng.below(static_cast<uint32_t>(size.width / 4 + 1));
  Painted result{image::Image(size.width, size.height), {size.width, size.height, {}}};
  for (int64_t y = 0; y < size.height; ++y) {
    for (int64_t x = 0; x < size.width; ++x) {
      const int64_t label = x < first ? 1 : x < second ? 2 : 3;
      for (int64_t c = 0; c < 3; ++c) {
        result.photo.row(y)[3 * x + c] = static_cast<uint8_t>(rng.below(50) + (c + 1 == label ? 190 : 20));
      }
      const bool frame = x == 0 || y == 0;
      result.labels.values.push_back(static_cast<uint16_t>(frame ? 0 : label));
    }
  }
  return result;
}

/// images/SPLIT/N.png, annotations/SPLIT/N.png and classes.txt, `each` pictures a split, no two of one size.
inline void write_small_segments(const std::filesystem::path& root, int64_t each) {
  namespace fs = std::filesystem;
  uint64_t seed = 0;
  for (const char* split : {"training", "validation"}) {
    for (const char* kind : {"images", "annotations"}) real_files().create_directories(root / kind / split);
    for (int64_t i = 0; i < each; ++i) {
      const Painted picture = painted({40 + 3 * i, 32 + i}, ++seed);
      const std::string name = std::to_string(i) + ".png";
      image::write_png(real_files(), root / "images" / split / name, picture.photo);
      const std::vector<std::byte> labels = image::encode_png(picture.labels);
      const std::span<const std::byte> bytes(labels);
      write_atomically(real_files(), root / "annotations" / split / name, {&bytes, 1});
    }
  }
  write_atomically(real_files(), root / "classes.txt", "red\ngreen\nblue\n");
}

}  // namespace gtsa::test
