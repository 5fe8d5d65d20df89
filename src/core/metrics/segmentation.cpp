#include "core/metrics/segmentation.h"

#include <cmath>
#include <limits>

#include "core/base/error.h"

namespace gtsa::metrics {
namespace {

constexpr int64_t kMaxClasses = 32'768;

double ratio(int64_t part, int64_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(part) / static_cast<double>(whole);
}

/// Mean of what is not NaN; NaN if nothing is.
double mean_of_defined(std::span<const double> values) {
  double sum = 0;
  int64_t defined = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++defined;
  }
  return sum / static_cast<double>(defined);
}

}  // namespace

double accuracy(std::span<const int64_t> truth, std::span<const int64_t> prediction) {
  GTSA_CHECK(truth.size() == prediction.size(), "{} labels and {} predictions", truth.size(), prediction.size());
  int64_t right = 0;
  for (size_t i = 0; i < truth.size(); ++i) right += truth[i] == prediction[i];
  return ratio(right, static_cast<int64_t>(truth.size()));
}

ConfusionMatrix::ConfusionMatrix(int64_t classes) : classes_(classes) {
  GTSA_CHECK(classes >= 1 && classes <= kMaxClasses, "{} classes", classes);
  counts_.resize(static_cast<size_t>(classes * classes));
}

template <class Truth, class Prediction>
void ConfusionMatrix::add_all(std::span<const Truth> truth, std::span<const Prediction> prediction, Truth ignore) {
  GTSA_CHECK(truth.size() == prediction.size(), "{} labels and {} predictions", truth.size(), prediction.size());
  const auto is_class = [&](int64_t label) { return label >= 0 && label < classes_; };
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] == ignore) continue;
    if (!is_class(truth[i])) {
      throw Error(
          "label {} at pixel {} is neither one of {} classes nor the ignored {}: check that the labels belong to this "
          "data set",
          truth[i], i, classes_, ignore);
    }
    GTSA_CHECK(is_class(prediction[i]), "predicted class {} of {}", prediction[i], classes_);
  }
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] != ignore) ++counts_[static_cast<size_t>(truth[i] * classes_ + prediction[i])];
  }
}

void ConfusionMatrix::add(std::span<const int64_t> truth, std::span<const int64_t> prediction, int64_t ignore) {
  add_all(truth, prediction, ignore);
}

void ConfusionMatrix::add(std::span<const int32_t> truth, std::span<const uint16_t> prediction, int32_t ignore) {
  add_all(truth, prediction, ignore);
}

void ConfusionMatrix::add(int64_t truth, int64_t prediction, int64_t times) {
  GTSA_CHECK(truth >= 0 && truth < classes_ && prediction >= 0 && prediction < classes_ && times >= 0,
             "cell ({}, {}) of {} classes, {} times", truth, prediction, classes_, times);
  counts_[static_cast<size_t>(truth * classes_ + prediction)] += times;
}

void ConfusionMatrix::merge(const ConfusionMatrix& other) {
  GTSA_CHECK(classes_ == other.classes_, "{} classes and {}", classes_, other.classes_);
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

int64_t ConfusionMatrix::count(int64_t truth, int64_t prediction) const {
  GTSA_CHECK(truth >= 0 && truth < classes_ && prediction >= 0 && prediction < classes_, "cell ({}, {}) of {} classes",
             truth, prediction, classes_);
  return counts_[static_cast<size_t>(truth * classes_ + prediction)];
}

SegmentationScores ConfusionMatrix::scores() const {
  const auto n = static_cast<size_t>(classes_);
  std::vector<int64_t> labelled(n), predicted(n);
  int64_t right = 0, all = 0;
  for (size_t t = 0; t < n; ++t) {
    for (size_t p = 0; p < n; ++p) {
      labelled[t] += counts_[t * n + p];
      predicted[p] += counts_[t * n + p];
    }
    right += counts_[t * n + t];
    all += labelled[t];
  }
  SegmentationScores scores;
  for (size_t c = 0; c < n; ++c) {
    const int64_t both = counts_[c * n + c];
    scores.per_class_iou.push_back(ratio(both, labelled[c] + predicted[c] - both));
    scores.per_class_accuracy.push_back(ratio(both, labelled[c]));
  }
  scores.miou = mean_of_defined(scores.per_class_iou);
  scores.mean_accuracy = mean_of_defined(scores.per_class_accuracy);
  scores.pixel_accuracy = ratio(right, all);
  return scores;
}

}  // namespace gtsa::metrics
