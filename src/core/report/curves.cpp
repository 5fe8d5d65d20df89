#include "core/report/curves.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "core/base/error.h"

namespace gtsa::report {
namespace {

using Json = nlohmann::ordered_json;

/// About two points a pixel of a chart on a wide screen.
constexpr size_t kMostPoints = 1600;

struct Curve {
  std::string name;
  std::vector<int64_t> steps;
  std::vector<double> values;
};

/// Curves in the order in which their names first came.
class Curves {
 public:
  void add(const std::string& name, int64_t step, const Json& value) {
    if (!value.is_number() && !value.is_null()) return;
    auto it = std::find_if(curves_.begin(), curves_.end(), [&](const Curve& curve) { return curve.name == name; });
    if (it == curves_.end()) it = curves_.insert(it, {name, {}, {}});
    it->steps.push_back(step);
    it->values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
  }

  Json json() const {
    Json all = Json::object();
    for (const Curve& curve : curves_) {
      if (std::none_of(curve.values.begin(), curve.values.end(), [](double value) { return std::isfinite(value); }))
        continue;
      Json steps = Json::array(), values = Json::array();
      for (const size_t at : thinned(curve.values, kMostPoints)) {
        const double value = curve.values[at];
        steps.push_back(curve.steps[at]);
        values.push_back(std::isfinite(value) ? Json(shortened(value)) : Json(nullptr));
      }
      all[curve.name] = {{"steps", std::move(steps)}, {"values", std::move(values)}};
    }
    return all;
  }

 private:
  std::vector<Curve> curves_;
};

std::optional<int64_t> step_of(const Json& line) {
  const auto it = line.find("step");
  if (it == line.end() || !it->is_number_integer()) return std::nullopt;
  return it->get<int64_t>();
}

}  // namespace

std::vector<size_t> thinned(std::span<const double> values, size_t most) {
  GTSA_CHECK(most >= 4, "{} points are no curve", most);
  std::vector<size_t> kept;
  const size_t stretches = values.size() <= most ? values.size() : (most - 2) / 2;
  for (size_t s = 0; s < stretches; ++s) {
    const size_t begin = s * values.size() / stretches, end = (s + 1) * values.size() / stretches;
    size_t low = end, high = end, gap = end;
    for (size_t i = begin; i < end; ++i) {
      if (!std::isfinite(values[i])) {
        gap = std::min(gap, i);
        continue;
      }
      if (low == end || values[i] < values[low]) low = i;
      if (high == end || values[i] > values[high]) high = i;
    }
    for (const size_t at : {low, high, gap}) {
      if (at != end) kept.push_back(at);
    }
  }
  if (!values.empty()) kept.insert(kept.end(), {0, values.size() - 1});
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

double shortened(double value) {
  if (!std::isfinite(value) || value == 0) return value;
  constexpr int kDigits = 6;
  return std::strtod(fmt::format("{:.{}g}", value, kDigits).c_str(), nullptr);
}

Json metric_curves(const std::vector<Json>& metrics) {
  Curves curves;
  for (const Json& line : metrics) {
    const auto step = step_of(line);
    if (!step) continue;
    for (const auto& [key, value] : line.items()) {
      if (key != "step" && key != "epoch") curves.add(key, *step, value);
    }
  }
  return curves.json();
}

Json figure_curves(const std::vector<Json>& events, std::string_view kind) {
  Curves curves;
  for (const Json& event : events) {
    const auto step = step_of(event);
    const auto name = event.find("event"), figures = event.find("figures");
    if (!step || name == event.end() || *name != kind || figures == event.end() || !figures->is_object()) continue;
    for (const auto& [key, value] : figures->items()) curves.add(key, *step, value);
  }
  return curves.json();
}

}  // namespace gtsa::report
