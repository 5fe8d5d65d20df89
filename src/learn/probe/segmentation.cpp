#include "learn/probe/segmentation.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/data/segment_recipe.h"
#include "core/image/label_map.h"
#include "core/image/normalize.h"
#include "core/image/resample.h"
#include "core/metrics/segmentation.h"
#include "learn/nn/products.h"

namespace gtsa::probe {
namespace {

namespace fs = std::filesystem;

/// Pictures in patches.
constexpr nn::Grid kGrid{12, 16};
/// Pictures whose pixels are in memory at a time.
constexpr int64_t kChunk = 32;
constexpr int64_t kNotCounted = -1;

/// Reads a picture and its labels into their places of a chunk.
void read_into(const data::LabelledFile& file, Size size, const data::LabelRule& rule, int64_t max_pixels,
               std::span<float> chw, std::span<uint8_t> labels) {
  const auto [picture, stored] =
      data::read_labelled(file.image, file.annotation, rule, {.max_pixels = max_pixels, .apply_exif = false});
  image::normalize_into(image::resized(picture, size, image::Filter::bicubic), chw);
  const image::LabelMap resized = image::resized_nearest(stored, size);
  std::transform(resized.values.begin(), resized.values.end(), labels.begin(), [&](uint16_t label) {
    return rule.ignores(label) ? kUnlabelled : static_cast<uint8_t>(rule.class_of(label) + 1);
  });
}

/// A split's features and labels.
PixelSet read_split(const Frozen& network, const data::Ade20kSplit& split, int64_t max_pixels) {
  const auto n = static_cast<int64_t>(split.files.size());
  const data::LabelRule rule{.classes = static_cast<int64_t>(split.classes.size())};
  PixelSet set;
  set.grid = kGrid;
  set.pixels = {kGrid.columns * network.patch_size, kGrid.rows * network.patch_size};
  const auto pixels = static_cast<size_t>(set.pixels_each());
  set.labels.resize(split.files.size() * pixels);
  for (int64_t first = 0; first < n; first += kChunk) {
    const int64_t pictures = std::min(kChunk, n - first);
    const at::Tensor images = at::empty({pictures, 3, set.pixels.height, set.pixels.width}, at::kFloat);
    float* const values = images.data_ptr<float>();
    parallel_for(pictures, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const auto at = static_cast<size_t>(first + i);
        read_into(split.files[at], set.pixels, rule, max_pixels,
                  {values + static_cast<size_t>(i) * 3 * pixels, 3 * pixels},
                  std::span(set.labels).subspan(at * pixels, pixels));
      }
    });
    const at::Tensor features = network.encode(images);
    GTSA_CHECK(features.size(1) == kGrid.tokens(), "{} features of pictures of {} patches", features.size(1),
               kGrid.tokens());
    if (first == 0) set.features = at::empty({n, features.size(1), features.size(2)}, at::kFloat);
    set.features.narrow(0, first, pictures).copy_(features);
  }
  return set;
}

/// Per channel: (x - mean) / deviation, both of the training split.
void standardise(PixelSet& training, PixelSet& validation) {
  constexpr double kLeastDeviation = 1e-6;
  const at::Tensor rows = training.features.flatten(0, 1);
  const at::Tensor mean = rows.mean(0);
  const at::Tensor deviation = rows.std(0).clamp_min(kLeastDeviation);
  for (PixelSet* set : {&training, &validation}) set->features.sub_(mean).div_(deviation);
}

metrics::SegmentationScores judge(const PixelHead& head, const PixelSet& set, int64_t classes) {
  const PixelMap map(set.grid, set.pixels, classes);
  const auto pixels = static_cast<size_t>(set.pixels_each());
  std::vector<int64_t> predicted(static_cast<size_t>(set.pictures()) * pixels);
  parallel_for(set.pictures(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const at::Tensor logits = nn::ops::addmm(head.bias, set.features[i], head.weight.t());
      map.predict(logits.data_ptr<float>(), std::span(predicted).subspan(static_cast<size_t>(i) * pixels, pixels));
    }
  });
  // Label 0 becomes kNotCounted.
  std::vector<int64_t> truth(set.labels.begin(), set.labels.end());
  for (int64_t& label : truth) label = label == kUnlabelled ? kNotCounted : label - 1;
  metrics::ConfusionMatrix confusion(classes);
  confusion.add(truth, predicted, kNotCounted);
  return confusion.scores();
}

