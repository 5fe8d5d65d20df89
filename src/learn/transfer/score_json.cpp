#include "learn/transfer/score_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace gtsa::transfer {

using Json = nlohmann::ordered_json;

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json confusion_json(const metrics::ConfusionMatrix& confusion) {
  Json cells = Json::array();
  for (int64_t truth = 0; truth < confusion.classes(); ++truth) {
    for (int64_t predicted = 0; predicted < confusion.classes(); ++predicted) {
      if (const int64_t count = confusion.count(truth, predicted); count > 0) {
        cells.push_back({truth, predicted, count});
      }
    }
  }
  return cells;
}

}  // namespace gtsa::transfer
