#include "core/data/class_folder.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/data/image_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code failed;
  return fs::is_directory(path, failed);
}

/// Names of the folders in `folder`, sorted by their bytes; hidden ones are no classes.
std::vector<std::string> folders_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with('.') && is_folder(it->path())) names.push_back(name);
  }
  if (failed) throw Error("cannot read the folder {}: {}", folder.string(), failed.message());
  std::sort(names.begin(), names.end());
  return names;
}

bool has_picture(const fs::path& folder) {
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    std::error_code no_file;
    if (it->is_regular_file(no_file) && is_picture_by_name(it->path())) return true;
  }
  return false;
}

}  // namespace

bool is_class_folder_layout(const fs::path& root) {
  const fs::path train = root / "train";
  return is_folder(train) && is_folder(root / "val") && !folders_in(train).empty() && !has_picture(train);
}

ClassifiedSplit read_class_folders(const fs::path& root, const std::string& split) {
  for (const fs::path& folder : {root / "train", root / split}) {
    if (!is_folder(folder)) {
      throw Error("{} has no class folders: the folder {} is missing", root.string(), folder.string());
    }
  }
  ClassifiedSplit result;
  result.classes = folders_in(root / "train");
  if (result.classes.empty()) {
    throw Error("{} has no class folders: {} holds none", root.string(), (root / "train").string());
  }
  for (size_t i = 0; i < result.classes.size(); ++i) result.category_ids.push_back(static_cast<int64_t>(i));
  const fs::path folder = root / split;
  const std::vector<fs::path> arguments{folder};
  const ImageFolder pictures(arguments);
  for (const fs::path& file : pictures.files()) {
    const fs::path below = file.lexically_relative(folder);
    const std::string name = below.begin()->string();
    const auto known = std::lower_bound(result.classes.begin(), result.classes.end(), name);
    if (below.has_parent_path() == false) {
      throw Error("{} lies in no class's folder: move it into one below {}", file.string(), folder.string());
    }
    if (known == result.classes.end() || *known != name) {
      throw Error("{} is of class {}, which {} has not", file.string(), name, (root / "train").string());
    }
    result.files.push_back({file, known - result.classes.begin(), {}});
  }
  // ImageFolder sorts whole paths, where "a b/" comes before "a/".
  std::stable_sort(result.files.begin(), result.files.end(),
                   [](const ClassifiedFile& a, const ClassifiedFile& b) { return a.label < b.label; });
  return result;
}

}  // namespace gtsa::data
