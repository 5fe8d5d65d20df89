#include "learn/probe/pictures.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/matmul.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/image/diagram.h"
#include "core/image/encode.h"
#include "core/image/normalize.h"
#include "core/image/resample.h"

namespace gtsa::probe {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr int kQuality = 90;
constexpr size_t kMatchesShown = 24;

/// Pixels as the network wants them: F32 [1, 3, height, width].
at::Tensor input_of(const image::Image& picture) {
  at::Tensor input = at::empty({1, 3, picture.height(), picture.width()});
  image::normalize_into(picture, {input.data_ptr<float>(), static_cast<size_t>(input.numel())});
  return input;
}

/// The value below which this share of a column lies.
float percentile(const at::Tensor& column, double share) {
  const at::Tensor sorted = std::get<0>(column.sort());
  return sorted[std::lround(share * static_cast<double>(sorted.size(0) - 1))].item<float>();
}

ordered_json json_of(const Match& match) {
  const auto pixels = [](Point p) { return ordered_json{std::round(p.x * 10) / 10, std::round(p.y * 10) / 10}; };
  return {{"from", pixels(match.from)},
          {"to", pixels(match.to)},
          {"truth", pixels(match.truth)},
          {"hit", match.hit},
          {"similarity", std::round(match.similarity * 1000) / 1000}};
}

/// The photographs that can be read, with their places in the list.
struct Photos {
  std::vector<image::Image> photos;
  std::vector<int64_t> places;
};

Photos read_photos(std::span<const fs::path> paths, const PictureOptions& options) {
  Photos read;
  for (size_t i = 0; i < paths.size() && static_cast<int64_t>(read.photos.size()) < options.photos; ++i) {
    try {
      read.photos.push_back(image::read_image(paths[i], options.decode));
      read.places.push_back(static_cast<int64_t>(i));
    } catch (const image::ImageError& error) {
      log::warning("no pictures of one photograph: {}", error.what());
    }
  }
  if (read.photos.empty()) throw Error("of the {} photographs to make pictures of, none can be read", paths.size());
  return read;
}

class PictureEvaluator final : public train::Evaluator {
 public:
  PictureEvaluator(FrozenProvider network, std::vector<fs::path> photos, PictureOptions options)
      : network_(std::move(network)), photos_(std::move(photos)), options_(std::move(options)) {}

  std::string name() const override { return "pictures"; }

  std::vector<train::Figure> evaluate(const train::Occasion& occasion) override {
    if (occasion.run == nullptr || occasion.ranks.rank() != 0) return {};
    run::Run& run = *occasion.run;
    const bool before = occasion.step == run::kBeforeTraining;
    const fs::path index = run.artefact_path("pictures.json");
    const Frozen network = network_();
    ordered_json pictures =
        picture_index(network,
                      write_pictures(real_files(), index.parent_path(), before ? "pictures/before" : "pictures/latest",
                                     network, photos_, options_),
                      occasion.step);
    if (!before && fs::exists(index)) {
      const ordered_json old = ordered_json::parse(read_text(index), nullptr, /*allow_exceptions=*/false);
      if (old.is_object() && old.contains("snapshots") && !old["snapshots"].empty()) {
        pictures["snapshots"].insert(pictures["snapshots"].begin(), old["snapshots"].front());
      }
    }
    run.write_artefact("pictures.json", pictures);
    return {};
  }

 private:
  FrozenProvider network_;
  std::vector<fs::path> photos_;
  PictureOptions options_;
};

}  // namespace

FeatureMap feature_map(const Frozen& network, const image::Image& photo, const PictureOptions& options) {
  const int64_t patch = network.patch_size;
  const int64_t along = options.patches > 0 ? options.patches : 2 * network.image_size / patch;
  const double longer = static_cast<double>(std::max(photo.width(), photo.height()));
  const auto patches = [&](int64_t side) {
    return std::max<int64_t>(1, std::lround(static_cast<double>(side) / longer * static_cast<double>(along)));
  };
  FeatureMap map;
  map.grid = {patches(photo.height()), patches(photo.width())};
  map.photo = image::resized(photo, {map.grid.columns * patch, map.grid.rows * patch}, image::Filter::bicubic);
  const at::Tensor input = input_of(map.photo);
  map.features = network.encode(input)[0];
  if (network.attend) map.attention = network.attend(input)[0];
  return map;
}

std::vector<image::Image> pca_pictures(std::span<const FeatureMap> maps, int64_t cell) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> rows;
  for (const FeatureMap& map : maps) rows.push_back(map.features);
  const at::Tensor all = at::cat(rows).to(at::kDouble);
  const at::Tensor centred = all - all.mean(0, true);
  // Eigenvalues come in ascending order; a network narrower than three channels leaves colours out.
  const at::Tensor axes = std::get<1>(at::linalg_eigh(at::matmul(centred.t(), centred)))
                              .flip(1)
                              .narrow(1, 0, std::min<int64_t>(3, centred.size(1)));
  at::Tensor components = at::matmul(centred, axes).to(at::kFloat).contiguous();  // [N, 3]
  for (int64_t i = 0; i < components.size(1); ++i) {
    at::Tensor column = components.select(1, i);
    constexpr double kLow = 0.02, kHigh = 0.98;
    const float low = percentile(column, kLow), high = percentile(column, kHigh);
    column.sub_(low).div_(std::max(high - low, 1e-12F));
  }
  std::vector<image::Image> pictures;
  const int64_t channels = components.size(1);
  const float* value = components.data_ptr<float>();
  for (const FeatureMap& map : maps) {
    pictures.push_back(image::squares(map.grid.rows, map.grid.columns, cell, [&](int64_t patch) {
      image::Shares colour{};
      for (int64_t i = 0; i < channels; ++i) colour[static_cast<size_t>(i)] = value[patch * channels + i];
      return colour;
    }));
    value += map.grid.tokens() * channels;
  }
  return pictures;
}

