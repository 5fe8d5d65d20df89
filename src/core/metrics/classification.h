#pragma once
// How well pictures were given one class each: top-1, top-5, loss, accuracy a class and who was taken for whom.

#include <cstdint>
#include <span>
#include <vector>

#include "core/metrics/segmentation.h"

namespace gtsa::metrics {

/// The `k` classes (all, if there are fewer) of the largest logits, best first; of equal logits the lower class goes
/// first.
std::vector<int64_t> top_classes(std::span<const float> logits, int64_t k);

/// -log softmax(logits)[label], in double. Infinite or NaN if the logits are not finite.
double cross_entropy(std::span<const float> logits, int64_t label);

/// Shares in [0, 1]; NaN where there is nothing to count.
struct ClassificationScores {
  int64_t images = 0;
  double top1 = 0;
  double top5 = 0;  ///< top-C where there are fewer than five classes
  double loss = 0;  ///< mean cross-entropy over the images
  double mean_class_accuracy = 0;
  std::vector<double> per_class_accuracy;  ///< (C): top-1 over the images of the class; NaN of a class without any
};

/// Counts predictions over C classes. All sums are whole numbers (the loss in units of 2^-24), so how the images were
/// split into batches or over ranks changes nothing.
class ClassificationMeter {
 public:
  static constexpr int64_t kTop = 5;

  /// 1 <= classes <= 32,768.
  explicit ClassificationMeter(int64_t classes);

  /// One image: logits (C) and its true class in [0, C). Throws Error if the logits are not finite; nothing is counted
  /// then.
  void add(std::span<const float> logits, int64_t label);
  void merge(const ClassificationMeter& other);

  int64_t classes() const { return confusion_.classes(); }
  int64_t images() const { return images_; }
  const ConfusionMatrix& confusion() const { return confusion_; }
  ClassificationScores scores() const;

  /// Everything counted, as numbers that add up: sums() of two meters, added place by place, are those of the merged
  /// one (exact below 2^53). For a sum over ranks.
  std::vector<double> sums() const;
  /// The meter that has these sums.
  static ClassificationMeter from_sums(int64_t classes, std::span<const double> sums);

 private:
  int64_t images_ = 0;
  int64_t top1_ = 0;
  int64_t top5_ = 0;
  int64_t loss_ = 0;  ///< in units of 2^-24
  ConfusionMatrix confusion_;
};

}  // namespace gtsa::metrics
