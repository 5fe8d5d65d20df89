#pragma once
// Whole-picture probes on a folder of pictures in classes (either layout of core/data/classified.h): the training split
// is the bank or what the layer learns from, the validation split is asked.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "learn/probe/features.h"
#include "learn/probe/knn.h"
#include "learn/probe/linear.h"
#include "learn/train/task.h"

namespace gtsa::probe {

/// What was probed, but for the scores.
struct ProbedClasses {
  std::vector<std::string> classes;
  int64_t training_pictures = 0;     ///< that could be read
  int64_t validation_pictures = 0;   ///< likewise
  std::vector<std::string> skipped;  ///< of both splits, each with the reason
};

struct KnnProbeOptions {
  KnnOptions knn;
  FeatureOptions features;
};

struct KnnResult {
  ProbedClasses probed;
  std::vector<KnnScore> scores;
  double temperature = 0;
};

/// A pure function of the files, the options and the network. A k beyond the bank is warned of. Throws Error for what
/// is no such folder, and if no picture of a split can be read.
KnnResult probe_knn(FileSystem& files, const Frozen& network, const std::filesystem::path& root,
                    const KnnProbeOptions& options);

/// {"knn": {"10": {"top1": .., "top5": ..}, ..}, "temperature": .., "classes": number, "training_pictures": ..,
/// "validation_pictures": ..}; "skipped": a list, only if it is not empty.
nlohmann::ordered_json to_json(const KnnResult& result);

/// The probe as an evaluator, run by the first rank alone: figures probe_knn10_top1 and so on, artefact probe_knn.json.
/// Features of a network in training are not kept: leave the cache empty.
std::unique_ptr<train::Evaluator> knn_evaluator(FrozenProvider network, std::filesystem::path root,
                                                KnnProbeOptions options);

struct LinearProbeOptions {
  LinearOptions linear;
  FeatureOptions features;  ///< of validation; its cache and sizes serve for training, too
  /// The views that training draws; its side is the network's own unless set.
  data::ClassifyOptions views{.input_size = 0, .decode = {.apply_exif = true}};
  /// Views of a training picture: epoch e sees number e modulo this. 0: a view of its own each epoch, which is not
  /// kept; kNoDraws: the centre, as in validation.
  int64_t draws = 8;
};
inline constexpr int64_t kNoDraws = -1;

struct LinearProbeResult {
  ProbedClasses probed;
  LinearResult linear;
};

/// As probe_knn(). `after` is told each epoch's figures.
LinearProbeResult probe_linear(FileSystem& files, const Frozen& network, const std::filesystem::path& root,
                               const LinearProbeOptions& options,
                               const std::function<void(const LinearEpoch&)>& after = {});

/// {"best": {"epoch", "loss", "lr", "top1", "top5"}, "last": {..}, "epochs": [..], "classes": number,
/// "training_pictures": .., "validation_pictures": ..}; epochs count from 1; "skipped" as above.
nlohmann::ordered_json to_json(const LinearProbeResult& result);

}  // namespace gtsa::probe
