#include "learn/probe/features.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <utility>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json_line.h"
#include "core/base/log.h"
#include "core/data/loader.h"
#include "core/data/sampler.h"
#include "core/formats/safetensors.h"

namespace gtsa::probe {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kValues = "features";
constexpr const char* kFiles = "files";

/// Hash of the pictures' names, and of the sizes and times of change of the files that hold them.
uint64_t hash_of(const data::Photographs& photographs) {
  Hash hash;
  fs::path last;
  for (int64_t i = 0; i < photographs.size(); ++i) {
    const data::PhotoRef photo = photographs[static_cast<uint64_t>(i)];
    hash.add(photo.name());
    if (photo.file() == last) continue;  // members of one shard
    last = photo.file();
    std::error_code failed;  // what cannot be read is left out, and told then
    hash.add(fs::absolute(last, failed).string());
    hash.add(fs::file_size(last, failed));
    hash.add(fs::last_write_time(last, failed).time_since_epoch().count());
  }
  return hash.value();
}

/// All that features depend on, for people and for comparison.
std::string recipe_of(const Frozen& network, const data::Photographs& photographs, const FeatureOptions& options) {
  const data::ClassifyOptions& views = options.views;
  ordered_json json{{"format", 1},
                    {"weights", fmt::format("{:016x}", network.fingerprint())},
                    {"photographs", fmt::format("{} ({:016x})", photographs.size(), hash_of(photographs))},
                    {"pool", name_of(options.pool)},
                    {"side", views.input_size},
                    {"exif", views.decode.apply_exif},
                    {"max_pixels", views.decode.max_pixels},
                    {"least_side", views.decode.least_side},
                    {"filter", static_cast<int>(views.filter)}};
  if (views.augment) {
    json["draw"] = {{"area", {views.crop.area_share.low, views.crop.area_share.high}},
                    {"ratio", {views.crop.ratio.low, views.crop.ratio.high}},
                    {"one_shot", views.crop.one_shot},
                    {"flip", views.flip},
                    {"randaugment", views.randaugment},
                    {"erasing", views.erasing.probability},
                    {"seed", views.seed},
                    {"number", options.draw}};
  }
  return json_line(json);
}

/// Rows as they come, in a file that is gone at the end.
class RowFile {
 public:
  RowFile(FileSystem& files, const fs::path& folder) : files_(files) {
    files_.create_directories(folder);
    static int count = 0;
    path_ = folder / fmt::format("rows-{}-{}.partial", ::getpid(), ++count);
    file_ = files_.open(path_, FileSystem::Mode::truncate);
  }
  ~RowFile() {
    try {
      files_.remove_all(path_);
    } catch (const Error&) {
      // It carries .partial in its name and is never read.
    }
  }
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;

  void write(std::span<const float> row) { file_->write(std::as_bytes(row)); }
  /// All rows; no more may follow. The map stays good when the file is gone.
  MappedFile map() {
    file_->close();
    return MappedFile(path_);
  }

