#include "program/app/predict_segment.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_line.h"
#include "core/base/log.h"
#include "core/data/photographs.h"
#include "core/image/encode.h"
#include "learn/dist/communicator.h"
#include "learn/transfer/segment_inference.h"
#include "learn/transfer/segment_pictures.h"
#include "learn/transfer/segmenter_file.h"
#include "program/app/common_options.h"
#include "program/app/csv.h"
#include "program/app/machine.h"
#include "program/app/named_pictures.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

/// Where a photograph's results go.
struct Places {
  fs::path labels, overlay;
};

/// Where they lie, whatever links lead there.
std::set<fs::path> real_places(std::span<const fs::path> files) {
  std::set<fs::path> places;
  for (const fs::path& file : files) places.insert(fs::weakly_canonical(file));
  return places;
}

/// Throws Error where a result would replace one of the pictures (whatever --overwrite says), another file (unless it
/// allows that), or another picture's result.
std::vector<Places> places_of(std::span<const fs::path> pictures, const PredictSegmentOptions& options) {
  std::vector<Places> all;
  std::map<std::string, fs::path> named;
  const std::set<fs::path> inputs = real_places(pictures);
  for (const fs::path& picture : pictures) {
    const std::string name = picture.stem().string();
    const auto [it, is_new] = named.emplace(name, picture);
    if (!is_new) {
      throw Error("{} and {} would both become {}.png in {}: segment them into different folders", it->second.string(),
                  picture.string(), name, options.out);
    }
    const Places places{fs::path(options.out) / (name + ".png"), fs::path(options.out) / (name + "_overlay.jpg")};
    for (const fs::path& file : {places.labels, options.overlay ? places.overlay : places.labels}) {
      if (inputs.contains(fs::weakly_canonical(file))) {
        throw Error("{} is one of the pictures and would be overwritten: choose another --out", file.string());
      }
      if (!options.overwrite && fs::exists(file)) {
        throw Error("{} is already there: choose another --out, or say --overwrite", file.string());
      }
    }
    all.push_back(places);
  }
  return all;
}

/// How much of a photograph each class has.
struct Area {
  size_t index = 0;
  int64_t pixels = 0;
};

/// Those that occur, the largest first.
std::vector<Area> areas_of(const image::LabelMap& classes, int64_t count) {
  std::vector<Area> areas(static_cast<size_t>(count));
  for (size_t i = 0; i < areas.size(); ++i) areas[i].index = i;
  for (const uint16_t number : classes.values) ++areas[number].pixels;
  std::erase_if(areas, [](const Area& area) { return area.pixels == 0; });
  std::stable_sort(areas.begin(), areas.end(), [](const Area& a, const Area& b) { return a.pixels > b.pixels; });
  return areas;
}

/// What is said of a photograph.
struct Told {
  std::string file;
  Places places;
  Size size;
  std::vector<Area> areas;
  double share(const Area& area) const {
    return static_cast<double>(area.pixels) / static_cast<double>(size.width * size.height);
  }
};

/// "photo.jpg -> out/photo.png   sky 0.412   hill 0.311"
std::string table_line(const Told& told, std::span<const std::string> names, bool) {
  constexpr size_t kShown = 8;
  std::string line = fmt::format("{} -> {}", told.file, told.places.labels.string());
  for (size_t i = 0; i < std::min(told.areas.size(), kShown); ++i) {
    line += fmt::format("   {} {:.3f}", names[told.areas[i].index], told.share(told.areas[i]));
  }
  if (told.areas.size() > kShown) line += fmt::format("   and {} more", told.areas.size() - kShown);
  return line + '\n';
}

std::string jsonl_line(const Told& told, std::span<const std::string> names, bool overlay) {
  nlohmann::ordered_json json{{"file", told.file}, {"labels", told.places.labels.string()}};
  if (overlay) json["overlay"] = told.places.overlay.string();
  json["width"] = told.size.width;
  json["height"] = told.size.height;
  json["classes"] = nlohmann::ordered_json::array();
  for (const Area& area : told.areas) {
    json["classes"].push_back({{"class", names[area.index]}, {"pixels", area.pixels}, {"share", told.share(area)}});
  }
  return json_line(json) + '\n';
}

std::string csv_lines(const Told& told, std::span<const std::string> names, bool) {
  std::string lines;
  for (const Area& area : told.areas) {
    lines += fmt::format("{},{},{},{},{:.6f}\n", csv_field(told.file), csv_field(told.places.labels.string()),
                         csv_field(names[area.index]), area.pixels, told.share(area));
  }
  return lines;
}

