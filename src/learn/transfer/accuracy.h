#pragma once
// Top-1, top-5 and loss over a split, each picture once: of a classifier in training (an evaluator) or at rest.

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/data/classified.h"
#include "core/metrics/classification.h"
#include "learn/train/task.h"
#include "learn/transfer/classifier.h"
#include "learn/transfer/classifier_file.h"
#include "learn/transfer/inference.h"

namespace gtsa::transfer {

ClassNames classes_of(const data::ClassifiedSplit& split);

struct Accuracy {
  metrics::ClassificationMeter counts;
  std::vector<std::string> skipped;  ///< pictures that could not be read, each with the reason
  bool stopped = false;              ///< on any rank: the counts are of a part and mean nothing
};

/// Every picture once (inference.h). With ranks all get the sums; `on_logits`, which may be empty, is told of this
/// rank's pictures.
Accuracy measure_accuracy(const Classifier& classifier, const data::LabelledPhotographs& split,
                          const InferenceOptions& options, dist::Communicator& ranks, const OnLogits& on_logits = {});

/// {"top1", "top5", "loss", "images", "mean_class_accuracy", "per_class_accuracy": [..], "classes": [..], "skipped":
/// [..] only if it is not empty}. null where a class has no pictures.
nlohmann::ordered_json to_json(const Accuracy& accuracy, const ClassNames& classes);

/// The same as an evaluator: figures eval_top1, eval_top5 and eval_loss, artefact accuracy.json: to_json() and
/// "confusion": [[true class, predicted class, pictures], ..] without empty cells. A stop signal ends it without
/// figures and artefact. The classifier must outlive it.
std::unique_ptr<train::Evaluator> accuracy_evaluator(const Classifier& classifier, ClassNames classes,
                                                     data::LabelledPhotographs split, InferenceOptions options);

}  // namespace gtsa::transfer
