#pragma once
#include <cstdint>
#include <vector>

#include "core/base/options.h"
#include "learn/transfer/segment_inference.h"
#include "learn/transfer/segmenter_file.h"

namespace gtsa::app {

/// How a segmenter looks at photographs, as evaluation and prediction are told.
struct SegmentLookOptions {
  bool slide = false;
  std::vector<int64_t> scale;  ///< empty = the one of training
  int64_t crop = 0;            ///< 0 = that of training
  int64_t stride = 0;          ///< 0 = two thirds of the crop
  bool flip = false;
  std::vector<double> ratios{1.0};
  void describe(Fields& f);
  /// Throws UsageError.
  transfer::SegmentInferenceOptions inference(const transfer::LoadedSegmenter& loaded) const;
};

}  // namespace gtsa::app