image::Image heat_picture(const at::Tensor& weights, nn::Grid grid, int64_t cell) {
  const at::Tensor values = weights.contiguous();
  GTSA_CHECK(values.numel() == grid.tokens(), "{} weights for {} patches", values.numel(), grid.tokens());
  const double largest = std::max(values.max().item<double>(), 1e-12);
  return image::squares(grid.rows, grid.columns, cell,
                        [&](int64_t patch) { return image::viridis(values.data_ptr<float>()[patch] / largest); });
}

MatchedViews match_views(const Frozen& network, const image::Image& photo, int64_t index,
                         const PictureOptions& options) {
  const at::NoGradGuard no_grad;
  const PairPlan plans =
      plan_pair(photo.size(), views_of_pairs(options.views, network.image_size), options.seed, 0, index);
  MatchedViews views{data::execute(photo, plans[0]), data::execute(photo, plans[1]), {}};
  const int64_t columns = network.image_size / network.patch_size;
  const auto cell = static_cast<double>(network.patch_size);
  const auto features = [&](const image::Image& view) {
    at::Tensor tokens = network.encode(input_of(view));
    if (network.project) tokens = network.project(tokens, {columns, columns});
    return tokens / tokens.norm(2, {2}, true).clamp_min(1e-12);
  };
  const at::Tensor first = features(views.first), second = features(views.second);
  const at::Tensor best = best_matches(first, second);
  std::vector<Match> all;
  for (int64_t patch = 0; patch < columns * columns; ++patch) {
    const int64_t match = best[0][patch].item<int64_t>();
    const Point from = centre_of(patch, columns, cell), to = centre_of(match, columns, cell);
    const Point truth = to_view(to_photo(from, plans[0]), plans[1]);
    if (!lies_inside(truth, static_cast<double>(plans[1].side))) continue;
    all.push_back({from, to, truth, is_hit(to, truth, cell), first[0][patch].dot(second[0][match]).item<double>()});
  }
  const size_t stride = std::max<size_t>(1, (all.size() + kMatchesShown - 1) / kMatchesShown);
  for (size_t i = 0; i < all.size(); i += stride) views.matches.push_back(all[i]);
  return views;
}

ordered_json write_pictures(FileSystem& files, const fs::path& folder, const std::string& prefix, const Frozen& network,
                            std::span<const fs::path> photos, const PictureOptions& options) {
  const Photos read = read_photos(photos, options);
  files.create_directories(folder / prefix);
  const auto save = [&](const std::string& name, const image::Image& picture, bool exact) {
    const std::string path = fmt::format("{}/{}.{}", prefix, name, exact ? "png" : "jpg");
    if (exact) image::write_png(files, folder / path, picture);
    if (!exact) image::write_jpeg(files, folder / path, picture, kQuality);
    return path;
  };
  std::vector<FeatureMap> maps;
  for (const image::Image& photo : read.photos) maps.push_back(feature_map(network, photo, options));
  std::vector<image::Image> colours;
  if (options.pca) colours = pca_pictures(maps, network.patch_size);
  ordered_json json{{"photos", ordered_json::array()}, {"correspondences", ordered_json::array()}};
  for (size_t i = 0; i < maps.size(); ++i) {
    const FeatureMap& map = maps[i];
    ordered_json attention = ordered_json::array();
    for (int64_t head = 0; options.attention && map.attention.defined() && head < map.attention.size(0); ++head) {
      attention.push_back(save(fmt::format("{}-attention-{}", i, head),
                               heat_picture(map.attention[head], map.grid, network.patch_size), true));
    }
    json["photos"].push_back(
        {{"picture", save(fmt::format("{}", i), map.photo, false)},
         {"width", map.photo.width()},
         {"height", map.photo.height()},
         {"grid", {map.grid.rows, map.grid.columns}},
         {"pca", options.pca ? ordered_json(save(fmt::format("{}-pca", i), colours[i], true)) : nullptr},
         {"attention", std::move(attention)}});
  }
  for (size_t i = 0; i < read.photos.size() && static_cast<int64_t>(i) < options.pairs; ++i) {
    const MatchedViews views = match_views(network, read.photos[i], read.places[i], options);
    ordered_json matches = ordered_json::array();
    for (const Match& match : views.matches) matches.push_back(json_of(match));
    json["correspondences"].push_back({{"first", save(fmt::format("pair-{}-a", i), views.first, false)},
                                       {"second", save(fmt::format("pair-{}-b", i), views.second, false)},
                                       {"size", network.image_size},
                                       {"matches", std::move(matches)}});
  }
  return json;
}

ordered_json picture_index(const Frozen& network, ordered_json made, int64_t step) {
  ordered_json snapshot{{"step", step}, {"photos", ordered_json::array()}};
  for (ordered_json& photo : made["photos"]) {
    snapshot["photos"].push_back({{"pca", photo["pca"]}, {"attention", photo["attention"]}});
    photo.erase("pca");
    photo.erase("attention");
  }
  snapshot["correspondences"] = std::move(made["correspondences"]);
  return {{"patch_size", network.patch_size},
          {"photos", std::move(made["photos"])},
          {"snapshots", ordered_json::array({std::move(snapshot)})}};
}

std::unique_ptr<train::Evaluator> picture_evaluator(FrozenProvider network, std::vector<fs::path> photos,
                                                    PictureOptions options) {
  return std::make_unique<PictureEvaluator>(std::move(network), std::move(photos), std::move(options));
}

}  // namespace gtsa::probe
