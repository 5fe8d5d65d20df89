#pragma once
// Schedules: pure functions of the step. Formulas: the originals' (golden `schedules`, `schedules_finetune`,
// `dense_schedules`).

#include <cstdint>
#include <string>

namespace gtsa::train {

/// Half a cosine: final + (base - final) / 2 * (1 + cos(pi * i / n)) at i of n; the final value is never quite reached.
double cosine(double base, double final, int64_t i, int64_t n);

/// Linear from 0 to `base` over the first `warmup` steps, both ends included (step 0 gives 0 and the peak occurs
/// twice), then a cosine to `final` over the rest. 0 <= step < total, 0 <= warmup <= total.
double warmup_cosine(double base, double final, int64_t warmup, int64_t step, int64_t total);

/// Fine-tuning's rule, at a place that need not be whole: base * at / warmup before `warmup`, then a cosine to `final`
/// over the rest; at, warmup and total in one unit (epochs or steps). Unlike warmup_cosine() the peak occurs once.
/// 0 <= at <= total, 0 <= warmup <= total.
double ramp_cosine(double base, double final, double warmup, double at, double total);

/// Segmentation's rule (mmcv's `poly` with a linear warm-up): final + (base - final) * (1 - step / total)^power, times
/// 1 - (1 - step / warmup) * (1 - ratio) before `warmup`, so that step 0 has the share `ratio` and the peak stays below
/// `base`. 0 <= step < total.
struct Poly {
  double base = 0;
  double final = 0;
  double power = 1;
  int64_t warmup = 0;
  double ratio = 1e-6;
};
double warmup_poly(const Poly& poly, int64_t step, int64_t total);

/// DINO's teacher temperature: from `first` to `last` in equal steps over the first `warmup` epochs, both included,
/// then `last`.
double teacher_temperature(double first, double last, int64_t warmup, int64_t epoch);

/// A length of a run as people write it: "15m" minutes, "2e" epochs, "500s" steps.
struct Interval {
  enum class Unit { minutes, epochs, steps };
  double amount = 0;
  Unit unit = Unit::minutes;
};
/// Throws UsageError naming `key` and the three forms.
Interval parse_interval(const std::string& key, const std::string& text);

}  // namespace gtsa::train
