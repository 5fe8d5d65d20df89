#include "learn/probe/class_probes.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/classified.h"

namespace gtsa::probe {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

LabelledFeatures with_labels(const Features& features, const std::vector<int64_t>& labels) {
  LabelledFeatures result{features.values, {}};
  for (const int64_t file : features.files) result.labels.push_back(labels[static_cast<size_t>(file)]);
  return result;
}

/// Notes what became of a split, and warns of pictures that are left out.
int64_t note(const Features& features, ProbedClasses& probed) {
  warn_of_skipped(features);
  probed.skipped.insert(probed.skipped.end(), features.skipped.begin(), features.skipped.end());
  return std::ssize(features.files);
}

void put_probed(ordered_json& json, const ProbedClasses& probed) {
  json["classes"] = probed.classes.size();
  json["training_pictures"] = probed.training_pictures;
  json["validation_pictures"] = probed.validation_pictures;
  if (!probed.skipped.empty()) json["skipped"] = probed.skipped;
}

class KnnEvaluator final : public train::Evaluator {
 public:
  KnnEvaluator(FrozenProvider network, fs::path root, KnnProbeOptions options)
      : network_(std::move(network)), root_(std::move(root)), options_(std::move(options)) {}

  std::string name() const override { return "knn"; }

  std::vector<train::Figure> evaluate(const train::Occasion& occasion) override {
    if (occasion.ranks.rank() != 0) return {};
    const KnnResult result = probe_knn(real_files(), network_(), root_, options_);
    std::vector<train::Figure> figures;
    for (const KnnScore& score : result.scores)
      figures.push_back({fmt::format("probe_knn{}_top1", score.k), score.top1});
    if (occasion.run != nullptr) occasion.run->write_artefact("probe_knn.json", to_json(result));
    return figures;
  }

 private:
  FrozenProvider network_;
  fs::path root_;
  KnnProbeOptions options_;
};

/// What each epoch trains on.
class TrainingFeatures {
 public:
  TrainingFeatures(FileSystem& files, const Frozen& network, const data::LabelledPhotographs& pictures,
                   const LinearProbeOptions& options, ProbedClasses& probed)
      : files_(files), network_(network), pictures_(pictures), options_(options), probed_(probed) {}

  const LabelledFeatures& of_epoch(int64_t epoch) {
    const int64_t draws = options_.draws;
    const int64_t draw = draws == kNoDraws ? 0 : draws == 0 ? epoch : epoch % draws;
    if (draws == 0) kept_.clear();
    const auto place = static_cast<size_t>(draws == 0 ? 0 : draw);
    if (place == kept_.size()) kept_.push_back(make(draw));
    return kept_[place];
  }

 private:
  LabelledFeatures make(int64_t draw) const {
    FeatureOptions chosen = options_.features;
    if (options_.draws != kNoDraws) {
      chosen.views = options_.views;
      chosen.draw = static_cast<uint64_t>(draw);
    }
    if (options_.draws == 0) chosen.cache.reset();
    const Features features = extract_features(files_, network_, pictures_.photographs, chosen);
    // Each draw meets the same bad pictures.
    if (draw == 0) probed_.training_pictures = note(features, probed_);
    return with_labels(features, pictures_.labels);
  }

  FileSystem& files_;
  const Frozen& network_;
  const data::LabelledPhotographs& pictures_;
  const LinearProbeOptions& options_;
  ProbedClasses& probed_;
  std::vector<LabelledFeatures> kept_;
};

ordered_json to_json(const LinearEpoch& epoch) {
  return {
      {"epoch", epoch.epoch + 1}, {"loss", epoch.loss}, {"lr", epoch.lr}, {"top1", epoch.top1}, {"top5", epoch.top5}};
}

}  // namespace

KnnResult probe_knn(FileSystem& files, const Frozen& network, const fs::path& root, const KnnProbeOptions& options) {
  options.knn.check();
  const data::ClassifiedSplits splits = data::read_classified(root);
  const data::LabelledPhotographs train = data::labelled(splits.train), val = data::labelled(splits.val);
  KnnResult result{.probed = {.classes = splits.train.classes}, .scores = {}, .temperature = options.knn.temperature};
  const Features bank = extract_features(files, network, train.photographs, options.features);
  result.probed.training_pictures = note(bank, result.probed);
  const Features asked = extract_features(files, network, val.photographs, options.features);
  result.probed.validation_pictures = note(asked, result.probed);
  for (const int64_t k : options.knn.ks) {
    if (k > result.probed.training_pictures) {
      log::warning("k = {}: the bank has {} pictures, all of them vote", k, result.probed.training_pictures);
    }
  }
  result.scores = score_knn(unit_rows(bank.values), with_labels(bank, train.labels).labels, unit_rows(asked.values),
                            with_labels(asked, val.labels).labels, options.knn);
  return result;
}

ordered_json to_json(const KnnResult& result) {
  ordered_json json;
  for (const KnnScore& score : result.scores) {
    json["knn"][std::to_string(score.k)] = {{"top1", score.top1}, {"top5", score.top5}};
  }
  json["temperature"] = result.temperature;
  put_probed(json, result.probed);
  return json;
}

std::unique_ptr<train::Evaluator> knn_evaluator(FrozenProvider network, fs::path root, KnnProbeOptions options) {
  return std::make_unique<KnnEvaluator>(std::move(network), std::move(root), std::move(options));
}

LinearProbeResult probe_linear(FileSystem& files, const Frozen& network, const fs::path& root,
                               const LinearProbeOptions& options,
                               const std::function<void(const LinearEpoch&)>& after) {
  options.linear.check();
  const data::ClassifiedSplits splits = data::read_classified(root);
  const data::LabelledPhotographs train = data::labelled(splits.train), val = data::labelled(splits.val);
  LinearProbeResult result{.probed = {.classes = splits.train.classes}, .linear = {}};
  const Features asked = extract_features(files, network, val.photographs, options.features);
  result.probed.validation_pictures = note(asked, result.probed);
  TrainingFeatures training(files, network, train, options, result.probed);
  result.linear = train_linear([&](int64_t epoch) -> const LabelledFeatures& { return training.of_epoch(epoch); },
                               with_labels(asked, val.labels), std::ssize(splits.train.classes), options.linear, after);
  return result;
}

ordered_json to_json(const LinearProbeResult& result) {
  ordered_json json{{"best", to_json(result.linear.best())}, {"last", to_json(result.linear.last())}};
  for (const LinearEpoch& epoch : result.linear.epochs) json["epochs"].push_back(to_json(epoch));
  put_probed(json, result.probed);
  return json;
}

}  // namespace gtsa::probe
