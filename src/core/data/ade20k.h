#pragma once
// The layout of ADE20K: images/SPLIT/NAME.jpg, annotations/SPLIT/NAME.png (8 bit, one channel, the picture's size: 0 =
// not counted, k = class k) and classes.txt (line k names class k).

#include <filesystem>
#include <string>
#include <vector>

namespace gtsa::data {

struct LabelledFile {
  std::filesystem::path image;
  std::filesystem::path annotation;
};

struct Ade20kSplit {
  std::vector<LabelledFile> files;   ///< sorted by the bytes of the picture's path
  std::vector<std::string> classes;  ///< classes[k - 1] is what label k means
};

/// True if `root` has images/training/ and annotations/training/.
bool is_ade20k_layout(const std::filesystem::path& root);

/// Reads a split: "training" or "validation". Throws Error where a folder, classes.txt or a picture's annotation is
/// missing. Files that are no pictures by their extension are passed over.
Ade20kSplit read_ade20k(const std::filesystem::path& root, const std::string& split);

}  // namespace gtsa::data
