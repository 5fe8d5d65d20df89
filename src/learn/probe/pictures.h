#pragma once
// What frozen features look like: principal components of patch features as colours, what the class token looks at,
// and which patches of two views are matched.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/image/decode.h"
#include "core/image/image.h"
#include "learn/probe/frozen.h"
#include "learn/probe/matching.h"
#include "learn/train/task.h"

namespace gtsa::probe {

struct PictureOptions {
  int64_t photos = 6;  ///< the first of the list
  bool pca = true;
  bool attention = true;
  int64_t pairs = 4;    ///< photographs of which two views are matched
  int64_t patches = 0;  ///< along the longer side of a photograph; 0 = twice the network's own grid
  uint64_t seed = 0;    ///< of the views
  data::ViewOptions views;
  image::DecodeOptions decode;
};

/// A photograph as the network sees it, a whole number of patches each way, and its features.
struct FeatureMap {
  image::Image photo;
  nn::Grid grid;
  at::Tensor features;   ///< F32 [T, C]
  at::Tensor attention;  ///< F32 [heads, T]; undefined if the network tells none
};

/// Shape kept as near as whole patches allow.
FeatureMap feature_map(const Frozen& network, const image::Image& photo, const PictureOptions& options);

/// The first three principal components of all maps' features together as red, green and blue, each stretched from its
/// 2nd to its 98th percentile; a patch is a square of `cell` pixels.
std::vector<image::Image> pca_pictures(std::span<const FeatureMap> maps, int64_t cell);

/// Weights [T], the largest brightest, from dark blue over green to yellow; a patch is a square of `cell` pixels.
image::Image heat_picture(const at::Tensor& weights, nn::Grid grid, int64_t cell);

/// One match of two views, in pixels of the views.
struct Match {
  Point from, to;  ///< centres of the patches, in the first and the second view
  Point truth;     ///< where `from` really lies in the second
  bool hit = false;
  double similarity = 0;  ///< cosine
};

/// Two views and at most 24 matches of patches that are in both, evenly spread over the first. By the projector's
/// features if there is one, else the encoder's.
struct MatchedViews {
  image::Image first, second;
  std::vector<Match> matches;
};
MatchedViews match_views(const Frozen& network, const image::Image& photo, int64_t index,
                         const PictureOptions& options);

/// Writes the pictures of a network under `folder`/`prefix` and returns what is in them, the paths relative to
/// `folder`: {"photos": [{"picture", "width", "height", "grid": [rows, columns], "pca" (null if not wanted),
/// "attention": [one a head]}], "correspondences": [{"first", "second", "size", "matches": [{"from": [x, y], "to",
/// "truth", "hit", "similarity"}]}]}. Photographs that cannot be read are left out. Throws Error if none can be read.
nlohmann::ordered_json write_pictures(FileSystem& files, const std::filesystem::path& folder, const std::string& prefix,
                                      const Frozen& network, std::span<const std::filesystem::path> photos,
                                      const PictureOptions& options);

/// What pages of pictures read, made of what write_pictures() returned: {"patch_size", "photos": [{"picture", "width",
/// "height", "grid"}], "snapshots": [{"step", "photos": [{"pca", "attention"}], "correspondences"}]}, one snapshot.
nlohmann::ordered_json picture_index(const Frozen& network, nlohmann::ordered_json made,
                                     int64_t step = run::kBeforeTraining);

/// Both as an evaluator without figures. Artefact pictures.json: the index with the snapshot before training and the
/// latest one.
std::unique_ptr<train::Evaluator> picture_evaluator(FrozenProvider network, std::vector<std::filesystem::path> photos,
                                                    PictureOptions options);

}  // namespace gtsa::probe
