#pragma once
// A data set of plain coloured squares, three classes of them, in class folders.

#include <algorithm>
#include <string>

#include "core/base/files.h"
#include "core/base/rng.h"
#include "core/data/class_folder.h"
#include "core/image/encode.h"
#include "support/temporary_folder.h"

namespace gtsa::test {

inline image::Image coloured(uint64_t seed, int64_t channel) {
  image::Image picture(24, 20);
  Rng rng({seed, 0, 0, 0, Purpose::test});
  for (int64_t y = 0; y < picture.height(); ++y) {
    for (int64_t i = 0; i < 3 * picture.width(); ++i) {
      picture.row(y)[i] = static_cast<uint8_t>(rng.below(60) + (i % 3 == channel ? 180 : 20));
    }
  }
  return picture;
}

/// train/ and val/ with `each` pictures a class.
inline void write_small_set(const std::filesystem::path& root, int64_t each) {
  uint64_t seed = 0;
  for (const char* split : {"train", "val"}) {
    for (const auto& [name, channel] : {std::pair("blue", 2), std::pair("green", 1), std::pair("red", 0)}) {
      const auto folder = root / split / name;
      real_files().create_directories(folder);
      for (int64_t i = 0; i < each; ++i) {
        image::write_png(real_files(), folder / (std::to_string(i) + ".png"), coloured(++seed, channel));
      }
    }
  }
}

}  // namespace gtsa::test
