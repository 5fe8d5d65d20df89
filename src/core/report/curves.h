#pragma once
// Curves of a run, thinned to what a screen can show.

#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <vector>

namespace gtsa::report {

/// Places of a long curve that show all of it: the first, the last, and of each of about `most` / 2 equal stretches the
/// smallest and the largest value, in order. Every place if there are no more than `most`. A value that is not finite
/// is a gap; the first of each gap is kept.
std::vector<size_t> thinned(std::span<const double> values, size_t most);

/// The same number with six significant digits: as a text it is half as long.
double shortened(double value);

/// Every numeric key of metrics.jsonl but "step" and "epoch": {"loss": {"steps": [..], "values": [..]}, ..}, thinned. A
/// gap is null.
nlohmann::ordered_json metric_curves(const std::vector<nlohmann::ordered_json>& metrics);

/// The figures of every event of one kind ("health", "evaluation"), as metric_curves().
nlohmann::ordered_json figure_curves(const std::vector<nlohmann::ordered_json>& events, std::string_view kind);

}  // namespace gtsa::report
