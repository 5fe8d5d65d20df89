#include "learn/train/schedule.h"

#include <charconv>
#include <cmath>
#include <numbers>

#include "core/base/error.h"

namespace gtsa::train {

double cosine(double base, double final, int64_t i, int64_t n) {
  return final +
         0.5 * (base - final) * (1 + std::cos(std::numbers::pi * static_cast<double>(i) / static_cast<double>(n)));
}

double warmup_cosine(double base, double final, int64_t warmup, int64_t step, int64_t total) {
  GTSA_CHECK(0 <= step && step < total && warmup <= total, "step {} of {}, warm-up {}", step, total, warmup);
  if (step >= warmup) return cosine(base, final, step - warmup, total - warmup);
  if (warmup == 1) return 0;
  if (step == warmup - 1) return base;
  return static_cast<double>(step) * (base / static_cast<double>(warmup - 1));
}

double ramp_cosine(double base, double final, double warmup, double at, double total) {
  GTSA_CHECK(0 <= at && at <= total && warmup <= total, "place {} of {}, warm-up {}", at, total, warmup);
  if (at < warmup) return base * at / warmup;
  if (total == warmup) return base;
  return final + (base - final) * 0.5 * (1 + std::cos(std::numbers::pi * (at - warmup) / (total - warmup)));
}

double warmup_poly(const Poly& poly, int64_t step, int64_t total) {
  GTSA_CHECK(0 <= step && step < total && poly.warmup >= 0, "step {} of {}, warm-up {}", step, total, poly.warmup);
  const double left = std::pow(1 - static_cast<double>(step) / static_cast<double>(total), poly.power);
  const double regular = (poly.base - poly.final) * left + poly.final;
  if (step >= poly.warmup) return regular;
  const double missing = 1 - static_cast<double>(step) / static_cast<double>(poly.warmup);
  return regular * (1 - missing * (1 - poly.ratio));
}

double teacher_temperature(double first, double last, int64_t warmup, int64_t epoch) {
  GTSA_CHECK(epoch >= 0 && warmup >= 0, "epoch {}, warm-up {}", epoch, warmup);
  if (epoch >= warmup) return last;
  if (warmup == 1) return first;
  return first + static_cast<double>(epoch) * ((last - first) / static_cast<double>(warmup - 1));
}

Interval parse_interval(const std::string& key, const std::string& text) {
  double amount = 0;
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, amount);
  if (code == std::errc{} && rest + 1 == end && amount > 0 && std::isfinite(amount)) {
    if (*rest == 'm') return {amount, Interval::Unit::minutes};
    if (*rest == 'e' && amount == std::floor(amount)) return {amount, Interval::Unit::epochs};
    if (*rest == 's' && amount == std::floor(amount)) return {amount, Interval::Unit::steps};
  }
  throw UsageError("{} = {}: write 15m (minutes), 2e (epochs) or 500s (steps)", key, text);
}

}  // namespace gtsa::train
