#include "learn/transfer/accuracy.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/log.h"
#include "core/base/signals.h"
#include "learn/transfer/score_json.h"

namespace gtsa::transfer {
namespace {

using Json = nlohmann::ordered_json;

/// Adds what every rank counted; all get the sums, and learn whether one of them was stopped.
void sum_over_ranks(Accuracy& accuracy, dist::Communicator& ranks) {
  if (ranks.size() == 1) return;
  std::vector<double> sums = accuracy.counts.sums();
  sums.push_back(accuracy.stopped ? 1 : 0);
  ranks.sum(sums);
  accuracy.stopped = sums.back() > 0;
  sums.pop_back();
  accuracy.counts = metrics::ClassificationMeter::from_sums(accuracy.counts.classes(), sums);
}

class AccuracyEvaluator final : public train::Evaluator {
 public:
  AccuracyEvaluator(const Classifier& classifier, ClassNames classes, data::LabelledPhotographs split,
                    InferenceOptions options)
      : classifier_(classifier), classes_(std::move(classes)), split_(std::move(split)), options_(std::move(options)) {
    options_.stop = StopSignals::requested;
  }

  std::string name() const override { return "accuracy"; }

  std::vector<train::Figure> evaluate(const train::Occasion& occasion) override {
    auto& [ranks, run, step] = occasion;
    const Accuracy accuracy = measure_accuracy(classifier_, split_, options_, ranks);
    if (accuracy.stopped) return {};
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
  const Classifier& classifier_;
  ClassNames classes_;
  data::LabelledPhotographs split_;
  InferenceOptions options_;
};

}  // namespace

ClassNames classes_of(const data::ClassifiedSplit& split) { return {split.classes, split.category_ids}; }

Accuracy measure_accuracy(const Classifier& classifier, const data::LabelledPhotographs& split,
                          const InferenceOptions& options, dist::Communicator& ranks, const OnLogits& on_logits) {
  Accuracy accuracy{metrics::ClassificationMeter(classifier.options.classes), {}};
  InferenceResult done =
      for_each_logits(classifier, split.photographs, options, ranks, [&](int64_t file, std::span<const float> logits) {
        accuracy.counts.add(logits, split.labels.at(static_cast<size_t>(file)));
        if (on_logits) on_logits(file, logits);
      });
  accuracy.skipped = std::move(done.left_out);
  accuracy.stopped = done.stopped;
  sum_over_ranks(accuracy, ranks);
  return accuracy;
}

nlohmann::ordered_json to_json(const Accuracy& accuracy, const ClassNames& classes) {
  const metrics::ClassificationScores scores = accuracy.counts.scores();
  Json per_class = Json::array();
  for (const double value : scores.per_class_accuracy) per_class.push_back(number_or_null(value));
  Json json{{"top1", number_or_null(scores.top1)},
            {"top5", number_or_null(scores.top5)},
            {"loss", number_or_null(scores.loss)},
            {"images", scores.images},
            {"mean_class_accuracy", number_or_null(scores.mean_class_accuracy)},
            {"per_class_accuracy", per_class},
            {"classes", classes.names}};
  if (!accuracy.skipped.empty()) json["skipped"] = accuracy.skipped;
  return json;
}

std::unique_ptr<train::Evaluator> accuracy_evaluator(const Classifier& classifier, ClassNames classes,
                                                     data::LabelledPhotographs split, InferenceOptions options) {
  return std::make_unique<AccuracyEvaluator>(classifier, std::move(classes), std::move(split), std::move(options));
}

}  // namespace gtsa::transfer
