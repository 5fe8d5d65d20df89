#pragma once
// What frozen features know about what stands where: a linear layer on them is trained to label pixels (ADE20K's
// layout).

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/data/ade20k.h"
#include "core/image/decode.h"
#include "learn/probe/frozen.h"
#include "learn/probe/pixel_head.h"
#include "learn/train/task.h"

namespace gtsa::probe {

struct SegmentationOptions {
  PixelHeadOptions head;
  int64_t repeats = 3;  ///< heads trained; scores are their mean
  int64_t max_pixels = image::kMaxPixels;
};

/// Shares in [0, 1], means over the heads.
struct SegmentationResult {
  double miou = 0;            ///< over the classes that are present
  double miou_deviation = 0;  ///< standard deviation over the heads (n - 1); 0 for one head
  double pixel_accuracy = 0;  ///< over labelled pixels
  double mean_accuracy = 0;
  std::vector<double> per_class_iou;  ///< NaN for a class that no head meets
  std::vector<std::string> classes;
  int64_t training_pictures = 0;
  int64_t validation_pictures = 0;
};

/// Pictures and labels of both splits are brought to 16 x 12 patches (bicubic, nearest) whatever their shape; features
/// are standardised per channel by the training split. EXIF is not applied: labels lie in stored pixels. Same seed,
/// same result. Throws Error naming the file for what cannot be read, an annotation of another size than its picture,
/// or a label beyond classes.txt.
SegmentationResult probe_segmentation(const Frozen& network, const std::filesystem::path& ade20k,
                                      const SegmentationOptions& options);

/// {"miou": .., "pixel_accuracy": .., "mean_accuracy": .., "per_class_iou": [..], "classes": ["sky", ..],
/// "miou_deviation": .., "training_pictures": .., "validation_pictures": ..}; an IoU that is not defined is null.
nlohmann::ordered_json to_json(const SegmentationResult& result);

/// The probe as an evaluator, run by the first rank alone: figures probe_segment_{miou,pixel_accuracy,mean_accuracy},
/// artefact probe_segment.json.
std::unique_ptr<train::Evaluator> segmentation_evaluator(FrozenProvider network, std::filesystem::path ade20k,
                                                         SegmentationOptions options);

}  // namespace gtsa::probe
