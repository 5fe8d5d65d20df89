#pragma once
// Pictures whose class is their colour, and a network that sees colours.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "core/base/files.h"
#include "core/base/rng.h"
#include "core/image/encode.h"
#include "learn/probe/frozen.h"
#include "support/temporary_folder.h"

namespace gtsa::test {

/// train/ and val/ with the classes red, green and blue, some pictures each.
class ColourClasses {
 public:
  explicit ColourClasses(int training = 6, int validation = 3) {
    for (const auto& [split, count] : {std::pair{"train", training}, {"val", validation}}) {
      for (uint32_t c = 0; c < 3; ++c) {
        for (int i = 0; i < count; ++i) add(split, c, fmt::format("p{}", i));
      }
    }
  }

  const std::filesystem::path& root() const { return folder_.path(); }
  std::filesystem::path path(const std::string& split, uint32_t c, const std::string& name) const {
    return root() / split / kNames[c] / fmt::format("{}.png", name);
  }
  void add(const std::string& split, uint32_t c, const std::string& name) {
    std::filesystem::create_directories(root() / split / kNames[c]);
    image::Image picture(kWidth, kHeight);
    for (int64_t y = 0; y < kHeight; ++y) {
      for (int64_t i = 0; i < 3 * kWidth; ++i) {
        picture.row(y)[i] = static_cast<uint8_t>((i % 3 == c ? 150U : 50U) + rng_.below(60));
      }
    }
    image::write_png(real_files(), path(split, c, name), picture);
  }

 private:
  static constexpr const char* kNames[] = {"a red", "b green", "c blue"};
  static constexpr int64_t kWidth = 20, kHeight = 16;
  TemporaryFolder folder_;
  Rng rng_{{.seed = 11}};
};

/// Describes a picture by the means of its channels; counts the pictures it sees.
struct ColourNetwork {
  int64_t seen = 0;
  uint64_t weights = 1;

  probe::Frozen frozen() {
    probe::Frozen network;
    network.image_size = 16;
    network.patch_size = 8;
    network.describe = [this](const at::Tensor& images, probe::Pool) {
      seen += images.size(0);
      return images.mean({2, 3}).contiguous();
    };
    network.fingerprint = [this] { return weights; };
    return network;
  }
};

}  // namespace gtsa::test
