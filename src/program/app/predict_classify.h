#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "core/image/decode.h"

namespace gtsa::app {

/// What `gtsa predict classify` can be told.
struct PredictClassifyOptions {
  std::vector<std::string> images;
  std::string weights;
  int64_t top = 5;
  std::string format = "table";
  int64_t micro_batch = 16;
  int64_t workers = 0;
  int64_t threads = 0;
  bool no_exif = false;
  int64_t max_pixels = image::kMaxPixels;
  void describe(Fields& f);
};

/// The likeliest classes of each picture on standard output, as soon as its batch is done; a few batches are in memory
/// at a time. Pictures that cannot be read are named on standard error; then, after the others, it throws Error.
void predict_classify(const PredictClassifyOptions& options);

}  // namespace gtsa::app
