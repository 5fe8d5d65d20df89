#include "core/data/classified.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/data/inaturalist.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

/// Labels of `split` as indices into the classes of `train`.
void take_classes_of(const ClassifiedSplit& train, const fs::path& root, ClassifiedSplit& split) {
  std::vector<std::optional<int64_t>> labels;
  for (const int64_t id : split.category_ids) {
    const auto known = std::lower_bound(train.category_ids.begin(), train.category_ids.end(), id);
    const bool found = known != train.category_ids.end() && *known == id;
    labels.push_back(found ? std::optional(known - train.category_ids.begin()) : std::nullopt);
  }
  for (ClassifiedFile& file : split.files) {
    const auto own = static_cast<size_t>(file.label);
    if (!labels[own]) {
      throw Error("{}: {} is of category {} ({}), which {} has not", (root / "val2019.json").string(),
                  file.file.string(), split.category_ids[own], split.classes[own], (root / "train2019.json").string());
    }
    file.label = *labels[own];
  }
  split.classes = train.classes;
  split.category_ids = train.category_ids;
}

void check_files(const fs::path& root, const ClassifiedSplit& split) {
  const ClassifiedFile* first = nullptr;
  size_t missing = 0;
  for (const ClassifiedFile& file : split.files) {
    std::error_code failed;
    if (fs::is_regular_file(file.file, failed)) continue;
    if (missing++ == 0) first = &file;
  }
  if (missing > 0) {
    throw Error("{} of the {} pictures that the JSON in {} names are missing, the first is {}", missing,
                split.files.size(), root.string(), first->file.string());
  }
}

bool has_json(const fs::path& root) {
  if (is_inaturalist_layout(root)) return true;
  if (is_class_folder_layout(root)) return false;
  throw Error(
      "{} holds neither train2019.json and val2019.json (iNaturalist's layout) nor train/CLASS and val/CLASS "
      "(class folders)",
      root.string());
}

/// What can be wrong with a split that was read.
ClassifiedSplit checked(const fs::path& root, const std::string& split, ClassifiedSplit result) {
  if (result.files.empty()) throw Error("{} has no pictures for {}", root.string(), split);
  if (result.classes.size() < 2) {
    throw Error("{} has one class only, {}: classification needs two or more", root.string(), result.classes.front());
  }
  return result;
}

/// `train`: the training split, if it has been read.
ClassifiedSplit read_json(const fs::path& root, const std::string& split, const ClassifiedSplit* train = nullptr) {
  ClassifiedSplit result = read_inaturalist(root, split);
  if (split != "train") take_classes_of(train != nullptr ? *train : read_inaturalist(root, "train"), root, result);
  check_files(root, result);
  return result;
}

}  // namespace

ClassifiedSplit read_classified(const fs::path& root, const std::string& split) {
  return checked(root, split, has_json(root) ? read_json(root, split) : read_class_folders(root, split));
}

ClassifiedSplits read_classified(const fs::path& root) {
  ClassifiedSplits splits{read_classified(root, "train"), {}};
  splits.val =
      checked(root, "val", has_json(root) ? read_json(root, "val", &splits.train) : read_class_folders(root, "val"));
  return splits;
}

LabelledPhotographs labelled(const ClassifiedSplit& split) {
  std::vector<fs::path> files;
  std::vector<int64_t> labels;
  for (const ClassifiedFile& file : split.files) {
    files.push_back(file.file);
    labels.push_back(file.label);
  }
  return {std::move(files), std::move(labels)};
}

}  // namespace gtsa::data
