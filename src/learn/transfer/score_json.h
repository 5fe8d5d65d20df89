#pragma once
// Scores in artefacts.

#include <nlohmann/json_fwd.hpp>

#include "core/metrics/segmentation.h"

namespace gtsa::transfer {

/// null for what is not finite.
nlohmann::ordered_json number_or_null(double value);

/// [[true class, predicted class, count], ..] without empty cells.
nlohmann::ordered_json confusion_json(const metrics::ConfusionMatrix& confusion);

}  // namespace gtsa::transfer
