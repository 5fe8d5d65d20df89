#include "program/app/eval_classify.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/log.h"
#include "core/data/classified.h"
#include "core/image/encode.h"
#include "learn/dist/communicator.h"
#include "learn/transfer/accuracy.h"
#include "learn/transfer/confusion_picture.h"
#include "program/app/common_options.h"
#include "program/app/csv.h"
#include "program/app/machine.h"
#include "program/app/print_json.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

/// One line a picture of the split, in its order.
class Predictions {
 public:
  Predictions(const data::ClassifiedSplit& split, const fs::path& root) : split_(split), root_(root) {
    text_ = "file,class,predicted,probability,right,rank\n";
  }
  void add(int64_t file, std::span<const float> logits) {
    const data::ClassifiedFile& of = split_.files[static_cast<size_t>(file)];
    const std::vector<int64_t> best = metrics::top_classes(logits, std::ssize(logits));
    const auto rank = std::find(best.begin(), best.end(), of.label) - best.begin();
    text_ +=
        fmt::format("{},{},{},{:.6f},{},{}\n", csv_field(fs::relative(of.file, root_).generic_string()),
                    csv_field(split_.classes[static_cast<size_t>(of.label)]),
                    csv_field(split_.classes[static_cast<size_t>(best.front())]),
                    std::exp(-metrics::cross_entropy(logits, best.front())), rank == 0 ? "true" : "false", rank + 1);
  }
  const std::string& text() const { return text_; }

 private:
  const data::ClassifiedSplit& split_;
  fs::path root_;
  std::string text_;
};

/// All classes of a few, else the ten with the least accuracy; those without pictures are left out.
void print_classes(const metrics::ClassificationScores& scores, const transfer::ClassNames& classes) {
  constexpr size_t kAll = 50, kWorst = 10;
  std::vector<size_t> shown;
  for (size_t i = 0; i < scores.per_class_accuracy.size(); ++i) {
    if (!std::isnan(scores.per_class_accuracy[i])) shown.push_back(i);
  }
  if (shown.size() > kAll) {
    std::stable_sort(shown.begin(), shown.end(),
                     [&](size_t a, size_t b) { return scores.per_class_accuracy[a] < scores.per_class_accuracy[b]; });
    std::printf("the %zu classes with the least accuracy\n", kWorst);
    shown.resize(kWorst);
  }
  for (const size_t i : shown) std::printf("  %-28s %.4f\n", classes.names[i].c_str(), scores.per_class_accuracy[i]);
}

void print_scores(const metrics::ClassificationScores& scores, const transfer::LoadedClassifier& loaded,
                  const std::string& split) {
  std::printf("%s\n%lld pictures of %s\n", loaded.source.c_str(), static_cast<long long>(scores.images), split.c_str());
  std::printf("  top-1                        %.4f\n  top-5                        %.4f\n", scores.top1, scores.top5);
  std::printf("  loss                         %.4f\n  mean of the classes' top-1   %.4f\n", scores.loss,
              scores.mean_class_accuracy);
}

}  // namespace

void EvalClassifyOptions::describe(Fields& f) {
  f("weights", &weights, "a run of finetune classify (its best classifier) or .safetensors").flagged("weights");
  f("data", &data, "iNaturalist's JSON layout or class folders").flagged("data");
  f("split", &split, "which pictures").one_of({"val", "train"}).flagged("split");
  f("predictions", &predictions, "CSV file for every picture's prediction").flagged("predictions");
  f("confusion", &confusion, "PNG file for the confusion matrix").flagged("confusion");
  f("micro_batch", &micro_batch, "images a forward pass").between(1).flagged("micro-batch");
  describe_workers(f, workers, "threads that decode");
  describe_threads(f, threads);
  f("exif", &exif, "turn photographs upright as their EXIF orientation says").flagged("exif");
  describe_max_pixels(f, max_pixels);
  f("max_bad_share", &max_bad_share, "share of the files that may be unreadable")
      .between(0, 1)
      .flagged("max-bad-share");
  f("json", &json, "one JSON object on standard output").flagged("json");
}

void eval_classify(const EvalClassifyOptions& options) {
  if (options.weights.empty()) throw UsageError("--weights is missing: name a run of gtsa finetune classify");
  if (options.data.size() != 1) throw UsageError("--data: one folder of labelled pictures is wanted");
  prepare_arithmetic(options.threads);
  const transfer::LoadedClassifier loaded = transfer::load_classifier(options.weights);
  const std::string& root = options.data.front();
  const data::ClassifiedSplit split = data::read_classified(root, options.split);
  transfer::check_classes(loaded, transfer::classes_of(split), root);
  Predictions predictions(split, root);
  const auto ranks = dist::one_rank();
  const Clock clock = steady_clock();
  const double begin = clock();
  const transfer::Accuracy accuracy =
      transfer::measure_accuracy(loaded.classifier, data::labelled(split),
                                 {.batch = options.micro_batch,
                                  .workers = workers_of(options.workers),
                                  .max_bad_share = options.max_bad_share,
                                  .decode = {.max_pixels = options.max_pixels, .apply_exif = options.exif}},
                                 *ranks, [&](int64_t file, std::span<const float> logits) {
                                   if (!options.predictions.empty()) predictions.add(file, logits);
                                 });
  const double seconds = clock() - begin;
  for (const std::string& reason : accuracy.skipped) log::warning("left out {}", reason);
  if (!options.predictions.empty()) write_atomically(real_files(), options.predictions, predictions.text());
  if (!options.confusion.empty()) {
    image::write_png(real_files(), options.confusion, transfer::confusion_picture(accuracy.counts.confusion()));
  }
  if (options.json) {
    nlohmann::ordered_json json{{"weights", loaded.source}, {"data", root}, {"split", options.split}};
    json.update(transfer::to_json(accuracy, loaded.classes));
    json["images_per_second"] = static_cast<double>(accuracy.counts.scores().images) / seconds;
    print_json(json);
    return;
  }
  const metrics::ClassificationScores scores = accuracy.counts.scores();
  print_scores(scores, loaded, fmt::format("{} ({})", root, options.split));
  print_classes(scores, loaded.classes);
}

}  // namespace gtsa::app
