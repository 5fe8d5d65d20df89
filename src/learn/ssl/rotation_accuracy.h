#pragma once
// Can the student tell how views of photographs that it never saw are turned? Chance is 1/4.

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/data/multicrop_recipe.h"
#include "learn/ssl/gtsa_network.h"
#include "learn/train/task.h"

namespace gtsa::ssl {

struct RotationOptions {
  int64_t photos = 300;  ///< the first of the list; all if it is shorter
  uint64_t seed = 0;
};

/// [turn][answer]: views by their true turn and the student's answer, in quarter turns anticlockwise.
using RotationCounts = std::array<std::array<int64_t, 4>, 4>;

struct RotationResult {
  RotationCounts global{};           ///< global views
  RotationCounts local{};            ///< local views
  int64_t photos = 0;                ///< photographs that were read
  std::vector<std::string> skipped;  ///< and those that could not be, each with the reason
  /// Shares of right answers in [0, 1], 0 of no views.
  double accuracy() const;
  double accuracy_global() const;
  double accuracy_local() const;
};

/// Every view of every photograph, drawn as pretraining draws them (`samples`) but from the probe's seed, through the
/// student without drop path. A pure function of the files, the options and the network. Throws Error if no photograph
/// can be read.
RotationResult rotation_accuracy(const Student& student, const data::MultiCropOptions& samples,
                                 std::span<const std::filesystem::path> photos, const RotationOptions& options);

/// {"accuracy": .., "accuracy_global": .., "accuracy_local": .., "chance": 0.25, "confusion": [[4] of 4], "views": ..,
/// "photos": ..}; "skipped": a list, only if it is not empty.
nlohmann::ordered_json to_json(const RotationResult& result);

/// The same as an evaluator: figures probe_rotation_{accuracy,global,local}, artefact probe_rotation.json. The student
/// must outlive it.
std::unique_ptr<train::Evaluator> rotation_evaluator(const Student& student, data::MultiCropOptions samples,
                                                     std::vector<std::filesystem::path> photos,
                                                     RotationOptions options);

}  // namespace gtsa::ssl
