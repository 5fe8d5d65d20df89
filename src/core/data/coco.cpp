#include "core/data/coco.h"

#include <algorithm>
#include <unordered_set>

#include "core/base/error.h"
#include "core/data/coco_join.h"
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
  Resolver(const CocoFiles& files, const OnFault& on_fault) : files_(files), join_(files.annotations, on_fault) {}

  CocoSplit resolve(CocoRecords&& records) {
    categories(std::move(records.categories));
    images(records.images);
    annotations(records.annotations);
    return std::move(split_);
  }

 private:
  void categories(std::vector<CocoCategoryRecord>&& records) {
    for (auto& record : join_.add_categories(std::move(records))) {
      split_.categories.push_back({record.id, std::move(record.name)});
    }
  }

  void images(const std::vector<CocoImageRecord>& records) {
    std::unordered_set<std::string> names;
    for (const auto& record : records) {
      const auto file = join_.add_image(record, files_.pictures, std::ssize(split_.images));
      if (!file) continue;
      if (!names.insert(record.file_name).second) {
        join_.fault("duplicate id", record.at, "image {} has the file_name {} of another image", record.id,
                    formats::shown(record.file_name));
      }
      split_.images.push_back({record.id, *file, record.size});
    }
  }

  void annotations(std::vector<CocoAnnotationRecord>& records) {
    split_.annotations.reserve(records.size());
    for (auto& record : records) {
      const auto target = join_.add_annotation(record);
      if (!target) continue;
      check_runs(record, split_.images[static_cast<size_t>(target->image)].size);
      split_.annotations.push_back({record.id, target->image, target->label, record.box, record.area, record.crowd,
                                    record.ignored, std::move(record.polygons), std::move(record.runs)});
    }
    group();
  }

  void check_runs(CocoAnnotationRecord& record, Size size) const {
    if (!record.runs || size == Size{} || record.runs->size() == size) return;
    join_.fault("broken mask", record.at, "annotation {} has a mask of {} x {}, its image {} has {} x {}", record.id,
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
  CocoJoin join_;
  CocoSplit split_;
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

}  // namespace gtsa::data
