#include "core/data/dataset_check.h"

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/data/ade20k.h"
#include "core/data/class_folder.h"
#include "core/data/coco.h"
#include "core/data/dataset_check_duplicates.h"
#include "core/data/dataset_check_pictures.h"
#include "core/data/image_folder.h"
#include "core/data/inaturalist.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code failed;
  return fs::is_directory(path, failed);
}

void require_filled_folder(const fs::path& folder) {
  std::error_code failed;
  if (!fs::exists(folder, failed)) throw Error("{} does not exist", folder.string());
  if (!is_folder(folder)) throw Error("{} is not a folder", folder.string());
  const bool empty = fs::is_empty(folder, failed);
  if (failed) throw Error("cannot read the folder {}: {}", folder.string(), failed.message());
  if (empty) throw Error("the folder {} is empty", folder.string());
}

struct LayoutAndTask {
  DatasetLayout layout;
  DatasetTask task;
};

/// The first layout that the folder has, those that say most about themselves first.
LayoutAndTask guess(const fs::path& folder) {
  if (is_coco_layout(folder)) return {DatasetLayout::coco, DatasetTask::detect};
  if (is_ade20k_layout(folder)) return {DatasetLayout::ade20k, DatasetTask::segment};
  if (is_inaturalist_layout(folder)) return {DatasetLayout::inaturalist, DatasetTask::classify};
  if (is_class_folder_layout(folder)) return {DatasetLayout::class_folders, DatasetTask::classify};
  return {DatasetLayout::photographs, DatasetTask::pretrain};
}

DatasetLayout layout_for(const fs::path& folder, DatasetTask task) {
  switch (task) {
    case DatasetTask::pretrain:
      return DatasetLayout::photographs;
    case DatasetTask::segment:
      if (is_ade20k_layout(folder)) return DatasetLayout::ade20k;
      throw Error("{} is not laid out for segment: it wants ADE20K's images/training/ and annotations/training/",
                  folder.string());
    case DatasetTask::detect:
      if (is_coco_layout(folder)) return DatasetLayout::coco;
      throw Error(
          "{} is not laid out for detect: it wants COCO's annotations/instances_train2017.json or "
          "instances_train.json",
          folder.string());
    case DatasetTask::classify:
      if (is_inaturalist_layout(folder)) return DatasetLayout::inaturalist;
      if (is_class_folder_layout(folder)) return DatasetLayout::class_folders;
      throw Error(
          "{} is not laid out for classify: it wants iNaturalist's train2019.json, or train/CLASS/ and "
          "val/CLASS/",
          folder.string());
  }
  GTSA_CHECK(false, "no such task");
}

Spread spread(std::vector<int64_t> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {values.front(), values[(values.size() - 1) / 2], values.back()};
}

/// All files below a folder, sorted by the bytes of their paths.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed, no_file;
  for (fs::recursive_directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    if (it->is_regular_file(no_file)) files.push_back(it->path());
  }
  if (failed) throw Error("cannot read the folder {}: {}", folder.string(), failed.message());
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return files;
}

/// One check, from the folder to the report.
class Checker {
 public:
  Checker(const fs::path& folder, const DatasetCheckOptions& options)
      : folder_(folder),
        options_(options),
        on_fault_([this](std::string_view kind, const std::string& what) { findings_.error(kind, what); }) {}

