#pragma once
// Frozen features of whole pictures: decoded by the loader's workers while the network runs, streamed to disk, and kept
// there for the next time.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/data/classify_recipe.h"
#include "core/data/photographs.h"
#include "learn/probe/frozen.h"

namespace gtsa::probe {

struct FeatureOptions {
  Pool pool = Pool::cls;
  /// How a picture becomes what the network sees. The side is the network's own unless set.
  data::ClassifyOptions views{.input_size = 0, .augment = false, .decode = {.apply_exif = true}};
  /// With views.augment: which of the views that (views.seed, draw, number of the picture) give.
  uint64_t draw = 0;
  int64_t batch = 32;  ///< pictures of a forward pass
  int workers = 1;     ///< threads that decode
  /// Folder of features made before. None: they are made, and forgotten with the result.
  std::optional<std::filesystem::path> cache;
  /// Told how many pictures are done, if set.
  std::function<void(int64_t done, int64_t all)> progress;
};

/// Features of the pictures that could be read, in their order.
struct Features {
  at::Tensor values;                 ///< F32 [n, D], read-only: mapped from a file
  std::vector<int64_t> files;        ///< of each row, the number of its photograph
  std::vector<std::string> skipped;  ///< pictures that could not be read, each with the reason
};

/// Makes them, or reads what was made before. A file of the cache is named by a hash of the weights, the pictures'
/// names, sizes and times of change, and the options that decide what the network sees; it says all of that, too, and
/// one that is damaged or of other things is made anew with a warning. Memory: a few batches. Throws Error if no
/// picture can be read, or naming the file that cannot be written.
Features extract_features(FileSystem& files, const Frozen& network, const data::Photographs& photographs,
                          const FeatureOptions& options);

/// Where features are kept unless one says otherwise: $XDG_CACHE_HOME/gtsa/features, else ~/.cache/gtsa/features. None
/// without a home.
std::optional<std::filesystem::path> default_cache_folder();

/// `skipped`, for the log: up to ten by name, and how many more.
void warn_of_skipped(const Features& features);

}  // namespace gtsa::probe
