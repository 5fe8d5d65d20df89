#include "program/app/eval_segment.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/ade20k.h"
#include "core/image/encode.h"
#include "learn/dist/communicator.h"
#include "learn/transfer/confusion_picture.h"
#include "learn/transfer/segment_scores.h"
#include "program/app/common_options.h"
#include "program/app/machine.h"
#include "program/app/print_json.h"
#include "program/app/progress_line.h"

namespace gtsa::app {
namespace {

/// Classes that gave a score: all of a few or if asked for, else the ten with the least IoU.
void print_classes(const metrics::SegmentationScores& scores, const std::vector<std::string>& names, bool all) {
  constexpr size_t kFew = 50, kWorst = 10;
  std::vector<size_t> shown;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!std::isnan(scores.per_class_iou[i])) shown.push_back(i);
  }
  if (!all && shown.size() > kFew) {
    std::stable_sort(shown.begin(), shown.end(),
                     [&](size_t a, size_t b) { return scores.per_class_iou[a] < scores.per_class_iou[b]; });
    shown.resize(kWorst);
    std::printf("the %zu classes with the least IoU (--per-class shows all)\n", kWorst);
  }
  std::printf("  %-30s%-8s%s\n", "class", "IoU", "accuracy");
  for (const size_t i : shown) {
    const double accuracy = scores.per_class_accuracy[i];
    std::printf("  %-30s%-8.4f%s\n", names[i].c_str(), scores.per_class_iou[i],
                std::isnan(accuracy) ? "not labelled" : fmt::format("{:.4f}", accuracy).c_str());
  }
}

/// Names "0", "1", ...: those of weights that say nothing of their classes, as mmsegmentation's.
bool are_numbers(const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] != std::to_string(i)) return false;
  }
  return true;
}

/// Fills in what the weights do not say of their classes. Throws Error unless the data's classes are the weights'.
void agree_on_classes(transfer::LoadedSegmenter& loaded, const std::vector<std::string>& names,
                      const EvalSegmentOptions& options) {
  if (are_numbers(loaded.classes.names) && names.size() == loaded.classes.names.size()) loaded.classes.names = names;
  transfer::SegmentClasses of_data = loaded.classes;
  of_data.names = names;
  if (options.reduce_zero != "auto") of_data.reduce_zero = options.reduce_zero == "yes";
  if (!loaded.says_reduce_zero) loaded.classes.reduce_zero = of_data.reduce_zero;
  transfer::check_classes(loaded, of_data, options.data.front());
}

nlohmann::ordered_json json_of(const transfer::SegmentScores& measured, const transfer::LoadedSegmenter& loaded,
                               const EvalSegmentOptions& options, double seconds) {
  nlohmann::ordered_json json{{"weights", loaded.source}, {"data", options.data.front()}, {"split", options.split}};
  json.update(transfer::to_json(measured, loaded.classes));
  json.erase("palette");
  nlohmann::ordered_json by_name = nlohmann::ordered_json::object();
  for (size_t i = 0; i < loaded.classes.names.size(); ++i) by_name[loaded.classes.names[i]] = json["per_class_iou"][i];
  json["iou_by_class"] = std::move(by_name);
  json["seconds"] = seconds;
  json["images_per_second"] = static_cast<double>(measured.pictures) / seconds;
  json["network_share"] = measured.network_share;
  return json;
}

}  // namespace

void EvalSegmentOptions::describe(Fields& f) {
  f("weights", &weights, "a run of finetune segment (its best segmenter) or .safetensors").flagged("weights");
  f("data", &data, "a folder in ADE20K's layout").flagged("data");
  f("split", &split, "which photographs").one_of({"validation", "training"}).flagged("split");
  f("reduce_zero", &reduce_zero, "label 0 means nothing and label k the k-th class; else label 0 is the first")
      .one_of({"auto", "yes", "no"})
      .flagged("reduce-zero")
      .meaning("auto = as the weights say, yes if they say nothing");
  look.describe(f);
  f("confusion", &confusion, "PNG file for the confusion matrix").flagged("confusion");
  f("per_class", &per_class, "every class, however many").flagged("per-class");
  describe_workers(f, workers, "threads that decode, and as many that finish");
  describe_threads(f, threads);
  describe_max_pixels(f, max_pixels);
  f("max_bad_share", &max_bad_share, "share of the files that may be unusable").between(0, 1).flagged("max-bad-share");
  f("json", &json, "one JSON object on standard output").flagged("json");
}

void eval_segment(const EvalSegmentOptions& options) {
  if (options.weights.empty()) throw UsageError("--weights is missing: name a run of gtsa finetune segment");
  if (options.data.size() != 1) throw UsageError("--data: one folder in ADE20K's layout is wanted");
  prepare_arithmetic(options.threads);
  transfer::LoadedSegmenter loaded = transfer::load_segmenter(options.weights);
  const std::string& root = options.data.front();
  const data::Ade20kSplit split = data::read_ade20k(root, options.split);
  agree_on_classes(loaded, split.classes, options);
  const auto ranks = dist::one_rank();
  const Clock clock = steady_clock();
  const double begin = clock();
  ProgressLine progress("segmented", "photographs", clock);
  const transfer::SegmentScores measured =
      transfer::measure_segmentation(loaded.segmenter, loaded.classes, split.files,
                                     {.inference = options.look.inference(loaded),
                                      .workers = workers_of(options.workers),
                                      .max_bad_share = options.max_bad_share,
                                      .decode = {.max_pixels = options.max_pixels, .apply_exif = false},
                                      .progress = [&](int64_t done, int64_t all) { progress(done, all); }},
                                     *ranks);
  const double seconds = clock() - begin;
  for (const std::string& reason : measured.skipped) log::warning("left out {}", reason);
  if (!options.confusion.empty()) {
    image::write_png(real_files(), options.confusion, transfer::confusion_picture(measured.confusion));
  }
  if (options.json) {
    print_json(json_of(measured, loaded, options, seconds));
    return;
  }
  const metrics::SegmentationScores scores = measured.confusion.scores();
  std::printf("%s\n%lld pictures of %s (%s), %.1f seconds\n", loaded.source.c_str(),
              static_cast<long long>(measured.pictures), root.c_str(), options.split.c_str(), seconds);
  const auto line = [](const char* name, double value) { std::printf("  %-30s%.4f\n", name, value); };
  line("mIoU", scores.miou);
  line("mean of the classes' accuracy", scores.mean_accuracy);
  line("pixels right", scores.pixel_accuracy);
  print_classes(scores, loaded.classes.names, options.per_class);
}

}  // namespace gtsa::app
