#pragma once
// Do features know which place of the photograph they stand for? Two views of a photograph are taken as in pretraining;
// a patch of the first is matched with the most similar patch of the second, and the match is a hit if it lies where
// the geometry says.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/data/view_plan.h"
#include "core/image/decode.h"
#include "learn/probe/frozen.h"
#include "learn/probe/matching.h"
#include "learn/train/task.h"

namespace gtsa::probe {

struct CorrespondenceOptions {
  int64_t photos = 300;  ///< the first of the list; all if it is shorter
  /// Pairs of views a photograph, all counted together. One pair of 300 photographs leaves a deviation of 0.02 in the
  /// projector's share (a quarter of the pairs is turned alike, and those are the easy ones); five leave 0.01.
  int64_t pairs = 5;
  uint64_t seed = 0;
  /// How views are drawn; sizes and numbers are set to two global views of the network's image size.
  data::ViewOptions views;
  image::DecodeOptions decode;
};

/// Shares in [0, 1].
struct CorrespondenceResult {
  double encoder = 0;               ///< hits by the encoder's features
  std::optional<double> projector;  ///< hits by the projector's, if there is one
  double chance = 0;    ///< hits by a random match: mean share of the second view's patches that would be one
  int64_t patches = 0;  ///< patches of first views whose centre lies inside the second
  int64_t photos = 0;   ///< photographs that were read
  std::vector<std::string> skipped;  ///< and those that could not be, each with the reason
};

/// Matches by cosine similarity (ties: the lowest index); a hit has its centre within one patch side of the right place
/// in x and in y. Photographs are read and views made on the team of threads. A pure function of the files, the options
/// and the network. Throws Error if no photograph can be read or no patch is in both views.
CorrespondenceResult probe_correspondence(const Frozen& network, std::span<const std::filesystem::path> photos,
                                          const CorrespondenceOptions& options);

/// {"encoder": {"within_one_cell": ..}, "projector": {"within_one_cell": ..}, "chance": .., "patches": .., "photos":
/// ..}; "projector" only if there is one; "skipped": a list, only if it is not empty.
nlohmann::ordered_json to_json(const CorrespondenceResult& result);

/// The probe as an evaluator: figures probe_correspondence_{encoder,projector,chance}, artefact
/// probe_correspondence.json.
std::unique_ptr<train::Evaluator> correspondence_evaluator(FrozenProvider network,
                                                           std::vector<std::filesystem::path> photos,
                                                           CorrespondenceOptions options);

}  // namespace gtsa::probe
