#include "learn/transfer/segment_scores.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <utility>

#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/image/bilinear.h"
#include "core/image/encode.h"
#include "learn/transfer/score_json.h"
#include "learn/transfer/segment_pictures.h"

namespace gtsa::transfer {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int64_t kEvaluatorSamples = 4;

/// Adds what every rank counted; all get the sums, and learn whether one of them was stopped. Returns how many
/// photographs all of them left out.
int64_t sum_over_ranks(SegmentScores& scores, dist::Communicator& ranks) {
  const int64_t skipped = std::ssize(scores.skipped);
  if (ranks.size() == 1) return skipped;
  const int64_t classes = scores.confusion.classes();
  std::vector<double> sums(scores.confusion.counts().begin(), scores.confusion.counts().end());
  sums.insert(sums.end(),
              {static_cast<double>(scores.pictures), scores.stopped ? 1.0 : 0.0, static_cast<double>(skipped)});
  ranks.sum(sums);  // exact: counts are far below 2^53
  const double* totals = sums.data() + classes * classes;
  scores.pictures = static_cast<int64_t>(totals[0]);
  scores.stopped = totals[1] > 0;
  scores.confusion = metrics::ConfusionMatrix(classes);
  for (int64_t i = 0; i < classes * classes; ++i) {
    scores.confusion.add(i / classes, i % classes, static_cast<int64_t>(sums[static_cast<size_t>(i)]));
  }
  return static_cast<int64_t>(totals[2]);
}

/// Numbers of the photographs to be shown: evenly from the first rank's share.
std::set<int64_t> sample_files(int64_t files, int64_t samples, int64_t ranks) {
  const int64_t share = (files + ranks - 1) / ranks;
  std::set<int64_t> chosen;
  for (int64_t k = 0; k < std::min(samples, share); ++k) chosen.insert(k * share / std::min(samples, share) * ranks);
  return chosen;
}

SegmentSample sample_of(const SegmentedPhoto& photo, const data::LabelRule& rule, std::span<const Colour> palette) {
  constexpr int64_t kLongest = 480;
  constexpr int kQuality = 88;
  const image::LabelMap& labels = photo.read.labels;
  SegmentSample sample{.size = shown_size(photo.size, kLongest)};
  const image::Image shown = image::resized_bilinear(photo.read.photo, sample.size);
  const auto truth = data::classes_of(image::resized_floor(labels, sample.size), rule);
  const image::LabelMap prediction = image::resized_floor(photo.classes, sample.size);
  sample.photo = image::encode_jpeg(shown, kQuality);
  sample.truth = image::encode_jpeg(overlay(shown, truth, palette), kQuality);
  sample.prediction = image::encode_jpeg(overlay(shown, prediction, palette), kQuality);
  std::vector<int64_t> pixels(static_cast<size_t>(rule.classes));
  for (const int32_t number : truth) {
    if (number != data::kIgnored) ++pixels[static_cast<size_t>(number)];
  }
  for (const uint16_t number : prediction.values) ++pixels[number];
  for (int64_t c = 0; c < rule.classes; ++c) {
    if (pixels[static_cast<size_t>(c)] > 0) sample.classes.push_back(c);
  }
  std::stable_sort(sample.classes.begin(), sample.classes.end(), [&](int64_t a, int64_t b) {
    return pixels[static_cast<size_t>(a)] > pixels[static_cast<size_t>(b)];
  });
  metrics::ConfusionMatrix confusion(rule.classes);
  confusion.add(data::classes_of(labels, rule), photo.classes.values, data::kIgnored);
  sample.miou = confusion.scores().miou;
  return sample;
}

/// Writes the samples' pictures into the run and returns what segmentation.json says of them.
Json write_samples(std::span<const SegmentSample> samples, run::Run& run) {
  Json shown = Json::array();
  for (size_t i = 0; i < samples.size(); ++i) {
    const SegmentSample& sample = samples[i];
    Json json;
    const auto save = [&](const char* key, const char* ending, const std::vector<std::byte>& jpeg) {
      const std::string name = fmt::format("segmentation/{}{}.jpg", i, ending);
      const std::span<const std::byte> bytes(jpeg);
      write_atomically(real_files(), run.artefact_path(name), {&bytes, 1});
      json[key] = name;
    };
    save("picture", "", sample.photo);
    save("truth", "-truth", sample.truth);
    save("prediction", "-prediction", sample.prediction);
    json.update({{"width", sample.size.width},
                 {"height", sample.size.height},
                 {"classes", sample.classes},
                 {"miou", number_or_null(sample.miou)}});
    shown.push_back(std::move(json));
  }
  return shown;
}

class SegmentationEvaluator final : public train::Evaluator {
 public:
  SegmentationEvaluator(const Segmenter& segmenter, SegmentClasses classes, std::vector<data::LabelledFile> files,
                        SegmentScoreOptions options)
      : segmenter_(segmenter), classes_(std::move(classes)), files_(std::move(files)), options_(std::move(options)) {
    options_.samples = kEvaluatorSamples;
    options_.stop = StopSignals::requested;
  }

