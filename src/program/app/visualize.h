#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "core/image/decode.h"

namespace gtsa::app {

/// What `gtsa visualize pca|attention|correspondence|crops` can be told.
struct VisualizeOptions {
  std::vector<std::string> images;
  std::string weights;
  std::string out;
  int64_t photos = 8;
  int64_t patches = 0;
  std::vector<int64_t> crop_sizes{224, 96};
  std::vector<int64_t> num_crops{2, 8};
  int64_t seed = 0;
  int64_t threads = 0;
  bool no_exif = false;
  int64_t max_pixels = image::kMaxPixels;
  bool json = false;
  void describe(Fields& f);
};

/// The pictures of a report, of one's own photographs: each writes pictures and index.html into --out.
void visualize_pca(const VisualizeOptions& options);
void visualize_attention(const VisualizeOptions& options);
/// Also correspondence.html: click a patch in one photograph, see its like in all.
void visualize_correspondence(const VisualizeOptions& options);
/// The views that pretraining would take, with their overlaps; needs no weights.
void visualize_crops(const VisualizeOptions& options);

}  // namespace gtsa::app
