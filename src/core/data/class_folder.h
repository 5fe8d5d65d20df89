#pragma once
// Pictures of which each has one class: what classification reads. Here from folders: SPLIT/CLASS/*.jpg with the splits
// train/ and val/, the folder's name being the class's.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/geometry/types.h"

namespace gtsa::data {

struct ClassifiedFile {
  std::filesystem::path file;
  int64_t label = 0;  ///< index into classes
  Size size;          ///< as a JSON says; 0 x 0 if nothing does
};

struct ClassifiedSplit {
  std::vector<std::string> classes;
  std::vector<int64_t> category_ids;  ///< of a JSON, sorted; a folder's are 0, 1, ...
  std::vector<ClassifiedFile> files;
};

/// True if `root` has train/ and val/, and train/ has folders and no pictures of its own.
bool is_class_folder_layout(const std::filesystem::path& root);

/// Reads a split ("train" or "val"). Classes are the folders of train/, sorted by the bytes of their names, for every
/// split; files are sorted by class, then by the bytes of their paths, and count as ImageFolder's do. Throws Error
/// where a folder is missing, a split has no pictures or classes that train/ has not.
ClassifiedSplit read_class_folders(const std::filesystem::path& root, const std::string& split);

}  // namespace gtsa::data