/// Writes label maps and overlays, numbered and coloured as the classes say.
class Writer {
 public:
  explicit Writer(const transfer::SegmentClasses& classes)
      : first_(classes.reduce_zero ? 1 : 0), colours_(transfer::palette_of(classes)), stored_(colours_) {
    if (classes.reduce_zero) stored_.insert(stored_.begin(), transfer::Colour{});  // 0 is no class
  }
  void write_labels(image::LabelMap classes, const fs::path& path) const {
    for (uint16_t& number : classes.values) number = static_cast<uint16_t>(number + first_);
    const std::vector<std::byte> png = image::encode_label_map(classes, stored_);
    const std::span<const std::byte> bytes(png);
    write_atomically(real_files(), path, {&bytes, 1});
  }
  void write_overlay(const image::Image& photo, const image::LabelMap& classes, const fs::path& path) const {
    constexpr int kQuality = 90;
    image::write_jpeg(real_files(), path, transfer::overlay(photo, classes, colours_), kQuality);
  }

 private:
  int first_;
  std::vector<transfer::Colour> colours_, stored_;
};

}  // namespace

void PredictSegmentOptions::describe(Fields& f) {
  f("images", &images, "photographs: files, folders, or lists of paths").positional();
  f("weights", &weights, "a run of finetune segment (its best segmenter) or .safetensors").flagged("weights");
  f("out", &out, "folder for the label maps").flagged("out");
  f("overlay", &overlay, "also NAME_overlay.jpg, the classes' colours over the photograph").flagged("overlay");
  f("overwrite", &overwrite, "replace files that are there").flagged("overwrite");
  describe_line_format(f, format);
  look.describe(f);
  describe_workers(f, workers, "threads that decode, and as many that write");
  describe_threads(f, threads);
  describe_no_exif(f, no_exif);
  describe_max_pixels(f, max_pixels);
}

void predict_segment(const PredictSegmentOptions& options) {
  if (options.weights.empty()) throw UsageError("--weights is missing: name a run of gtsa finetune segment");
  if (options.out.empty()) throw UsageError("--out is missing: name a folder for the label maps");
  prepare_arithmetic(options.threads);
  const transfer::LoadedSegmenter loaded = transfer::load_segmenter(options.weights);
  const std::vector<std::string>& names = loaded.classes.names;
  const std::vector<fs::path> pictures = named_pictures(options.images);
  const std::vector<Places> places = places_of(pictures, options);
  const transfer::SegmentStreamOptions stream{.inference = options.look.inference(loaded),
                                              .workers = workers_of(options.workers),
                                              .max_bad_share = 1,
                                              .keep_pixels = options.overlay};
  real_files().create_directories(options.out);
  const auto line_of = options.format == "jsonl" ? jsonl_line : options.format == "csv" ? csv_lines : table_line;
  if (options.format == "csv") std::fputs("file,labels,class,pixels,share\n", stdout);
  const Writer writer(loaded.classes);
  const image::DecodeOptions decode{.max_pixels = options.max_pixels, .apply_exif = !options.no_exif};
  const auto ranks = dist::one_rank();
  const auto done = transfer::for_each_segmented(
      loaded.segmenter, std::ssize(pictures),
      [&](int64_t file) {
        return data::LabelledPhoto{data::PhotoRef(pictures[static_cast<size_t>(file)]).read(decode), {}};
      },
      stream, *ranks,
      [&](transfer::SegmentedPhoto&& photo) -> std::function<void()> {
        const auto file = static_cast<size_t>(photo.file);
        if (options.overlay) writer.write_overlay(photo.read.photo, photo.classes, places[file].overlay);
        Told told{pictures[file].string(), places[file], photo.size, areas_of(photo.classes, loaded.classes.size())};
        writer.write_labels(std::move(photo.classes), places[file].labels);
        return [&, line = line_of(told, names, options.overlay)] {
          std::fputs(line.c_str(), stdout);
          std::fflush(stdout);
        };
      });
  for (const std::string& reason : done.skipped) log::warning("left out {}", reason);
  if (!done.skipped.empty()) {
    throw Error("{} of {} pictures could not be read, the first: {}", done.skipped.size(), pictures.size(),
                done.skipped.front());
  }
}

}  // namespace gtsa::app
