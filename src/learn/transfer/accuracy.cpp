#include "learn/transfer/accuracy.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/classify_recipe.h"
#include "core/data/loader.h"
#include "core/data/sampler.h"

namespace gtsa::transfer {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// Adds what every rank counted; all get the sums.
metrics::ClassificationMeter over_ranks(const metrics::ClassificationMeter& counts, dist::Communicator& ranks) {
  if (ranks.size() == 1) return counts;
  std::vector<double> sums = counts.sums();
  ranks.sum(sums);
  return metrics::ClassificationMeter::from_sums(counts.classes(), sums);
}

class AccuracyEvaluator final : public train::Evaluator {
 public:
  AccuracyEvaluator(const Classifier& classifier, ClassNames classes, LabelledPhotographs split,
                    AccuracyOptions options)
      : classifier_(classifier), classes_(std::move(classes)), split_(std::move(split)), options_(options) {}

  std::string name() const override { return "accuracy"; }

  std::vector<train::Figure> evaluate(const train::Occasion& occasion) override {
    auto& [ranks, run, step] = occasion;
    const Accuracy accuracy = measure_accuracy(classifier_, split_, options_, ranks);
    for (const std::string& reason : accuracy.skipped) log::warning("the evaluation leaves out {}", reason);
    const metrics::ClassificationScores scores = accuracy.counts.scores();
    if (run != nullptr && ranks.rank() == 0) {
      Json json = to_json(accuracy, classes_);
      json["step"] = step;
      json["confusion"] = confusion_json(accuracy.counts.confusion());
      run->write_artefact("accuracy.json", json);
    }
    return {{"eval_top1", scores.top1}, {"eval_top5", scores.top5}, {"eval_loss", scores.loss}};
  }

 private:
  static Json confusion_json(const metrics::ConfusionMatrix& confusion) {
    Json cells = Json::array();
    for (int64_t truth = 0; truth < confusion.classes(); ++truth) {
      for (int64_t predicted = 0; predicted < confusion.classes(); ++predicted) {
        if (const int64_t count = confusion.count(truth, predicted); count > 0) {
          cells.push_back({truth, predicted, count});
        }
      }
    }
    return cells;
  }

  const Classifier& classifier_;
  ClassNames classes_;
  LabelledPhotographs split_;
  AccuracyOptions options_;
};

}  // namespace

LabelledPhotographs labelled(const data::ClassifiedSplit& split) {
  std::vector<std::filesystem::path> files;
  std::vector<int64_t> labels;
  for (const data::ClassifiedFile& file : split.files) {
    files.push_back(file.file);
    labels.push_back(file.label);
  }
  return {std::move(files), std::move(labels)};
}

ClassNames classes_of(const data::ClassifiedSplit& split) { return {split.classes, split.category_ids}; }

Accuracy measure_accuracy(const Classifier& classifier, const LabelledPhotographs& split,
                          const AccuracyOptions& options, dist::Communicator& ranks, const OnLogits& on_logits) {
  const at::NoGradGuard no_grad;
  const int64_t files = split.photographs.size(), classes = classifier.options.classes;
  const data::ClassifyRecipe recipe(
      split.labels, {.input_size = classifier.options.vit.image_size, .augment = false, .decode = options.decode});
  const int64_t share = (files + ranks.size() - 1) / ranks.size();
  const auto sampler = data::EpochSampler::in_order(files, std::min(options.batch, share), ranks.rank(), ranks.size());
  data::Loader loader(split.photographs, sampler, recipe,
                      {.workers = options.workers,
                       .max_bad_share = options.max_bad_share,
                       .end_iteration = sampler.iterations_per_epoch()});
  Accuracy accuracy{metrics::ClassificationMeter(classes), {}};
  for (int64_t i = 0; i < sampler.iterations_per_epoch(); ++i) {
    const train::DeviceBatch batch(loader.next());
    const at::Tensor logits = forward(classifier, batch["images"]).contiguous();
    const std::span values(logits.data_ptr<float>(), static_cast<size_t>(logits.numel()));
    for (int64_t slot = 0; slot < batch.size(); ++slot) {
      const data::SampleKey& key = batch.keys()[static_cast<size_t>(slot)];
      // What fills up the last batch was counted before, and a stand-in is another place's picture.
      if (key.place >= static_cast<uint64_t>(files) || key.replaced) continue;
      const auto row = values.subspan(static_cast<size_t>(slot * classes), static_cast<size_t>(classes));
      accuracy.counts.add(row, split.labels[key.file]);
      if (on_logits) on_logits(static_cast<int64_t>(key.file), row);
    }
  }
  for (const data::BadFile& bad : loader.bad_files()) accuracy.skipped.push_back(bad.reason);
  accuracy.counts = over_ranks(accuracy.counts, ranks);
  return accuracy;
}

nlohmann::ordered_json to_json(const Accuracy& accuracy, const ClassNames& classes) {
  const metrics::ClassificationScores scores = accuracy.counts.scores();
  Json per_class = Json::array();
  for (const double value : scores.per_class_accuracy) per_class.push_back(number(value));
  Json json{{"top1", number(scores.top1)},
            {"top5", number(scores.top5)},
            {"loss", number(scores.loss)},
            {"images", scores.images},
            {"mean_class_accuracy", number(scores.mean_class_accuracy)},
            {"per_class_accuracy", per_class},
            {"classes", classes.names}};
  if (!accuracy.skipped.empty()) json["skipped"] = accuracy.skipped;
  return json;
}

std::unique_ptr<train::Evaluator> accuracy_evaluator(const Classifier& classifier, ClassNames classes,
                                                     LabelledPhotographs split, AccuracyOptions options) {
  return std::make_unique<AccuracyEvaluator>(classifier, std::move(classes), std::move(split), options);
}

}  // namespace gtsa::transfer