 private:
  FileSystem& files_;
  fs::path path_;
  std::unique_ptr<OutputFile> file_;
};

/// `bytes` as rows, for as long as `owner` lives.
template <class Owner>
at::Tensor rows_of(std::span<const std::byte> bytes, int64_t rows, std::shared_ptr<Owner> owner) {
  const int64_t width = std::ssize(bytes) / static_cast<int64_t>(sizeof(float)) / rows;
  auto* const values = const_cast<float*>(reinterpret_cast<const float*>(bytes.data()));
  return at::from_blob(
      values, {rows, width}, [owner = std::move(owner)](void*) {}, at::kFloat);
}

/// What was read, but for the rows themselves.
struct Reading {
  std::vector<int64_t> files;
  std::vector<std::string> skipped;
};

/// Lets the network see all pictures, and tells what became of them.
Reading read_all(const Frozen& network, const data::Photographs& photographs, const FeatureOptions& options,
                 RowFile& rows) {
  const int64_t n = photographs.size();
  const data::ClassifyRecipe recipe(std::vector<int64_t>(static_cast<size_t>(n)), options.views);
  const auto sampler = data::EpochSampler::in_order(n, std::min(n, options.batch));
  const int64_t per_epoch = sampler.iterations_per_epoch(), first = static_cast<int64_t>(options.draw) * per_epoch;
  data::Loader loader(
      photographs, sampler, recipe,
      {.workers = options.workers, .max_bad_share = 1, .first_iteration = first, .end_iteration = first + per_epoch});
  Reading reading;
  for (int64_t done = 0; done < per_epoch; ++done) {
    const std::shared_ptr<const data::Batch> batch = loader.next();
    const data::Buffer& images = (*batch)["images"];
    const at::Tensor features =
        network.describe(at::from_blob(images.as<float>(), images.spec.shape, at::kFloat), options.pool);
    const auto width = static_cast<size_t>(features.size(1));
    for (size_t i = 0; i < batch->keys.size(); ++i) {
      const data::SampleKey& key = batch->keys[i];
      if (key.replaced || key.place >= static_cast<uint64_t>(n)) continue;
      rows.write({features.data_ptr<float>() + i * width, width});
      reading.files.push_back(static_cast<int64_t>(key.file));
    }
    if (options.progress) options.progress(std::min(n, (done + 1) * sampler.batch()), n);
  }
  for (const data::BadFile& bad : loader.bad_files()) {
    const bool named = bad.reason.find(bad.name) != std::string::npos;
    reading.skipped.push_back(named ? bad.reason : bad.name + ": " + bad.reason);
  }
  return reading;
}

/// Throws Error unless the file holds what `recipe` would make of `n` pictures.
Features read_cached(const fs::path& path, const std::string& recipe, int64_t n) {
  auto file = std::make_shared<formats::SafetensorsFile>(path);
  const auto& metadata = file->content().metadata;
  const auto said = metadata.find("recipe"), skipped = metadata.find("skipped");
  if (said == metadata.end() || skipped == metadata.end() || said->second != recipe) {
    throw Error("{} holds other features than its name says", path.string());
  }
  const formats::TensorRecord* const values = file->content().find(kValues);
  const formats::TensorRecord* const files = file->content().find(kFiles);
  if (values == nullptr || files == nullptr || values->dtype != formats::Dtype::f32 || values->shape.size() != 2 ||
      files->dtype != formats::Dtype::i64 || files->shape != std::vector{values->shape[0]} || values->shape[0] < 1) {
    throw Error("{} does not hold features", path.string());
  }
  Features features;
  const std::span numbers(reinterpret_cast<const int64_t*>(files->data.data()), static_cast<size_t>(files->shape[0]));
  features.files.assign(numbers.begin(), numbers.end());
  if (!std::is_sorted(numbers.begin(), numbers.end()) || numbers.front() < 0 || numbers.back() >= n) {
    throw Error("{} names pictures that are not there", path.string());
  }
  features.skipped = nlohmann::json::parse(skipped->second).get<std::vector<std::string>>();
  const std::span<const std::byte> bytes = values->data;
  features.values = rows_of(bytes, values->shape[0], std::move(file));
  return features;
}

void write_cached(FileSystem& files, const fs::path& path, const std::string& recipe, const Features& features) {
  const auto bytes = [](const auto* values, int64_t count) {
    return std::as_bytes(std::span(values, static_cast<size_t>(count)));
  };
  const int64_t rows = features.values.size(0), width = features.values.size(1);
  const std::vector<formats::TensorRecord> records{
      {kValues, formats::Dtype::f32, {rows, width}, bytes(features.values.data_ptr<float>(), rows * width)},
      {kFiles, formats::Dtype::i64, {rows}, bytes(features.files.data(), rows)}};
  formats::write_safetensors(files, path, records,
                             {{"recipe", recipe}, {"skipped", json_line(ordered_json(features.skipped))}});
}

Features make_features(FileSystem& files, const Frozen& network, const data::Photographs& photographs,
                       const FeatureOptions& options, const fs::path& folder) {
  RowFile rows(files, folder);
  Reading reading = read_all(network, photographs, options, rows);
  auto map = std::make_shared<MappedFile>(rows.map());
  const std::span<const std::byte> bytes = map->bytes();
  return {rows_of(bytes, std::ssize(reading.files), std::move(map)), std::move(reading.files),
          std::move(reading.skipped)};
}

}  // namespace

Features extract_features(FileSystem& files, const Frozen& network, const data::Photographs& photographs,
                          const FeatureOptions& chosen) {
  GTSA_CHECK(photographs.size() > 0, "features of no pictures");
  FeatureOptions options = chosen;
  if (options.views.input_size == 0) options.views.input_size = network.image_size;
  if (!options.cache) return make_features(files, network, photographs, options, fs::temp_directory_path());
  const std::string recipe = recipe_of(network, photographs, options);
  Hash name;
  name.add(std::string_view(recipe));
  const fs::path path = *options.cache / fmt::format("{:016x}.safetensors", name.value());
  if (fs::exists(path)) {
    try {
      Features features = read_cached(path, recipe, photographs.size());
      log::info("features of {} pictures were made before: {}", features.files.size(), path.string());
      return features;
    } catch (const std::exception& error) {
      log::warning("features are made anew: {}", error.what());
    }
  }
  const Features features = make_features(files, network, photographs, options, *options.cache);
  write_cached(files, path, recipe, features);
  return features;
}

std::optional<fs::path> default_cache_folder() {
  const auto variable = [](const char* name) {
    return fs::path(std::getenv(name) == nullptr ? "" : std::getenv(name));
  };
  // An empty or relative one is to be ignored, says the XDG specification.
  if (const fs::path cache = variable("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "gtsa" / "features";
  if (const fs::path home = variable("HOME"); home.is_absolute()) return home / ".cache" / "gtsa" / "features";
  return std::nullopt;
}

void warn_of_skipped(const Features& features) {
  constexpr size_t kNamed = 10;
  for (size_t i = 0; i < std::min(kNamed, features.skipped.size()); ++i) {
    log::warning("left out: {}", features.skipped[i]);
  }
  if (features.skipped.size() > kNamed) log::warning("and {} more are left out", features.skipped.size() - kNamed);
}

}  // namespace gtsa::probe
