#pragma once
// How well labels were predicted: accuracy, confusion counts and the scores of semantic segmentation made from them.

#include <cstdint>
#include <span>
#include <vector>

namespace gtsa::metrics {

/// Share of equal entries. NaN if there are none. The spans must be equally long.
double accuracy(std::span<const int64_t> truth, std::span<const int64_t> prediction);

/// All scores in [0, 1]; NaN where a class gives none (0/0), and such classes are left out of the means.
struct SegmentationScores {
  double miou = 0;                         ///< mean of per_class_iou
  double pixel_accuracy = 0;               ///< share of the labelled pixels predicted right
  double mean_accuracy = 0;                ///< mean of per_class_accuracy
  std::vector<double> per_class_iou;       ///< (C): intersection / union; NaN if neither labelled nor predicted
  std::vector<double> per_class_accuracy;  ///< (C): intersection / labelled; NaN if not labelled
};

/// Counts of (truth, prediction) pairs over C classes. Exact, so the order of adding and merging changes nothing.
class ConfusionMatrix {
 public:
  /// 1 <= classes <= 32,768.
  explicit ConfusionMatrix(int64_t classes);

  /// Counts pixels. Those whose truth is `ignore` are passed over, whatever was predicted there. Throws Error for
  /// another truth outside [0, C) (a label file of another data set); a prediction outside is a bug of ours. Nothing is
  /// counted when it throws.
  void add(std::span<const int64_t> truth, std::span<const int64_t> prediction, int64_t ignore);
  /// The same of numbers as pictures hold them.
  void add(std::span<const int32_t> truth, std::span<const uint16_t> prediction, int32_t ignore);
  /// Counts one pair; both are classes.
  void add(int64_t truth, int64_t prediction, int64_t times = 1);
  /// Adds the counts of another matrix over the same classes (of another picture, another rank).
  void merge(const ConfusionMatrix& other);

  int64_t classes() const { return classes_; }
  int64_t count(int64_t truth, int64_t prediction) const;
  /// (C, C), rows truth, columns prediction.
  std::span<const int64_t> counts() const { return counts_; }
  SegmentationScores scores() const;

 private:
  template <class Truth, class Prediction>
  void add_all(std::span<const Truth> truth, std::span<const Prediction> prediction, Truth ignore);

  int64_t classes_;
  std::vector<int64_t> counts_;
};

}  // namespace gtsa::metrics
