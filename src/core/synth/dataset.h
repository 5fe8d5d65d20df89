#pragma once
// Synthetic scenes as a data set on disk, labelled in three layouts at once:
//
//   images/{training,validation}/scene_NNNNNN.jpg         ADE20K: pictures,
//   annotations/{training,validation}/scene_NNNNNN.png    labels (categories.h; 0 = unlabelled)
//   classes.txt                                           and what they mean
//   annotations/instances_{train,val}.json                COCO: boxes and masks of things;
//   train -> images/training, val -> images/validation    links, so that no picture is stored twice
//   train2019.json, val2019.json, categories.json         iNaturalist 2019: a picture's class is its scene type
//   synthetic.json                                        what the set was made from
//
// synthetic.json is written first and classes.txt last: a folder without classes.txt is not finished.

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>

#include "core/base/files.h"
#include "core/synth/scene.h"

namespace gtsa::synth {

inline constexpr int64_t kMostImages = 1'000'000;

struct DatasetOptions {
  int64_t images = 1000;
  uint64_t seed = 0;
  SceneOptions scene;
  double val_share = 0.2;  ///< of the pictures; 0..0.9, spread evenly
  int threads = 1;
  bool overwrite = false;  ///< replaces a set that this function wrote, finished or not, and nothing else
  /// Told how many pictures are done; from any thread, one call at a time.
  std::function<void(int64_t)> progress;
};

struct DatasetSummary {
  int64_t training = 0;  ///< pictures
  int64_t validation = 0;
  int64_t things = 0;  ///< annotated, without crowds
  int64_t crowds = 0;
  int64_t bytes = 0;                                   ///< of pictures and label maps
  std::array<int64_t, kSceneTypes> of_type{};          ///< pictures
  std::array<int64_t, kCategories + 1> of_category{};  ///< pictures that show it
};

/// Writes the set to `folder`, which is made, or empty, or (with `overwrite`) holds such a set. Every byte depends on
/// images, seed, size and val_share alone. Throws Error where the options are out of bounds, the folder holds something
/// else, or writing fails; what is there then is recognised as unfinished.
DatasetSummary write_dataset(FileSystem& files, const std::filesystem::path& folder, const DatasetOptions& options);

}  // namespace gtsa::synth