/// Mean of the values that are numbers; NaN if none is.
double mean_of(std::span<const metrics::SegmentationScores> scores,
               double (*value)(const metrics::SegmentationScores&, size_t), size_t index = 0) {
  double sum = 0;
  int64_t count = 0;
  for (const metrics::SegmentationScores& score : scores) {
    const double each = value(score, index);
    if (std::isnan(each)) continue;
    sum += each;
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
}

SegmentationResult result_of(std::span<const metrics::SegmentationScores> scores, std::vector<std::string> classes) {
  using Scores = metrics::SegmentationScores;
  SegmentationResult result;
  result.miou = mean_of(scores, [](const Scores& s, size_t) { return s.miou; });
  result.pixel_accuracy = mean_of(scores, [](const Scores& s, size_t) { return s.pixel_accuracy; });
  result.mean_accuracy = mean_of(scores, [](const Scores& s, size_t) { return s.mean_accuracy; });
  for (size_t k = 0; k < classes.size(); ++k) {
    result.per_class_iou.push_back(mean_of(
        scores, [](const Scores& s, size_t c) { return s.per_class_iou[c]; }, k));
  }
  double squares = 0;
  for (const Scores& score : scores) squares += (score.miou - result.miou) * (score.miou - result.miou);
  if (scores.size() > 1) result.miou_deviation = std::sqrt(squares / static_cast<double>(scores.size() - 1));
  result.classes = std::move(classes);
  return result;
}

class SegmentationEvaluator final : public train::Evaluator {
 public:
  SegmentationEvaluator(FrozenProvider network, fs::path ade20k, SegmentationOptions options)
      : network_(std::move(network)), ade20k_(std::move(ade20k)), options_(options) {}

  std::string name() const override { return "segment"; }

  std::vector<train::Figure> evaluate(const train::Occasion& occasion) override {
    auto& [ranks, run, step] = occasion;
    std::array<double, 3> figures{};
    if (ranks.rank() == 0) {
      const SegmentationResult result = probe_segmentation(network_(), ade20k_, options_);
      figures = {result.miou, result.pixel_accuracy, result.mean_accuracy};
      if (run != nullptr) run->write_artefact("probe_segment.json", to_json(result));
    }
    ranks.sum(figures);
    return {{"probe_segment_miou", figures[0]},
            {"probe_segment_pixel_accuracy", figures[1]},
            {"probe_segment_mean_accuracy", figures[2]}};
  }

 private:
  FrozenProvider network_;
  fs::path ade20k_;
  SegmentationOptions options_;
};

}  // namespace

SegmentationResult probe_segmentation(const Frozen& network, const fs::path& ade20k,
                                      const SegmentationOptions& options) {
  if (options.repeats < 1 || options.head.epochs < 1 || options.head.batch < 1) {
    throw UsageError("the segmentation probe needs at least 1 head, 1 epoch and 1 picture a batch, not {}, {} and {}",
                     options.repeats, options.head.epochs, options.head.batch);
  }
  const at::NoGradGuard no_grad;
  const data::Ade20kSplit training_files = data::read_ade20k(ade20k, "training");
  const data::Ade20kSplit validation_files = data::read_ade20k(ade20k, "validation");
  const auto classes = static_cast<int64_t>(training_files.classes.size());
  constexpr int64_t kMostClasses = 255;  // labels are bytes
  if (classes > kMostClasses) {
    throw Error("{} has {} classes: the segmentation probe tells {} apart at most", ade20k.string(), classes,
                kMostClasses);
  }
  PixelSet training = read_split(network, training_files, options.max_pixels);
  PixelSet validation = read_split(network, validation_files, options.max_pixels);
  standardise(training, validation);
  std::vector<metrics::SegmentationScores> scores;
  for (int64_t repeat = 0; repeat < options.repeats; ++repeat) {
    PixelHeadOptions head = options.head;
    head.repeat = static_cast<uint64_t>(repeat);
    scores.push_back(judge(train_pixel_head(training, classes, head), validation, classes));
  }
  SegmentationResult result = result_of(scores, training_files.classes);
  result.training_pictures = training.pictures();
  result.validation_pictures = validation.pictures();
  return result;
}

nlohmann::ordered_json to_json(const SegmentationResult& result) {
  // What is not a number becomes null when it is written.
  return {{"miou", result.miou},
          {"pixel_accuracy", result.pixel_accuracy},
          {"mean_accuracy", result.mean_accuracy},
          {"per_class_iou", result.per_class_iou},
          {"classes", result.classes},
          {"miou_deviation", result.miou_deviation},
          {"training_pictures", result.training_pictures},
          {"validation_pictures", result.validation_pictures}};
}

std::unique_ptr<train::Evaluator> segmentation_evaluator(FrozenProvider network, fs::path ade20k,
                                                         SegmentationOptions options) {
  return std::make_unique<SegmentationEvaluator>(std::move(network), std::move(ade20k), options);
}

}  // namespace gtsa::probe
