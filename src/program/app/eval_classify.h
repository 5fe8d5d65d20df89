#pragma once
#include <cstdint>
#include <string>

#include "core/base/options.h"
#include "core/image/decode.h"

namespace gtsa::app {

/// What `gtsa eval classify` can be told.
struct EvalClassifyOptions {
  std::string weights;
  std::vector<std::string> data;
  std::string split = "val";
  std::string predictions;
  std::string confusion;
  int64_t micro_batch = 64;
  int64_t workers = 0;
  int64_t threads = 0;
  bool exif = false;
  int64_t max_pixels = image::kMaxPixels;
  double max_bad_share = 0.01;
  bool json = false;
  void describe(Fields& f);
};

/// Top-1, top-5, loss and accuracy a class over a split, each picture once; on request every prediction as CSV and the
/// confusion matrix as a picture.
void eval_classify(const EvalClassifyOptions& options);

}  // namespace gtsa::app
