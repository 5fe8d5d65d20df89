#include "core/metrics/classification.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/error.h"

namespace gtsa::metrics {
namespace {

/// One over the unit of the loss's sum.
constexpr double kUnits = 1 << 24;

double share(int64_t part, int64_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::vector<int64_t> top_classes(std::span<const float> logits, int64_t k) {
  std::vector<int64_t> classes(logits.size());
  std::iota(classes.begin(), classes.end(), int64_t{0});
  const auto better = [&](int64_t a, int64_t b) {
    const float x = logits[static_cast<size_t>(a)], y = logits[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  };
  const auto end = classes.begin() + std::min(k, std::ssize(classes));
  std::partial_sort(classes.begin(), end, classes.end(), better);
  classes.erase(end, classes.end());
  return classes;
}

double cross_entropy(std::span<const float> logits, int64_t label) {
  GTSA_CHECK(label >= 0 && label < std::ssize(logits), "label {} of {} classes", label, logits.size());
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - most);
  return std::log(sum) + most - static_cast<double>(logits[static_cast<size_t>(label)]);
}

ClassificationMeter::ClassificationMeter(int64_t classes) : confusion_(classes) {}

void ClassificationMeter::add(std::span<const float> logits, int64_t label) {
  GTSA_CHECK(std::ssize(logits) == classes(), "{} logits of {} classes", logits.size(), classes());
  if (!std::all_of(logits.begin(), logits.end(), [](float logit) { return std::isfinite(logit); })) {
    throw Error("a classifier's outputs are not finite: its weights are spoiled; take those of an earlier checkpoint");
  }
  loss_ += std::llround(cross_entropy(logits, label) * kUnits);
  const std::vector<int64_t> best = top_classes(logits, kTop);
  ++images_;
  top1_ += best.front() == label;
  top5_ += std::find(best.begin(), best.end(), label) != best.end();
  confusion_.add(label, best.front());
}

void ClassificationMeter::merge(const ClassificationMeter& other) {
  confusion_.merge(other.confusion_);
  images_ += other.images_;
  top1_ += other.top1_;
  top5_ += other.top5_;
  loss_ += other.loss_;
}

ClassificationScores ClassificationMeter::scores() const {
  ClassificationScores scores;
  const SegmentationScores by_class = confusion_.scores();
  scores.images = images_;
  scores.top1 = share(top1_, images_);
  scores.top5 = share(top5_, images_);
  scores.loss = share(loss_, images_) / kUnits;
  scores.mean_class_accuracy = by_class.mean_accuracy;
  scores.per_class_accuracy = by_class.per_class_accuracy;
  return scores;
}

std::vector<double> ClassificationMeter::sums() const {
  std::vector<double> sums{static_cast<double>(images_), static_cast<double>(top1_), static_cast<double>(top5_),
                           static_cast<double>(loss_)};
  for (const int64_t count : confusion_.counts()) sums.push_back(static_cast<double>(count));
  return sums;
}

ClassificationMeter ClassificationMeter::from_sums(int64_t classes, std::span<const double> sums) {
  GTSA_CHECK(std::ssize(sums) == 4 + classes * classes, "{} sums of {} classes", sums.size(), classes);
  ClassificationMeter meter(classes);
  const auto whole = [&](size_t i) { return static_cast<int64_t>(sums[i]); };
  meter.images_ = whole(0);
  meter.top1_ = whole(1);
  meter.top5_ = whole(2);
  meter.loss_ = whole(3);
  for (int64_t i = 0; i < classes * classes; ++i) {
    meter.confusion_.add(i / classes, i % classes, whole(static_cast<size_t>(4 + i)));
  }
  return meter;
}

}  // namespace gtsa::metrics
