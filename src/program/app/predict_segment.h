#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "core/image/decode.h"
#include "program/app/segment_look.h"

namespace gtsa::app {

/// What `gtsa predict segment` can be told.
struct PredictSegmentOptions {
  std::vector<std::string> images;
  std::string weights;
  std::string out;
  bool overlay = false;
  bool overwrite = false;
  std::string format = "table";
  SegmentLookOptions look;
  int64_t workers = 0;
  int64_t threads = 0;
  bool no_exif = false;
  int64_t max_pixels = image::kMaxPixels;
  void describe(Fields& f);
};

/// For photograph NAME.jpg the label map OUT/NAME.png, of its size and numbered as the data set of training numbers its
/// own, on request NAME_overlay.jpg, and its classes by area on standard output. A few photographs are in memory at a
/// time. Those that cannot be read are named on standard error; then, after the others, it throws Error. Refuses before
/// it begins where a file would be overwritten (without --overwrite) or two photographs have one name.
void predict_segment(const PredictSegmentOptions& options);

}  // namespace gtsa::app
