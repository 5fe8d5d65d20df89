#include "core/data/ade20k.h"

#include <string_view>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/data/image_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

void require_folder(const fs::path& folder, const fs::path& root) {
  std::error_code failed;
  if (fs::is_directory(folder, failed)) return;
  throw Error("{} has not ADE20K's layout: the folder {} is missing", root.string(), folder.string());
}

std::vector<std::string> read_classes(const fs::path& path) {
  std::error_code failed;
  if (!fs::exists(path, failed)) throw Error("{} is missing: the names of the classes, one a line", path.string());
  std::vector<std::string> classes;
  const std::string text = read_text(path);
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty())
      throw Error("{}:{}: the name of class {} is empty", path.string(), classes.size() + 1, classes.size() + 1);
    classes.emplace_back(line);
  }
  // Labels are bytes, and 0 is not a class.
  constexpr size_t kMostClasses = 255;
  if (classes.empty() || classes.size() > kMostClasses) {
    throw Error("{} names {} classes: between 1 and {} are possible", path.string(), classes.size(), kMostClasses);
  }
  return classes;
}

}  // namespace

bool is_ade20k_layout(const fs::path& root) {
  std::error_code failed;
  return fs::is_directory(root / "images" / "training", failed) &&
         fs::is_directory(root / "annotations" / "training", failed);
}

Ade20kSplit read_ade20k(const fs::path& root, const std::string& split) {
  const fs::path images = root / "images" / split;
  const fs::path annotations = root / "annotations" / split;
  require_folder(images, root);
  require_folder(annotations, root);
  Ade20kSplit result;
  result.classes = read_classes(root / "classes.txt");
  const std::vector<fs::path> arguments{images};
  const ImageFolder photos(arguments);
  for (const fs::path& image : photos.files()) {
    const fs::path annotation = (annotations / image.lexically_relative(images)).replace_extension(".png");
    std::error_code failed;
    if (!fs::is_regular_file(annotation, failed)) {
      throw Error("{} has no annotation: {} is missing", image.string(), annotation.string());
    }
    result.files.push_back({image, annotation});
  }
  return result;
}

}  // namespace gtsa::data
