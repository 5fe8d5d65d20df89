#include "core/synth/dataset.h"

#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/image/encode.h"
#include "core/synth/coco_writer.h"

namespace gtsa::synth {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarker = "synthetic.json";

void check(const DatasetOptions& options) {
  if (options.images < 1 || options.images > kMostImages)
    throw Error("a data set of {} pictures: 1 to {} can be made", options.images, kMostImages);
  if (!(options.val_share >= 0 && options.val_share <= 0.9))
    throw Error("a validation share of {}: it is 0 to 0.9", options.val_share);
  GTSA_CHECK(options.threads >= 1, "{} threads", options.threads);
  check_size(options.scene);
}

/// Which pictures are for validation: as many as the share says, at least one of two or more, evenly spread.
class Splits {
 public:
  explicit Splits(const DatasetOptions& options) : images_(options.images) {
    const auto wanted = static_cast<int64_t>(options.val_share * static_cast<double>(images_) + 0.5);
    validation_ = options.val_share > 0 ? std::clamp<int64_t>(wanted, 1, std::max<int64_t>(images_ - 1, 1)) : 0;
    if (images_ == 1) validation_ = 0;
  }
  bool is_validation(int64_t index) const {
    return (index + 1) * validation_ / images_ > index * validation_ / images_;
  }

 private:
  int64_t images_;
  int64_t validation_ = 0;
};

/// The names at the top of a set.
const std::set<std::string>& own_names() {
  static const std::set<std::string> names = {"images",       "annotations",     "train",
                                              "val",          "classes.txt",     "train2019.json",
                                              "val2019.json", "categories.json", kMarker};
  return names;
}

/// Makes the folder ready: absent or empty, or cleared of an older set.
void prepare_folder(FileSystem& files, const fs::path& folder, bool overwrite) {
  std::error_code failed;
  const fs::file_status status = fs::status(folder, failed);
  if (fs::exists(status) && !fs::is_directory(status))
    throw Error("{} is no folder; name another with --out", folder.string());
  std::vector<std::string> entries;
  if (fs::exists(status)) {
    for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed))
      entries.push_back(it->path().filename().string());
    if (failed) throw Error("cannot read the folder {}: {}", folder.string(), failed.message());
  }
  if (entries.empty()) return files.create_directories(folder);
  if (!overwrite)
    throw Error("{} is not empty; choose another folder, or --overwrite to replace a synthetic set in it",
                folder.string());
  if (!fs::exists(folder / kMarker))
    throw Error("{} holds no synthetic set ({} is missing), so nothing in it is overwritten; choose another folder",
                folder.string(), kMarker);
  for (const std::string& name : entries)
    if (own_names().count(name) == 0)
      throw Error("{} holds {}, which is no part of a synthetic set; nothing was overwritten", folder.string(), name);
  // The sign of a finished set goes first, the mark of ours last.
  files.remove_all(folder / "classes.txt");
  for (const std::string& name : own_names())
    if (name != kMarker) files.remove_all(folder / name);
}

/// train and val are links into images/; where the file system has none, they are folders of their own with copies.
void link_splits(FileSystem& files, const fs::path& folder) {
  for (const auto& [name, target] : {std::pair{"train", "images/training"}, {"val", "images/validation"}}) {
    std::error_code failed;
    fs::create_directory_symlink(target, folder / name, failed);
    if (!failed) continue;
    files.create_directories(folder / name);
    fs::copy(folder / target, folder / name, failed);
    if (failed) throw Error("cannot copy the pictures to {}: {}", (folder / name).string(), failed.message());
  }
}

void save(FileSystem& files, const fs::path& path, std::span<const std::byte> bytes) {
  const auto file = files.open(path, FileSystem::Mode::truncate);
  file->write(bytes);
  file->close();
}

/// iNaturalist's JSON of a split, record by record.
struct ClassJson {
  std::string images, annotations;

  void add(int64_t id, const std::string& file_name, Size size, SceneType type) {
    const char* comma = images.empty() ? "" : ",\n";
    fmt::format_to(std::back_inserter(images),
                   R"({}{{"id":{},"file_name":"{}","width":{},"height":{},"license":0,"rights_holder":""}})", comma, id,
                   file_name, size.width, size.height);
    fmt::format_to(std::back_inserter(annotations), R"({}{{"id":{},"image_id":{},"category_id":{}}})", comma, id, id,
                   static_cast<int>(type));
  }

  static std::string categories() {
    std::string text;
    for (int k = 0; k < kSceneTypes; ++k) {
      const std::string_view name = name_of(static_cast<SceneType>(k));
      fmt::format_to(std::back_inserter(text),
                     R"({}{{"id":{},"name":"{}","supercategory":"scene","kingdom":"synthetic","common_name":"{}"}})",
                     k == 0 ? "" : ",\n", k, name, name);
    }
    return text;
  }

  std::string text() const {
    return fmt::format(
        "{{\"info\":{{\"description\":\"synthetic scenes made by gtsa\",\"year\":2019,\"version\":\"1.0\"}},\n"
        "\"images\":[\n{}\n],\n\"annotations\":[\n{}\n],\n\"categories\":[\n{}\n]}}\n",
        images, annotations, categories());
  }
};

