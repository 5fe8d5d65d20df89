#include "core/data/segment_labels.h"

#include <algorithm>

#include "core/base/error.h"

namespace gtsa::data {

void LabelRule::check() const {
  constexpr int64_t kMost = 65'535;
  if (classes < 1 || classes > kMost) throw UsageError("{} classes: between 1 and {} are possible", classes, kMost);
}

std::string LabelRule::range() const {
  return fmt::format("{} to {}{}", reduce_zero ? "0 (not counted)" : "0", largest(),
                     ignores(255) ? ", and 255 (not counted)" : "");
}

std::string fault_of(const image::LabelMap& map, const LabelRule& rule) {
  const auto first =
      std::find_if(map.values.begin(), map.values.end(), [&](uint16_t stored) { return rule.is_beyond(stored); });
  if (first == map.values.end()) return {};
  const int64_t at = first - map.values.begin(), count = std::count(first, map.values.end(), *first);
  return fmt::format("label {} on {} pixel{}, first at ({}, {}); labels are {}", *first, count, count == 1 ? "" : "s",
                     at % map.width, at / map.width, rule.range());
}

void require_labels(const image::LabelMap& map, const LabelRule& rule, std::string_view name) {
  if (const std::string fault = fault_of(map, rule); !fault.empty()) throw Error("{} has {}", name, fault);
}

std::vector<int32_t> classes_of(const image::LabelMap& map, const LabelRule& rule, std::string_view name) {
  require_labels(map, rule, name);
  std::vector<int32_t> classes(map.values.size());
  std::transform(map.values.begin(), map.values.end(), classes.begin(),
                 [&](uint16_t stored) { return rule.class_of(stored); });
  return classes;
}

}  // namespace gtsa::data
