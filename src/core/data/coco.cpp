#include "core/data/coco.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/base/error.h"
#include "core/formats/json_cursor.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kYears[] = {"2017", ""};

bool is_file(const fs::path& path) {
  std::error_code failed;
  return fs::is_regular_file(path, failed);
}

bool is_folder(const fs::path& path) {
  std::error_code failed;
  return fs::is_directory(path, failed);
}

/// Makes a split of the records of one file.
class Resolver {
 public:
  Resolver(const CocoFiles& files, const OnFault& on_fault) : files_(files), on_fault_(on_fault) {}

  CocoSplit resolve(CocoRecords&& records) {
    categories(records.categories);
    images(records.images);
    annotations(records.annotations);
    return std::move(split_);
  }

 private:
  template <class... Args>
  void fault(const char* kind, uint64_t at, fmt::format_string<Args...> format, Args&&... args) const {
    on_fault_(kind, fmt::format("{}: {} (byte {})", files_.annotations.string(),
                                fmt::format(format, std::forward<Args>(args)...), at));
  }

  void categories(const std::vector<CocoCategoryRecord>& records) {
    for (const auto& record : records) {
      if (labels_.emplace(record.id, 0).second) {
        split_.categories.push_back({record.id, record.name});
      } else {
        fault("duplicate id", record.at, "category {} occurs twice", record.id);
      }
    }
    std::sort(split_.categories.begin(), split_.categories.end(),
              [](const CocoCategory& a, const CocoCategory& b) { return a.id < b.id; });
    for (size_t i = 0; i < split_.categories.size(); ++i) {
      labels_[split_.categories[i].id] = static_cast<int64_t>(i);
    }
  }

  void images(const std::vector<CocoImageRecord>& records) {
    std::unordered_set<std::string> names;
    for (const auto& record : records) {
      const auto file = file_below(files_.pictures, record.file_name);
      if (!file) {
        fault("missing file", record.at, "image {} has the file_name {}, which is no file below {}", record.id,
              formats::shown(record.file_name), files_.pictures.string());
      } else if (!images_.emplace(record.id, std::ssize(split_.images)).second) {
        fault("duplicate id", record.at, "image {} occurs twice", record.id);
      } else {
        if (!names.insert(record.file_name).second) {
          fault("duplicate id", record.at, "image {} has the file_name {} of another image", record.id,
                formats::shown(record.file_name));
        }
        split_.images.push_back({record.id, *file, record.size});
      }
    }
  }

  void annotations(std::vector<CocoAnnotationRecord>& records) {
    std::unordered_set<int64_t> ids;
    ids.reserve(records.size());
    split_.annotations.reserve(records.size());
    for (auto& record : records) {
      const auto image = images_.find(record.image_id);
      const auto label = labels_.find(record.category_id);
      if (!ids.insert(record.id).second) {
        fault("duplicate id", record.at, "annotation {} occurs twice", record.id);
      } else if (image == images_.end()) {
        fault("unknown image", record.at, "annotation {} is of image {}, which there is not", record.id,
              record.image_id);
      } else if (label == labels_.end()) {
        fault("unknown category", record.at, "annotation {} has category {}, which there is not", record.id,
              record.category_id);
      } else {
        check_runs(record, split_.images[static_cast<size_t>(image->second)].size);
        split_.annotations.push_back({record.id, image->second, label->second, record.box, record.area, record.crowd,
                                      record.ignored, std::move(record.polygons), std::move(record.runs)});
      }
    }
    group();
  }

  void check_runs(CocoAnnotationRecord& record, Size size) const {
    if (!record.runs || size == Size{} || record.runs->size() == size) return;
    fault("broken mask", record.at, "annotation {} has a mask of {} x {}, its image {} has {} x {}", record.id,
          record.runs->width, record.runs->height, record.image_id, size.width, size.height);
    record.runs.reset();
  }

  void group() {
    std::stable_sort(split_.annotations.begin(), split_.annotations.end(),
                     [](const CocoAnnotation& a, const CocoAnnotation& b) { return a.image < b.image; });
    split_.first_of_image.assign(split_.images.size() + 1, 0);
    for (const CocoAnnotation& annotation : split_.annotations) {
      ++split_.first_of_image[static_cast<size_t>(annotation.image) + 1];
    }
    for (size_t i = 1; i < split_.first_of_image.size(); ++i) split_.first_of_image[i] += split_.first_of_image[i - 1];
  }

  const CocoFiles& files_;
  const OnFault& on_fault_;
  CocoSplit split_;
  std::unordered_map<int64_t, int64_t> labels_;  ///< category id -> label
  std::unordered_map<int64_t, int64_t> images_;  ///< image id -> index
};

}  // namespace

bool is_coco_layout(const fs::path& root) {
  for (const char* split : {"train", "val"}) {
    for (const char* year : kYears) {
      if (is_file(root / "annotations" / fmt::format("instances_{}{}.json", split, year))) return true;
    }
  }
  return false;
}

std::optional<CocoFiles> find_coco(const fs::path& root, const std::string& split) {
  for (const char* year : kYears) {
    const fs::path annotations = root / "annotations" / fmt::format("instances_{}{}.json", split, year);
    if (!is_file(annotations)) continue;
    for (const fs::path& pictures : {root / (split + year), root / (split + "2017"), root / split}) {
      if (is_folder(pictures)) return CocoFiles{annotations, pictures};
    }
    throw Error("{} has no pictures beside it: neither {} nor {} is a folder", annotations.string(),
                (root / split).string(), (root / (split + "2017")).string());
  }
  return std::nullopt;
}

geometry::RunLengthMask CocoAnnotation::mask(Size size) const {
  GTSA_CHECK(has_mask(), "annotation {} has no mask", id);
  return runs ? *runs : geometry::polygons_mask(polygons, size);
}

CocoSplit read_coco(const CocoFiles& files) { return read_coco(files, refuse); }

CocoSplit read_coco(const CocoFiles& files, const OnFault& on_fault) {
  return Resolver(files, on_fault).resolve(read_coco_json(files.annotations, CocoAbout::objects, on_fault));
}

bool is_trainable(const CocoAnnotation& annotation, Size picture) {
  const geometry::BoxXywh& box = annotation.box;
  const double width = std::min(box.x + box.width, static_cast<double>(picture.width)) - std::max(box.x, 0.0);
  const double height = std::min(box.y + box.height, static_cast<double>(picture.height)) - std::max(box.y, 0.0);
  return !annotation.ignored && width > 0 && height > 0 && annotation.area > 0 && box.width >= 1 && box.height >= 1;
}

std::optional<fs::path> file_below(const fs::path& folder, const std::string& name) {
  const fs::path path(name);
  if (name.empty() || name.find('\0') != std::string::npos || path.is_absolute()) return std::nullopt;
  if (std::find(path.begin(), path.end(), fs::path("..")) != path.end()) return std::nullopt;
  return folder / path;
}

}  // namespace gtsa::data
