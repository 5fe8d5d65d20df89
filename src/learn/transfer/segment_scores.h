#pragma once
// mIoU and its kin over a split, each photograph once: of a segmenter in training (an evaluator) or at rest.

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/data/ade20k.h"
#include "core/image/decode.h"
#include "core/metrics/segmentation.h"
#include "learn/train/task.h"
#include "learn/transfer/segment_inference.h"
#include "learn/transfer/segmenter_file.h"

namespace gtsa::transfer {

struct SegmentScoreOptions {
  SegmentInferenceOptions inference;
  int workers = 1;
  double max_bad_share = 0.01;
  image::DecodeOptions decode{.apply_exif = false};  ///< labels lie in stored pixels
  int64_t samples = 0;                               ///< photographs to be shown, evenly from the first rank's share
  std::function<void(int64_t done, int64_t all)> progress;  ///< told after each photograph, if it is there
  std::function<bool()> stop;                               ///< SegmentStreamOptions
};

/// One photograph to be shown, its longer side at most 480 pixels, as JPEGs.
struct SegmentSample {
  Size size;
  std::vector<std::byte> photo, truth, prediction;
  std::vector<int64_t> classes;  ///< that truth or prediction has, the most frequent first
  double miou = 0;               ///< of this photograph; NaN if nothing of it counts
};

struct SegmentScores {
  metrics::ConfusionMatrix confusion;  ///< of pixels
  int64_t pictures = 0;
  std::vector<std::string> skipped;  ///< photographs that could not be used, each with the reason
  std::vector<SegmentSample> samples;
  double network_share = 0;  ///< SegmentStreamResult
  bool stopped = false;      ///< on any rank: the counts are of a part and mean nothing
};

/// Every photograph of the split once, its labels under the rule of `classes` (how many, whether 0 is no class). With
/// ranks all get the sums; skipped and samples are this rank's. A photograph whose label map is missing, of another
/// size, or of another data set is skipped; throws Error where these are too many.
SegmentScores measure_segmentation(const Segmenter& segmenter, const SegmentClasses& classes,
                                   const std::vector<data::LabelledFile>& files, const SegmentScoreOptions& options,
                                   dist::Communicator& ranks);

/// {"miou", "mean_accuracy", "pixel_accuracy", "per_class_iou": [..], "per_class_accuracy": [..], "classes": [..],
/// "palette": [[red, green, blue], ..], "pictures", "skipped": [..] only if it is not empty}. null where a class gives
/// no score.
nlohmann::ordered_json to_json(const SegmentScores& scores, const SegmentClasses& classes);

/// The same as an evaluator: figures eval_miou, eval_mean_accuracy and eval_pixel_accuracy, artefact
/// segmentation.json (core/report/scores.h has its form) with four samples, whose pictures lie in segmentation/. A stop
/// signal ends it without figures and artefact. The segmenter must outlive it.
std::unique_ptr<train::Evaluator> segmentation_evaluator(const Segmenter& segmenter, SegmentClasses classes,
                                                         std::vector<data::LabelledFile> files,
                                                         SegmentScoreOptions options);

}  // namespace gtsa::transfer
