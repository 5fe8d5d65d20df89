#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "core/image/decode.h"
#include "program/app/segment_look.h"

namespace gtsa::app {

/// What `gtsa eval segment` can be told.
struct EvalSegmentOptions {
  std::string weights;
  std::vector<std::string> data;
  std::string split = "validation";
  std::string reduce_zero = "auto";
  SegmentLookOptions look;
  std::string confusion;
  bool per_class = false;
  int64_t workers = 0;
  int64_t threads = 0;
  int64_t max_pixels = image::kMaxPixels;
  double max_bad_share = 0.01;
  bool json = false;
  void describe(Fields& f);
};

/// mIoU, mean and pixel accuracy over a split in ADE20K's layout, each photograph once at its own size, and the classes
/// one by one; on request the confusion matrix as a picture.
void eval_segment(const EvalSegmentOptions& options);

}  // namespace gtsa::app