  DatasetReport check() {
    require_filled_folder(folder_);
    report_.folder = folder_;
    const LayoutAndTask guessed = guess(folder_);
    report_.task_was_guessed = !options_.task;
    report_.task = options_.task.value_or(guessed.task);
    report_.layout = options_.task ? layout_for(folder_, *options_.task) : guessed.layout;
    list();
    look();
    check_boxes();
    find_duplicates();
    find_unused_classes();
    report_.findings = findings_.all();
    std::stable_sort(report_.findings.begin(), report_.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.is_error && !b.is_error; });
    return std::move(report_);
  }

 private:
  void list() {
    switch (report_.layout) {
      case DatasetLayout::photographs:
        return list_photographs();
      case DatasetLayout::class_folders:
      case DatasetLayout::inaturalist:
        return list_classified();
      case DatasetLayout::ade20k:
        return list_segmented();
      case DatasetLayout::coco:
        return list_objects();
    }
  }

  /// A split of which the pictures follow.
  SplitSummary& add_split(const std::string& name, size_t listed) {
    for (ClassCount& known : report_.classes) known.counts.resize(report_.splits.size() + 1);
    report_.splits.push_back({.name = name, .listed = static_cast<int64_t>(listed)});
    return report_.splits.back();
  }

  void add_classes(const std::vector<std::string>& names) {
    for (const std::string& name : names) report_.classes.push_back({name, {}});
  }

  /// The first split says what there is; every other must agree.
  void compare_classes(const std::vector<std::string>& names, const std::string& split) {
    if (report_.classes.empty()) return add_classes(names);
    const auto differs = [&](size_t i) { return i >= names.size() || names[i] != report_.classes[i].name; };
    size_t i = 0;
    while (i < report_.classes.size() && !differs(i)) ++i;
    if (i == report_.classes.size() && i == names.size()) return;
    findings_.error("different classes",
                    fmt::format("{} has {} classes and {} has {}; number {} is {} in one and {} in the other",
                                report_.splits.front().name, report_.classes.size(), split, names.size(), i,
                                i < report_.classes.size() ? report_.classes[i].name : "nothing",
                                i < names.size() ? names[i] : "nothing"));
    for (size_t k = report_.classes.size(); k < names.size(); ++k) report_.classes.push_back({names[k], {}});
  }

  void missing_split(const std::string& split) {
    findings_.warning("missing split", fmt::format("{} has no split {}", folder_.string(), split));
  }

  void list_photographs() {
    const std::vector<fs::path> arguments{folder_};
    const ImageFolder photographs(arguments);
    SplitSummary& split = add_split("photographs", photographs.files().size());
    split.ignored_files = photographs.ignored();
    for (const fs::path& file : photographs.files()) pictures_.push_back({.file = file});
  }

  void list_classified() {
    const bool from_json = report_.layout == DatasetLayout::inaturalist;
    for (const std::string name : {"train", "val"}) {
      std::error_code failed;
      if (!fs::exists(folder_ / (from_json ? name + "2019.json" : name), failed)) {
        missing_split(name);
        continue;
      }
      const ClassifiedSplit read =
          from_json ? read_inaturalist(folder_, name, on_fault_) : read_class_folders(folder_, name);
      compare_classes(read.classes, name);
      const size_t split = report_.splits.size();
      add_split(name, read.files.size());
      for (const ClassifiedFile& file : read.files) {
        pictures_.push_back({.file = file.file, .stated = file.size, .split = split});
        ++report_.classes[static_cast<size_t>(file.label)].counts[split];
      }
    }
  }

  void list_segmented() {
    add_classes(read_ade20k_classes(folder_).names);
    for (const std::string name : {"training", "validation"}) {
      if (!is_folder(folder_ / "images" / name)) {
        missing_split(name);
        continue;
      }
      const std::vector<LabelledFile> files = list_ade20k(folder_, name);
      const size_t split = report_.splits.size();
      add_split(name, files.size());
      std::set<fs::path> annotations;
      for (const LabelledFile& file : files) {
        pictures_.push_back({.file = file.image, .annotation = file.annotation, .split = split});
        annotations.insert(file.annotation);
      }
      for (const fs::path& file : files_below(folder_ / "annotations" / name)) {
        if (file.extension() != ".png" || annotations.contains(file)) continue;
        findings_.warning("annotation without picture", fmt::format("{} belongs to no picture", file.string()));
      }
    }
  }

  void list_objects() {
    for (const std::string name : {"train", "val"}) {
      const auto files = find_coco(folder_, name);
      if (!files) {
        missing_split(name);
        continue;
      }
      CocoSplit read = read_coco(*files, on_fault_);
      std::vector<std::string> names;
      for (const CocoCategory& category : read.categories) names.push_back(category.name);
      compare_classes(names, name);
      const size_t split = report_.splits.size();
      SplitSummary& summary = add_split(name, read.images.size());
      summary.objects = std::ssize(read.annotations);
      summary.crowds = std::count_if(read.annotations.begin(), read.annotations.end(),
                                     [](const CocoAnnotation& annotation) { return annotation.crowd; });
      for (const CocoAnnotation& annotation : read.annotations) {
        ++report_.classes[static_cast<size_t>(annotation.label)].counts[split];
      }
      std::set<fs::path> listed;
      for (const CocoImage& image : read.images) {
        pictures_.push_back({.file = image.file, .stated = image.size, .split = split});
        listed.insert(image.file.lexically_normal());
      }
      for (const fs::path& file : files_below(files->pictures)) {
        if (!is_picture_by_name(file) || listed.contains(file.lexically_normal())) continue;
        findings_.warning("unlisted picture",
                          fmt::format("{} has no entry in {}", file.string(), files->annotations.string()));
      }
      objects_.push_back({std::move(read), files->annotations});
    }
  }

  void look() {
    const size_t splits = report_.splits.size();
    std::vector<std::vector<int64_t>> widths(splits), heights(splits);
    std::vector<LabelCounts> labels(splits, LabelCounts(report_.classes.size() + 1));
    const SurveyOptions survey_options{.max_pixels = options_.max_pixels,
                                       .apply_exif = report_.task == DatasetTask::pretrain,
                                       .classes = report_.layout == DatasetLayout::ade20k ? report_.classes.size() : 0,
                                       .progress = options_.progress};
    survey(pictures_, survey_options, [&](size_t i, PictureFacts&& facts) {
      for (const Finding& finding : facts.findings) findings_.add(finding.kind, finding.is_error, finding.first);
      const size_t split = pictures_[i].split;
      seen_.push_back({facts.size, facts.look, facts.pixels});
      if (!facts.labels.empty()) count_labels(facts.labels, split, labels[split]);
      if (facts.size == Size{}) return;
      widths[split].push_back(facts.size.width);
      heights[split].push_back(facts.size.height);
    });
    for (size_t i = 0; i < splits; ++i) {
      SplitSummary& split = report_.splits[i];
      split.readable = std::ssize(widths[i]);
      split.width = spread(std::move(widths[i]));
      split.height = spread(std::move(heights[i]));
      if (report_.layout == DatasetLayout::ade20k) split.labelled_share = labelled_share(labels[i]);
    }
  }

  void count_labels(const LabelCounts& picture, size_t split, LabelCounts& sum) {
    for (size_t label = 0; label < picture.size(); ++label) sum[label] += picture[label];
    for (size_t k = 0; k < report_.classes.size(); ++k) {
      if (picture[k + 1] > 0) ++report_.classes[k].counts[split];
    }
  }

  static double labelled_share(const LabelCounts& counts) {
    int64_t all = 0;
    for (const int64_t count : counts) all += count;
    return all == 0 ? 0 : 1 - static_cast<double>(counts[0]) / static_cast<double>(all);
  }

  void check_boxes() {
    size_t first_picture = 0;
    for (const auto& [read, json] : objects_) {
      for (size_t i = 0; i < read.images.size(); ++i) {
        const Size size = read.images[i].size == Size{} ? seen_[first_picture + i].size : read.images[i].size;
        for (const CocoAnnotation& annotation : read.of(i)) check_box(annotation, read.images[i], size, json);
      }
      first_picture += read.images.size();
    }
  }

  void check_box(const CocoAnnotation& annotation, const CocoImage& image, Size size, const fs::path& json) {
    // COCO's own boxes go beyond the border by rounding.
    constexpr double kTolerance = 1;
    const geometry::BoxXywh& box = annotation.box;
    const auto told = [&](const char* what) {
      return fmt::format("{}: annotation {} of {} has the box x {}, y {}, {} x {}, {}", json.string(), annotation.id,
                         image.file.string(), box.x, box.y, box.width, box.height, what);
    };
    if (box.width <= 0 || box.height <= 0) {
      findings_.error("empty box", told("which is empty"));
    } else if (size != Size{} && (box.x < -kTolerance || box.y < -kTolerance ||
                                  box.x + box.width > static_cast<double>(size.width) + kTolerance ||
                                  box.y + box.height > static_cast<double>(size.height) + kTolerance)) {
      findings_.error("box outside",
                      told(fmt::format("which leaves the {} x {} pixels", size.width, size.height).c_str()));
    }
    if (!annotation.has_mask()) {
      findings_.warning("no mask", fmt::format("{}: annotation {} has no mask", json.string(), annotation.id));
    }
  }

  void find_duplicates() {
    std::vector<size_t> readable;
    std::vector<uint64_t> pixels;
    std::vector<std::optional<DifferenceHash>> looks;
    for (size_t i = 0; i < seen_.size(); ++i) {
      if (seen_[i].size == Size{}) continue;
      readable.push_back(i);
      pixels.push_back(seen_[i].pixels);
      looks.push_back(seen_[i].look);
    }
    const auto tell = [&](const AlikePair& pair, const char* kind, const std::string& how) {
      const PictureToCheck& first = pictures_[readable[static_cast<size_t>(pair.first)]];
      const PictureToCheck& second = pictures_[readable[static_cast<size_t>(pair.second)]];
      const std::string what = fmt::format("{} and {} {}", first.file.string(), second.file.string(), how);
      findings_.warning(kind, what);
      if (first.split != second.split) findings_.warning("in two splits", what);
    };
    for (const AlikePair& pair : equal_pairs(pixels)) {
      tell(pair, "exact duplicate", "have the same pixels");
      looks[static_cast<size_t>(pair.second)].reset();
    }
    for (const AlikePair& pair : near_pairs(looks, kNearBits)) {
      tell(pair, "near duplicate", fmt::format("look alike (at most {} of 64 bits of either dHash differ)", kNearBits));
    }
  }

  void find_unused_classes() {
    for (const ClassCount& known : report_.classes) {
      const bool unused = std::all_of(known.counts.begin(), known.counts.end(), [](int64_t n) { return n == 0; });
      if (unused) {
        findings_.warning("unused class", fmt::format("the class {} never occurs", known.name));
      } else if (known.counts.front() == 0) {
        findings_.warning("class without training",
                          fmt::format("the class {} does not occur in {}", known.name, report_.splits.front().name));
      }
    }
  }

  /// What is kept of a picture.
  struct Seen {
    Size size;
    std::optional<DifferenceHash> look;
    uint64_t pixels = 0;
  };
  struct Objects {
    CocoSplit read;
    fs::path json;
  };

  const fs::path folder_;
  const DatasetCheckOptions& options_;
  OnFault on_fault_;
  Findings findings_;
  DatasetReport report_;
  std::vector<PictureToCheck> pictures_;  ///< split by split
  std::vector<Seen> seen_;                ///< of each picture
  std::vector<Objects> objects_;          ///< of each split, in the pictures' order
};

}  // namespace

