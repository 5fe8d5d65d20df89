#pragma once
// Features of whole pictures for the commands that want them: gtsa features, probe knn and probe linear.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "core/image/decode.h"
#include "learn/probe/features.h"
#include "program/app/weights_options.h"

namespace gtsa::app {

/// How frozen features of pictures are made.
struct ExtractionOptions {
  WeightsOptions network;
  std::vector<std::string> data;
  std::string pool = "cls";
  int64_t input_size = 0;
  int64_t micro_batch = 32;
  int64_t workers = 0;
  bool no_exif = false;
  int64_t max_pixels = image::kMaxPixels;
  std::string cache;
  bool no_cache = false;
  bool json = false;
  /// `data_help`: what --data names.
  void describe(Fields& f, const std::string& data_help);
  /// The evaluation transform's features; `what` is said while they are made.
  probe::FeatureOptions features() const;
};

/// What `gtsa features` can be told.
struct FeaturesOptions {
  ExtractionOptions extraction;
  std::string out;
  std::string split;
  void describe(Fields& f);
};

/// Writes features of photographs as .safetensors (features, labels where there are classes; in the metadata the names,
/// the classes and what made them) or .npy (features; the names in a .txt beside it, one a line).
void export_features(const FeaturesOptions& options);

}  // namespace gtsa::app
