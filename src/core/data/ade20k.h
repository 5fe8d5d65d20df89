#pragma once
// The layout of ADE20K: images/SPLIT/NAME.jpg, annotations/SPLIT/NAME.png (one channel of 8 bits, or of 16 where there
// are more than 255 classes; the picture's size: 0 = not counted, k = class k) and the names of the classes:
// classes.txt (line k names class k; behind the name, a tab and its colour in pictures as #rrggbb may stand, on all
// lines or on none) or, as the official release has it, objectInfo150.txt (a table with tabs; its head names the
// columns, of which Idx and Name are read).

#include <filesystem>
#include <string>
#include <vector>

#include "core/image/label_colours.h"

namespace gtsa::data {

struct LabelledFile {
  std::filesystem::path image;
  std::filesystem::path annotation;
};

struct Ade20kClasses {
  std::vector<std::string> names;      ///< names[k - 1] is what label k means
  std::vector<image::Colour> palette;  ///< empty where the data set names no colours
};

struct Ade20kSplit {
  std::vector<LabelledFile> files;     ///< sorted by the bytes of the picture's path
  std::vector<std::string> classes;    ///< classes[k - 1] is what label k means
  std::vector<image::Colour> palette;  ///< one a class, or empty
  std::vector<std::filesystem::path> images() const;
  std::vector<std::filesystem::path> annotations() const;
};

/// True if `root` has images/training/ and annotations/training/.
bool is_ade20k_layout(const std::filesystem::path& root);

/// The classes of `root`. Throws Error (file and line) for a list that is missing, empty, longer than 32,768 names
/// (metrics::ConfusionMatrix) or broken; the number of classes is never guessed.
Ade20kClasses read_ade20k_classes(const std::filesystem::path& root);

/// A split's pictures with the annotations that belong to them, whether these exist or not. Throws Error where a folder
/// is missing or holds no pictures.
std::vector<LabelledFile> list_ade20k(const std::filesystem::path& root, const std::string& split);

/// Reads a split: "training" or "validation". Throws Error where a folder, the classes or a picture's annotation is
/// missing. Files that are no pictures by their extension are passed over.
Ade20kSplit read_ade20k(const std::filesystem::path& root, const std::string& split);

}  // namespace gtsa::data
