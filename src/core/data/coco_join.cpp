#include "core/data/coco_join.h"

#include <algorithm>

#include "core/formats/json_cursor.h"

namespace gtsa::data {

namespace fs = std::filesystem;

std::vector<CocoCategoryRecord> CocoJoin::add_categories(std::vector<CocoCategoryRecord> records) {
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  std::vector<CocoCategoryRecord> kept;
  for (auto& record : records) {
    if (labels_.emplace(record.id, std::ssize(kept)).second) {
      kept.push_back(std::move(record));
    } else {
      fault("duplicate id", record.at, "category {} occurs twice", record.id);
    }
  }
  return kept;
}

std::optional<fs::path> CocoJoin::add_image(const CocoImageRecord& record, const fs::path& folder, int64_t index) {
  const auto [known, added] = images_.try_emplace(record.id);
  if (!added) {
    fault("duplicate id", record.at, "image {} occurs twice", record.id);
    return std::nullopt;
  }
  auto file = file_below(folder, record.file_name);
  if (file) {
    known->second = index;
  } else {
    fault("missing file", record.at, "image {} has the file_name {}, which is no file below {}", record.id,
          formats::shown(record.file_name), folder.string());
  }
  return file;
}

std::optional<CocoJoin::Target> CocoJoin::add_annotation(const CocoAnnotationRecord& record) {
  const auto image = images_.find(record.image_id);
  const auto label = labels_.find(record.category_id);
  if (!annotations_.insert(record.id).second) {
    fault("duplicate id", record.at, "annotation {} occurs twice", record.id);
  } else if (image == images_.end()) {
    fault("unknown image", record.at, "annotation {} is of image {}, which there is not", record.id, record.image_id);
  } else if (label == labels_.end()) {
    fault("unknown category", record.at, "annotation {} has category {}, which there is not", record.id,
          record.category_id);
  } else if (image->second) {
    return Target{*image->second, label->second};
  }
  return std::nullopt;
}

std::optional<fs::path> file_below(const fs::path& folder, const std::string& name) {
  const fs::path path(name);
  if (name.empty() || name.find('\0') != std::string::npos || path.is_absolute()) return std::nullopt;
  if (std::find(path.begin(), path.end(), fs::path("..")) != path.end()) return std::nullopt;
  return folder / path;
}

}  // namespace gtsa::data
