#include "program/app/visualize.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_line.h"
#include "core/base/log.h"
#include "core/data/crop_pictures.h"
#include "core/image/decode.h"
#include "core/image/encode.h"
#include "core/report/picture_page.h"
#include "core/report/similarity_page.h"
#include "learn/model/encoder.h"
#include "learn/probe/pictures.h"
#include "program/app/common_options.h"
#include "program/app/machine.h"
#include "program/app/named_pictures.h"
#include "program/app/print_json.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

/// Picture files as they are named, folders and lists as in pretraining; the first `photos` of all.
std::vector<fs::path> photographs_of(const VisualizeOptions& options) {
  if (options.images.empty()) throw UsageError("--images is missing: name photographs, or a folder of them");
  std::vector<fs::path> files = named_pictures(options.images);
  files.resize(std::min(files.size(), static_cast<size_t>(options.photos)));
  return files;
}

fs::path folder_of(const VisualizeOptions& options) {
  if (options.out.empty()) throw UsageError("--out is missing: name a folder for the pictures");
  real_files().create_directories(options.out);
  return options.out;
}

image::DecodeOptions decode_options(const VisualizeOptions& options) {
  return {.max_pixels = options.max_pixels, .apply_exif = !options.no_exif};
}

model::Encoder encoder_of(const VisualizeOptions& options) {
  if (options.weights.empty()) throw UsageError("--weights is missing: name a run folder or .safetensors");
  prepare_arithmetic(options.threads);
  return model::load_encoder(options.weights);
}

/// The index of the pictures, and the page that shows them.
void write_index(const VisualizeOptions& options, const std::string& title, const char* name,
                 const ordered_json& json) {
  const fs::path folder = options.out;
  write_atomically(real_files(), folder / name, json_line(json) + "\n");
  write_atomically(real_files(), folder / "index.html", report::render_picture_page(folder, title));
  log::info("the pictures are shown by {}", (folder / "index.html").string());
  if (!options.json) return;
  print_json(ordered_json{{"page", (folder / "index.html").string()}, {"pictures", json}});
}

void visualize_features(const VisualizeOptions& options, const probe::PictureOptions& what) {
  const std::vector<fs::path> photographs = photographs_of(options);
  const model::Encoder encoder = encoder_of(options);
  const fs::path folder = folder_of(options);
  const auto network = probe::freeze(encoder.vit, encoder.projector ? &*encoder.projector : nullptr);
  ordered_json made = probe::write_pictures(real_files(), folder, "pictures", network, photographs, what);
  write_index(options, encoder.source, "pictures.json", probe::picture_index(network, std::move(made)));
}

probe::PictureOptions picture_options(const VisualizeOptions& options) {
  probe::PictureOptions what;
  what.photos = options.photos;
  what.patches = options.patches;
  what.seed = static_cast<uint64_t>(options.seed);
  what.decode = decode_options(options);
  what.pca = what.attention = false;
  what.pairs = 0;
  return what;
}

/// The page on which one clicks a patch.
void write_similarity_page(const VisualizeOptions& options) {
  const std::vector<fs::path> photographs = photographs_of(options);
  const model::Encoder encoder = encoder_of(options);
  const auto network = probe::freeze(encoder.vit, nullptr);
  const fs::path folder = folder_of(options) / "pictures";
  report::SimilarityPage page;
  page.title = encoder.source;
  page.dim = encoder.options().embed_dim;
  for (size_t i = 0; i < photographs.size(); ++i) {
    const auto map = probe::feature_map(network, image::read_image(photographs[i], decode_options(options)),
                                        picture_options(options));
    const fs::path picture = folder / fmt::format("similarity-{}.jpg", i);
    constexpr int kQuality = 90;
    image::write_jpeg(real_files(), picture, map.photo, kQuality);
    const float* values = map.features.data_ptr<float>();
    page.photos.push_back({picture, map.photo.width(), map.photo.height(), map.grid.rows, map.grid.columns,
                           std::vector<float>(values, values + map.features.numel())});
  }
  const fs::path file = fs::path(options.out) / "correspondence.html";
  write_atomically(real_files(), file, report::render_similarity_page(page));
  log::info("click patches in {}", file.string());
}

}  // namespace

void VisualizeOptions::describe(Fields& f) {
  f("images", &images, "photographs: files, folders, or lists of paths").flagged("images").several();
  f("weights", &weights, "a run folder or .safetensors; crops needs none").flagged("weights");
  f("out", &out, "folder for the pictures").flagged("out");
  f("photos", &photos, "at most so many photographs").between(1, 1000).flagged("photos");
  f("patches", &patches, "patches along a photograph's longer side")
      .between(0, 256)
      .flagged("patches")
      .meaning("0 = twice the network's own");
  f("crop_sizes", &crop_sizes, "for crops: side of global and local views").in("pixels").flagged("crop-sizes");
  f("num_crops", &num_crops, "for crops: global and local views of a photograph").flagged("num-crops");
  f("seed", &seed, "of the views").between(0).flagged("seed");
  describe_threads(f, threads);
  describe_no_exif(f, no_exif);
  describe_max_pixels(f, max_pixels);
  f("json", &json, "one JSON object on standard output").flagged("json");
}

void visualize_pca(const VisualizeOptions& options) {
  probe::PictureOptions what = picture_options(options);
  what.pca = true;
  visualize_features(options, what);
}

void visualize_attention(const VisualizeOptions& options) {
  probe::PictureOptions what = picture_options(options);
  what.attention = true;
  visualize_features(options, what);
}

void visualize_correspondence(const VisualizeOptions& options) {
  probe::PictureOptions what = picture_options(options);
  what.pairs = options.photos;
  visualize_features(options, what);
  write_similarity_page(options);
}

void visualize_crops(const VisualizeOptions& options) {
  data::ViewOptions views;
  views.crop_sizes = options.crop_sizes;
  views.num_crops = options.num_crops;
  views.check();
  const std::vector<fs::path> photographs = photographs_of(options);
  const fs::path folder = folder_of(options);
  std::vector<data::PlannedSample> samples;
  for (const fs::path& path : photographs) samples.push_back({path, 0, samples.size()});
  const ordered_json made = data::write_crop_pictures(real_files(), folder, "crops", samples, views,
                                                      static_cast<uint64_t>(options.seed), decode_options(options));
  if (made.at("photos").empty()) throw Error("none of the {} photographs can be read", photographs.size());
  write_index(options, "views", "crops.json", made);
}

}  // namespace gtsa::app
