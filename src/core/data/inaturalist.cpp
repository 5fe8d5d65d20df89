#include "core/data/inaturalist.h"

#include "core/data/coco_join.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNoLabel = -1;

/// Makes a split of the records of one file.
class Resolver {
 public:
  Resolver(const fs::path& root, const fs::path& json, const OnFault& on_fault) : root_(root), join_(json, on_fault) {}

  ClassifiedSplit resolve(CocoRecords&& records) {
    for (auto& record : join_.add_categories(std::move(records.categories))) {
      split_.category_ids.push_back(record.id);
      split_.classes.push_back(std::move(record.name));
    }
    images(records.images);
    annotations(records.annotations);
    leave_out_unlabelled();
    return std::move(split_);
  }

 private:
  void images(const std::vector<CocoImageRecord>& records) {
    for (const CocoImageRecord& record : records) {
      if (const auto file = join_.add_image(record, root_, std::ssize(split_.files))) {
        split_.files.push_back({*file, kNoLabel, record.size});
        records_.push_back(&record);
      }
    }
  }

  void annotations(const std::vector<CocoAnnotationRecord>& records) {
    for (const CocoAnnotationRecord& record : records) {
      const auto target = join_.add_annotation(record);
      if (!target) continue;
      int64_t& own = split_.files[static_cast<size_t>(target->image)].label;
      if (own == kNoLabel) {
        own = target->label;
      } else {
        join_.fault("several classes", record.at, "image {} has a second annotation, {}; one class a picture is wanted",
                    record.image_id, record.id);
      }
    }
  }

  void leave_out_unlabelled() {
    std::vector<ClassifiedFile> kept;
    for (size_t i = 0; i < split_.files.size(); ++i) {
      if (split_.files[i].label == kNoLabel) {
        join_.fault("no class", records_[i]->at, "image {} has no annotation", records_[i]->id);
      } else {
        kept.push_back(std::move(split_.files[i]));
      }
    }
    split_.files = std::move(kept);
  }

  const fs::path& root_;
  CocoJoin join_;
  ClassifiedSplit split_;
  std::vector<const CocoImageRecord*> records_;  ///< of split_.files, one each
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
  return Resolver(root, json, on_fault).resolve(read_coco_json(json, CocoAbout::pictures, on_fault));
}

}  // namespace gtsa::data