/// A picture's records, made by a worker and entered in the order of the pictures.
struct Record {
  bool validation = false;
  SceneType type = SceneType::street;
  int64_t bytes = 0, things = 0, crowds = 0;
  std::array<bool, kCategories + 1> shows{};
  std::string annotations;
};

class DatasetWriter {
 public:
  DatasetWriter(FileSystem& files, const fs::path& folder, const DatasetOptions& options)
      : files_(files),
        folder_(folder),
        options_(options),
        splits_(options),
        training_(files, folder / "annotations" / "instances_train.json"),
        validation_(files, folder / "annotations" / "instances_val.json") {}

  DatasetSummary write() {
    std::vector<std::thread> workers;
    for (int i = 1; i < options_.threads; ++i) workers.emplace_back([this] { work(); });
    work();
    for (std::thread& worker : workers) worker.join();
    if (error_) std::rethrow_exception(error_);
    finish();
    return summary_;
  }

 private:
  /// Takes one picture after the other until none is left or one has failed.
  void work() {
    try {
      for (int64_t index = next_++; index < options_.images && !failed_; index = next_++) enter(index, make(index));
    } catch (...) {
      const std::lock_guard lock(guard_);
      if (!error_) error_ = std::current_exception();
      failed_ = true;
    }
  }

  Record make(int64_t index) {
    const Scene scene = render_scene(options_.seed, static_cast<uint64_t>(index), options_.scene);
    Record record{.validation = splits_.is_validation(index), .type = scene.type};
    const fs::path split = record.validation ? "validation" : "training";
    const auto picture = image::encode_jpeg(scene.image, scene.jpeg_quality);
    const auto labels = image::encode_png(scene.labels);
    save(files_, folder_ / "images" / split / (stem(index) + ".jpg"), picture);
    save(files_, folder_ / "annotations" / split / (stem(index) + ".png"), labels);
    record.bytes = static_cast<int64_t>(picture.size() + labels.size());
    record.annotations = coco_annotations(scene, index + 1);
    for (const SceneThing& thing : scene.things) ++(thing.crowd ? record.crowds : record.things);
    for (const uint16_t label : scene.labels.values) record.shows[label] = true;
    return record;
  }

  void enter(int64_t index, Record record) {
    const std::lock_guard lock(guard_);
    waiting_.emplace(index, std::move(record));
    for (auto it = waiting_.begin(); it != waiting_.end() && it->first == entered_; it = waiting_.erase(it)) {
      enter_next(it->second);
      ++entered_;
    }
    if (options_.progress) options_.progress(++done_);
  }

  void enter_next(const Record& record) {
    const Size size{options_.scene.width, options_.scene.height};
    const std::string name = stem(entered_) + ".jpg";
    (record.validation ? validation_ : training_).add(entered_ + 1, name, size, record.annotations);
    classes_[record.validation].add(entered_ + 1,
                                    fmt::format("images/{}/{}", record.validation ? "validation" : "training", name),
                                    size, record.type);
    ++(record.validation ? summary_.validation : summary_.training);
    summary_.bytes += record.bytes;
    summary_.things += record.things;
    summary_.crowds += record.crowds;
    ++summary_.of_type[static_cast<size_t>(record.type)];
    for (size_t k = 0; k < record.shows.size(); ++k) summary_.of_category[k] += record.shows[k];
  }

  void finish() {
    link_splits(files_, folder_);
    training_.finish();
    validation_.finish();
    write_atomically(files_, folder_ / "train2019.json", classes_[0].text());
    write_atomically(files_, folder_ / "val2019.json", classes_[1].text());
    write_atomically(files_, folder_ / "categories.json", "[\n" + ClassJson::categories() + "\n]\n");
    std::string names;
    for (int k = 1; k <= kCategories; ++k) names += fmt::format("{}\n", name_of(static_cast<Category>(k)));
    write_atomically(files_, folder_ / "classes.txt", names);
  }

  static std::string stem(int64_t index) { return fmt::format("scene_{:06}", index); }

  FileSystem& files_;
  const fs::path& folder_;
  const DatasetOptions& options_;
  Splits splits_;
  std::atomic<int64_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex guard_;  // of all below
  std::exception_ptr error_;
  std::map<int64_t, Record> waiting_;
  int64_t entered_ = 0, done_ = 0;
  CocoWriter training_, validation_;
  ClassJson classes_[2];  // training, validation
  DatasetSummary summary_;
};

}  // namespace

DatasetSummary write_dataset(FileSystem& files, const fs::path& folder, const DatasetOptions& options) {
  check(options);
  prepare_folder(files, folder, options.overwrite);
  write_atomically(
      files, folder / kMarker,
      fmt::format("{{\"images\":{},\"seed\":{},\"width\":{},\"height\":{},\"val_share\":{}}}\n", options.images,
                  options.seed, options.scene.width, options.scene.height, options.val_share));
  for (const char* split : {"training", "validation"}) {
    files.create_directories(folder / "images" / split);
    files.create_directories(folder / "annotations" / split);
  }
  return DatasetWriter(files, folder, options).write();
}

}  // namespace gtsa::synth
