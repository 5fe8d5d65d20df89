#include "program/app/features.h"

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_line.h"
#include "core/base/log.h"
#include "core/data/classified.h"
#include "core/data/inaturalist.h"
#include "core/data/shards.h"
#include "core/formats/npy.h"
#include "core/formats/safetensors.h"
#include "program/app/common_options.h"
#include "program/app/machine.h"
#include "program/app/print_json.h"
#include "program/app/progress_line.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

/// What --data names.
struct Pictures {
  data::Photographs photographs;
  std::vector<int64_t> labels;       ///< empty without classes
  std::vector<std::string> classes;  ///< likewise
};

Pictures pictures_of(const FeaturesOptions& options) {
  const std::vector<std::string>& data = options.extraction.data;
  if (data.empty()) throw UsageError("--data is missing: name photographs, or a folder of pictures in classes");
  const fs::path first = data.front();
  if (data.size() == 1 && (data::is_inaturalist_layout(first) || data::is_class_folder_layout(first))) {
    data::ClassifiedSplit split = data::read_classified(first, options.split.empty() ? "train" : options.split);
    data::LabelledPhotographs pictures = data::labelled(split);
    return {std::move(pictures.photographs), std::move(pictures.labels), std::move(split.classes)};
  }
  if (!options.split.empty()) {
    throw UsageError("--split {} belongs to a folder of pictures in classes, which {} is not", options.split,
                     data.front());
  }
  const std::vector<fs::path> arguments(data.begin(), data.end());
  const data::FoundPhotographs found = data::find_photographs(arguments);
  for (const std::string& line : found.description) log::info("{}", line);
  return {found.photographs, {}, {}};
}

/// Names of the rows, one a line.
std::string names_of(const probe::Features& features, const data::Photographs& photographs) {
  std::string names;
  for (const int64_t file : features.files) names += photographs.name(static_cast<uint64_t>(file)) + "\n";
  return names;
}

template <class T>
std::span<const std::byte> bytes_of(const T* values, size_t count) {
  return std::as_bytes(std::span(values, count));
}

/// What is no UTF-8 is replaced: a header holds nothing else.
std::string utf8(const std::string& text) { return ordered_json::parse(json_line(ordered_json(text))); }

void write_npy(const fs::path& out, const probe::Features& features, const Pictures& pictures) {
  const at::Tensor& values = features.values;
  write_atomically(real_files(), fs::path(out).replace_extension(".txt"), names_of(features, pictures.photographs));
  formats::write_npy(real_files(), out,
                     {formats::Dtype::f32,
                      {values.size(0), values.size(1)},
                      bytes_of(values.data_ptr<float>(), static_cast<size_t>(values.numel()))});
}

void write_safetensors(const fs::path& out, const probe::Features& features, const Pictures& pictures,
                       std::map<std::string, std::string> metadata) {
  // Readers take headers of 100 MB at most; a million names are beside the file.
  constexpr size_t kMostInHeader = size_t{32} << 20;
  const std::string names = names_of(features, pictures.photographs);
  if (names.size() <= kMostInHeader) {
    metadata["names"] = utf8(names);
  } else {
    write_atomically(real_files(), fs::path(out).replace_extension(".txt"), names);
  }
  const at::Tensor& values = features.values;
  const int64_t rows = values.size(0);
  std::vector<formats::TensorRecord> records{{"features",
                                              formats::Dtype::f32,
                                              {rows, values.size(1)},
                                              bytes_of(values.data_ptr<float>(), static_cast<size_t>(values.numel()))}};
  std::vector<int64_t> labels;
  if (!pictures.labels.empty()) {
    for (const int64_t file : features.files) labels.push_back(pictures.labels[static_cast<size_t>(file)]);
    records.push_back({"labels", formats::Dtype::i64, {rows}, bytes_of(labels.data(), labels.size())});
    metadata["classes"] = json_line(ordered_json(pictures.classes));
  }
  formats::write_safetensors(real_files(), out, records, metadata);
}

}  // namespace

void ExtractionOptions::describe(Fields& f, const std::string& data_help) {
  f("data", &data, data_help).flagged("data");
  network.describe(f);
  f("pool", &pool, "what stands for a picture: class token, mean of patch tokens, both, or the last four class tokens")
      .one_of(probe::pool_names())
      .flagged("pool");
  f("input_size", &input_size, "side to which pictures are resized and cropped")
      .in("pixels")
      .between(0, 4096)
      .flagged("input-size")
      .meaning("0 = the network's own");
  f("micro_batch", &micro_batch, "pictures of a forward pass").between(1).flagged("micro-batch");
  describe_workers(f, workers, "threads that decode and crop");
  describe_no_exif(f, no_exif);
  describe_max_pixels(f, max_pixels);
  f("cache", &cache, "folder in which features are kept for the next time")
      .flagged("cache")
      .meaning("empty = $XDG_CACHE_HOME/gtsa/features or ~/.cache/gtsa/features");
  f("no_cache", &no_cache, "make features anew and keep none").flagged("no-cache");
  f("json", &json, "one JSON object on standard output").flagged("json");
}

probe::FeatureOptions ExtractionOptions::features() const {
  if (no_cache && !cache.empty()) throw UsageError("choose one: --cache {} or --no-cache", cache);
  probe::FeatureOptions options;
  options.pool = probe::pool_named(pool);
  options.views.input_size = input_size;
  options.views.decode = {.max_pixels = max_pixels, .apply_exif = !no_exif};
  options.views.seed = static_cast<uint64_t>(network.seed);
  options.batch = micro_batch;
  options.workers = workers_of(workers);
  if (!no_cache) options.cache = cache.empty() ? probe::default_cache_folder() : fs::path(cache);
  options.progress = [line = std::make_shared<ProgressLine>("encoded", "pictures", steady_clock())](
                         int64_t done, int64_t all) { (*line)(done, all); };
  return options;
}

void FeaturesOptions::describe(Fields& f) {
  extraction.describe(f, "photographs (folders, lists, tar shards), or a folder of pictures in classes");
  f("out", &out, "file for the features: .safetensors or .npy").flagged("out");
  f("split", &split, "of pictures in classes: which split")
      .one_of({"", "train", "val"})
      .flagged("split")
      .meaning("empty = train");
}

void export_features(const FeaturesOptions& options) {
  const fs::path out = options.out;
  if (out.empty()) throw UsageError("--out is missing: name a file, .safetensors or .npy");
  if (out.extension() != ".safetensors" && out.extension() != ".npy") {
    throw UsageError("--out {}: features are written as .safetensors or .npy", out.string());
  }
  const probe::FeatureOptions how = options.extraction.features();
  const Pictures pictures = pictures_of(options);
  const model::Encoder encoder = options.extraction.network.encoder();
  const probe::Features features =
      probe::extract_features(real_files(), probe::freeze(encoder.vit, nullptr), pictures.photographs, how);
  probe::warn_of_skipped(features);
  if (out.extension() == ".npy") {
    write_npy(out, features, pictures);
  } else {
    write_safetensors(out, features, pictures, {{"weights", utf8(encoder.source)}, {"pool", options.extraction.pool}});
  }
  const int64_t rows = features.values.size(0), width = features.values.size(1);
  log::info("{} x {} features in {}", rows, width, out.string());
  if (!options.extraction.json) return;
  ordered_json json{{"out", out.string()}, {"pictures", rows}, {"dim", width}};
  if (!pictures.classes.empty()) json["classes"] = pictures.classes.size();
  if (!features.skipped.empty()) json["skipped"] = features.skipped;
  print_json(json);
}

}  // namespace gtsa::app
