#include "core/data/inaturalist.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/base/error.h"
#include "core/data/coco.h"
#include "core/formats/json_cursor.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNoLabel = -1;

class Joiner {
 public:
  Joiner(const fs::path& root, const fs::path& json, const OnFault& on_fault)
      : root_(root), json_(json), on_fault_(on_fault) {}

  ClassifiedSplit join(CocoRecords&& records) {
    categories(std::move(records.categories));
    images(records.images);
    annotations(records.annotations);
    keep_labelled(records.images);
    return std::move(split_);
  }

 private:
  template <class... Args>
  void fault(const char* kind, uint64_t at, fmt::format_string<Args...> format, Args&&... args) const {
    on_fault_(kind,
              fmt::format("{}: {} (byte {})", json_.string(), fmt::format(format, std::forward<Args>(args)...), at));
  }

  void categories(std::vector<CocoCategoryRecord>&& records) {
    std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    for (auto& record : records) {
      if (!labels_.emplace(record.id, std::ssize(split_.classes)).second) {
        fault("duplicate id", record.at, "category {} occurs twice", record.id);
        continue;
      }
      split_.category_ids.push_back(record.id);
      split_.classes.push_back(std::move(record.name));
    }
  }

  void images(const std::vector<CocoImageRecord>& records) {
    for (size_t i = 0; i < records.size(); ++i) {
      const CocoImageRecord& record = records[i];
      const auto file = file_below(root_, record.file_name);
      split_.files.push_back({file.value_or(fs::path()), kNoLabel, record.size});
      if (!images_.emplace(record.id, i).second) {
        fault("duplicate id", record.at, "image {} occurs twice", record.id);
        split_.files.back().file.clear();
      } else if (!file) {
        fault("missing file", record.at, "image {} has the file_name {}, which is no file below {}", record.id,
              formats::shown(record.file_name), root_.string());
      }
    }
  }

  void annotations(const std::vector<CocoAnnotationRecord>& records) {
    std::unordered_set<int64_t> ids;
    for (const CocoAnnotationRecord& record : records) {
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
      } else if (int64_t& own = split_.files[image->second].label; own != kNoLabel) {
        fault("several classes", record.at, "image {} has a second annotation, {}; one class a picture is wanted",
              record.image_id, record.id);
      } else {
        own = label->second;
      }
    }
  }

  void keep_labelled(const std::vector<CocoImageRecord>& records) {
    std::vector<ClassifiedFile> kept;
    for (size_t i = 0; i < split_.files.size(); ++i) {
      ClassifiedFile& file = split_.files[i];
      if (file.file.empty()) continue;
      if (file.label == kNoLabel) {
        fault("no class", records[i].at, "image {} has no annotation", records[i].id);
      } else {
        kept.push_back(std::move(file));
      }
    }
    split_.files = std::move(kept);
  }

  const fs::path& root_;
  const fs::path& json_;
  const OnFault& on_fault_;
  ClassifiedSplit split_;
  std::unordered_map<int64_t, int64_t> labels_;  ///< category id -> label
  std::unordered_map<int64_t, size_t> images_;   ///< image id -> index
};

}  // namespace

bool is_inaturalist_layout(const fs::path& root) {
  std::error_code failed;
  return fs::is_regular_file(root / "train2019.json", failed);
}

ClassifiedSplit read_inaturalist(const fs::path& root, const std::string& split) {
  return read_inaturalist(root, split, refuse);
}

ClassifiedSplit read_inaturalist(const fs::path& root, const std::string& split, const OnFault& on_fault) {
  const fs::path json = root / (split + "2019.json");
  return Joiner(root, json, on_fault).join(read_coco_json(json, CocoAbout::pictures, on_fault));
}

}  // namespace gtsa::data
