#pragma once
// What evaluations of fine-tuned networks left behind: scores by class, confusions, samples. Both throw Error naming
// the key.

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/report/pictures.h"

namespace gtsa::report {

/// Of accuracy.json:
///
///   {"top1", "top5", "loss", "images", "mean_class_accuracy", "per_class_accuracy": [.. or null],
///    "classes": [name, ..], "confusion": [[true class, predicted class, count], ..] (optional)}
///
/// -> the figures, "classes": [[name, accuracy or null], ..] and what confusion_of() says.
nlohmann::ordered_json classification_scores(const nlohmann::ordered_json& file);

/// Of segmentation.json (counts of the confusion are pixels; pictures are names of files in `folder`):
///
///   {"miou", "mean_accuracy", "pixel_accuracy", "pictures", "per_class_iou": [..], "per_class_accuracy": [..],
///    "classes": [name, ..], "palette": [[red, green, blue], ..], "confusion" (optional),
///    "samples": [{"picture", "truth", "prediction", "width", "height", "classes": [class, ..], "miou" or null}]}
///
/// -> the figures, "classes": [[name, IoU or null, accuracy or null, "#rrggbb"], ..], the confusion, and the samples
/// with places in `pictures`.
nlohmann::ordered_json segmentation_scores(const nlohmann::ordered_json& file, const std::filesystem::path& folder,
                                           Pictures& pictures);

/// {"cells": [true class, predicted class, count, ..] (flat), "rows": count of each true class, "left_out": n} of a
/// confusion over `classes` classes: the cells with the largest counts where there are more than a page takes, and how
/// many were left out. Nothing if there are no cells.
nlohmann::ordered_json confusion_of(const nlohmann::ordered_json& file, size_t classes);

}  // namespace gtsa::report