  std::string name() const override { return "segmentation"; }

  std::vector<train::Figure> evaluate(const train::Occasion& occasion) override {
    auto& [ranks, run, step] = occasion;
    const SegmentScores measured = measure_segmentation(segmenter_, classes_, files_, options_, ranks);
    if (measured.stopped) return {};
    for (const std::string& reason : measured.skipped) log::warning("the evaluation leaves out {}", reason);
    const metrics::SegmentationScores scores = measured.confusion.scores();
    if (run != nullptr && ranks.rank() == 0) {
      Json json = to_json(measured, classes_);
      json["step"] = step;
      json["confusion"] = confusion_json(measured.confusion);
      json["samples"] = write_samples(measured.samples, *run);
      run->write_artefact("segmentation.json", json);
    }
    return {{"eval_miou", scores.miou},
            {"eval_mean_accuracy", scores.mean_accuracy},
            {"eval_pixel_accuracy", scores.pixel_accuracy}};
  }

 private:
  const Segmenter& segmenter_;
  SegmentClasses classes_;
  std::vector<data::LabelledFile> files_;
  SegmentScoreOptions options_;
};

}  // namespace

SegmentScores measure_segmentation(const Segmenter& segmenter, const SegmentClasses& classes,
                                   const std::vector<data::LabelledFile>& files, const SegmentScoreOptions& options,
                                   dist::Communicator& ranks) {
  const data::LabelRule rule{classes.size(), classes.reduce_zero};
  const std::vector<Colour> palette = palette_of(classes);
  const std::set<int64_t> shown = sample_files(std::ssize(files), options.samples, ranks.size());
  SegmentScores scores{.confusion = metrics::ConfusionMatrix(rule.classes)};
  std::mutex counting;
  int64_t told = 0;
  const auto read = [&](int64_t file) {
    const auto& [image, annotation] = files[static_cast<size_t>(file)];
    return data::read_labelled(image, annotation, rule, options.decode);
  };
  const auto finish = [&](SegmentedPhoto&& photo) -> std::function<void()> {
    const std::vector<int32_t> truth = data::classes_of(photo.read.labels, rule);
    {
      const std::lock_guard lock(counting);
      scores.confusion.add(truth, photo.classes.values, data::kIgnored);
      ++scores.pictures;
    }
    std::vector<SegmentSample> samples;
    if (shown.contains(photo.file)) samples.push_back(sample_of(photo, rule, palette));
    return [&, samples = std::move(samples)] {
      scores.samples.insert(scores.samples.end(), samples.begin(), samples.end());
      if (options.progress) options.progress(++told, std::ssize(files));
    };
  };
  const SegmentStreamResult done = for_each_segmented(segmenter, std::ssize(files), read,
                                                      {.inference = options.inference,
                                                       .workers = options.workers,
                                                       .max_bad_share = options.max_bad_share,
                                                       .keep_pixels = options.samples > 0,
                                                       .stop = options.stop},
                                                      ranks, finish);
  scores.skipped = done.skipped;
  scores.network_share = done.network_share;
  scores.stopped = done.stopped;
  const int64_t skipped = sum_over_ranks(scores, ranks);
  if (!scores.stopped) check_bad_files(skipped, std::ssize(files), options.max_bad_share, scores.skipped);
  return scores;
}

nlohmann::ordered_json to_json(const SegmentScores& measured, const SegmentClasses& classes) {
  const metrics::SegmentationScores scores = measured.confusion.scores();
  const auto list = [](const std::vector<double>& values) {
    Json numbers = Json::array();
    for (const double value : values) numbers.push_back(number_or_null(value));
    return numbers;
  };
  Json json{{"miou", number_or_null(scores.miou)},
            {"mean_accuracy", number_or_null(scores.mean_accuracy)},
            {"pixel_accuracy", number_or_null(scores.pixel_accuracy)},
            {"per_class_iou", list(scores.per_class_iou)},
            {"per_class_accuracy", list(scores.per_class_accuracy)},
            {"classes", classes.names},
            {"palette", palette_of(classes)},
            {"pictures", measured.pictures}};
  if (!measured.skipped.empty()) json["skipped"] = measured.skipped;
  return json;
}

std::unique_ptr<train::Evaluator> segmentation_evaluator(const Segmenter& segmenter, SegmentClasses classes,
                                                         std::vector<data::LabelledFile> files,
                                                         SegmentScoreOptions options) {
  return std::make_unique<SegmentationEvaluator>(segmenter, std::move(classes), std::move(files), std::move(options));
}

}  // namespace gtsa::transfer