std::string_view name_of(DatasetTask task) {
  switch (task) {
    case DatasetTask::pretrain:
      return "pretrain";
    case DatasetTask::classify:
      return "classify";
    case DatasetTask::segment:
      return "segment";
    case DatasetTask::detect:
      return "detect";
  }
  return "";
}

std::string_view name_of(DatasetLayout layout) {
  switch (layout) {
    case DatasetLayout::photographs:
      return "a folder of photographs";
    case DatasetLayout::class_folders:
      return "class folders";
    case DatasetLayout::inaturalist:
      return "iNaturalist's layout";
    case DatasetLayout::ade20k:
      return "ADE20K's layout";
    case DatasetLayout::coco:
      return "COCO's layout";
  }
  return "";
}

void Findings::add(std::string_view kind, bool is_error, const std::string& what) {
  const auto known = std::find_if(all_.begin(), all_.end(), [&](const Finding& f) { return f.kind == kind; });
  if (known != all_.end()) {
    ++known->count;
  } else {
    all_.push_back({std::string(kind), is_error, 1, what});
  }
}

bool DatasetReport::is_fit() const {
  return std::none_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.is_error; });
}

DatasetReport check_dataset(const fs::path& folder, const DatasetCheckOptions& options) {
  return Checker(folder, options).check();
}

}  // namespace gtsa::data
