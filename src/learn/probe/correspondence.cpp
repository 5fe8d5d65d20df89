#include "learn/probe/correspondence.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"

namespace gtsa::probe {
namespace {

namespace fs = std::filesystem;

/// Photographs whose views are in memory at a time.
constexpr int64_t kChunk = 32;

/// Two views of some photographs.
struct Pairs {
  at::Tensor first, second;  ///< F32 [n, 3, S, S]
  std::vector<PairPlan> plans;
  std::vector<std::string> failures;  ///< empty: the photograph was read
};

/// What is counted. Doubles, so that ranks can add them up; counts stay exact.
struct Tally {
  double encoder_hits = 0;
  double projector_hits = 0;
  double possible_hits = 0;  ///< sum over patches of the share of matches that would be hits
  double patches = 0;
  double photos = 0;
};

Pairs read_pairs(std::span<const fs::path> photos, int64_t pair, int64_t first_index, const data::ViewOptions& views,
                 const CorrespondenceOptions& options) {
  const auto n = static_cast<int64_t>(photos.size());
  const int64_t side = views.crop_sizes[0];
  const auto values = static_cast<size_t>(3 * side * side);
  Pairs pairs{at::zeros({n, 3, side, side}), at::zeros({n, 3, side, side}), {}, {}};
  pairs.plans.resize(photos.size());
  pairs.failures.resize(photos.size());
  float* const first = pairs.first.data_ptr<float>();
  float* const second = pairs.second.data_ptr<float>();
  parallel_for(n, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto at = static_cast<size_t>(i);
      try {
        const image::Image photo = image::read_image(photos[at], options.decode);
        pairs.plans[at] = plan_pair(photo.size(), views, options.seed, pair, first_index + i);
        data::execute_into(photo, pairs.plans[at][0], {first + at * values, values});
        data::execute_into(photo, pairs.plans[at][1], {second + at * values, values});
      } catch (const Error& error) {
        pairs.failures[at] = error.what();
      }
    }
  });
  return pairs;
}

/// How many of `count` cells along one axis have their centre within one cell of `place`.
int64_t cells_near(double place, int64_t count, double cell) {
  int64_t near = 0;
  for (int64_t i = 0; i < count; ++i) near += std::abs((static_cast<double>(i) + 0.5) * cell - place) <= cell;
  return near;
}

/// Counts one photograph. `by_projector` may be null.
void count_photo(const PairPlan& plans, const int64_t* by_encoder, const int64_t* by_projector, int64_t grid,
                 double cell, Tally& tally) {
  const auto side = static_cast<double>(plans[1].side);
  for (int64_t patch = 0; patch < grid * grid; ++patch) {
    const Point place = to_view(to_photo(centre_of(patch, grid, cell), plans[0]), plans[1]);
    if (!lies_inside(place, side)) continue;
    tally.patches += 1;
    tally.possible_hits += static_cast<double>(cells_near(place.x, grid, cell) * cells_near(place.y, grid, cell)) /
                           static_cast<double>(grid * grid);
    tally.encoder_hits += is_hit(centre_of(by_encoder[patch], grid, cell), place, cell);
    if (by_projector != nullptr)
      tally.projector_hits += is_hit(centre_of(by_projector[patch], grid, cell), place, cell);
  }
}

void count_chunk(const Frozen& network, const Pairs& pairs, Tally& tally) {
  const int64_t side = pairs.first.size(3), grid = side / network.patch_size, patches = grid * grid;
  const at::Tensor first = network.encode(pairs.first), second = network.encode(pairs.second);
  GTSA_CHECK(first.size(1) == patches, "{} features of views of {} patches", first.size(1), patches);
  const at::Tensor by_encoder = best_matches(first, second);
  at::Tensor by_projector;
  if (network.project)
    by_projector = best_matches(network.project(first, {grid, grid}), network.project(second, {grid, grid}));
  for (size_t i = 0; i < pairs.plans.size(); ++i) {
    if (!pairs.failures[i].empty()) continue;
    const auto offset = static_cast<int64_t>(i) * patches;
    count_photo(pairs.plans[i], by_encoder.data_ptr<int64_t>() + offset,
                by_projector.defined() ? by_projector.data_ptr<int64_t>() + offset : nullptr, grid,
                static_cast<double>(network.patch_size), tally);
  }
}

CorrespondenceResult result_of(const Tally& tally, bool with_projector, std::vector<std::string> skipped) {
  if (tally.photos == 0) {
    throw Error("no photograph of the correspondence probe can be read: {}",
                skipped.empty() ? "the list is empty" : skipped.front());
  }
  if (tally.patches == 0) {
    throw Error(
        "the {} photographs of the correspondence probe have no patch in both of their views; probe more of them",
        tally.photos);
  }
  CorrespondenceResult result;
  result.encoder = tally.encoder_hits / tally.patches;
  if (with_projector) result.projector = tally.projector_hits / tally.patches;
  result.chance = tally.possible_hits / tally.patches;
  result.patches = static_cast<int64_t>(tally.patches);
  result.photos = static_cast<int64_t>(tally.photos);
  result.skipped = std::move(skipped);
  return result;
}

/// Counts chunks rank, rank + ranks, ...: a photograph's views depend on its place in the list alone.
Tally count(const Frozen& network, std::span<const fs::path> photos, const CorrespondenceOptions& options, int64_t rank,
            int64_t ranks, std::vector<std::string>& skipped) {
  if (options.photos < 1 || options.pairs < 1) {
    throw UsageError("the correspondence probe needs at least 1 photograph and 1 pair of views, not {} and {}",
                     options.photos, options.pairs);
  }
  const at::NoGradGuard no_grad;
  const data::ViewOptions views = views_of_pairs(options.views, network.image_size);
  const auto n = std::min(options.photos, static_cast<int64_t>(photos.size()));
  Tally tally;
  for (int64_t begin = rank * kChunk; begin < n; begin += ranks * kChunk) {
    const auto chunk = photos.subspan(static_cast<size_t>(begin), static_cast<size_t>(std::min(kChunk, n - begin)));
    for (int64_t pair = 0; pair < options.pairs; ++pair) {
      const Pairs pairs = read_pairs(chunk, pair, begin, views, options);
      count_chunk(network, pairs, tally);
      if (pair > 0) continue;
      for (const std::string& failure : pairs.failures) {
        if (failure.empty()) tally.photos += 1;
        if (!failure.empty()) skipped.push_back(failure);
      }
    }
  }
  return tally;
}

class CorrespondenceEvaluator final : public train::Evaluator {
 public:
  CorrespondenceEvaluator(FrozenProvider network, std::vector<fs::path> photos, CorrespondenceOptions options)
      : network_(std::move(network)), photos_(std::move(photos)), options_(std::move(options)) {}

  std::string name() const override { return "correspondence"; }

  std::vector<train::Figure> evaluate(const train::Occasion& occasion) override {
    auto& [ranks, run, step] = occasion;
    const Frozen network = network_();
    std::vector<std::string> skipped;
    Tally tally = count(network, photos_, options_, ranks.rank(), ranks.size(), skipped);
    std::array<double, 5> sums{tally.encoder_hits, tally.projector_hits, tally.possible_hits, tally.patches,
                               tally.photos};
    ranks.sum(sums);
    tally = {sums[0], sums[1], sums[2], sums[3], sums[4]};
    for (const std::string& failure : skipped)
      log::warning("correspondence probe leaves out a photograph: {}", failure);
    const CorrespondenceResult result = result_of(tally, bool{network.project}, std::move(skipped));
    std::vector<train::Figure> figures{{"probe_correspondence_encoder", result.encoder}};
    if (result.projector) figures.push_back({"probe_correspondence_projector", *result.projector});
    figures.push_back({"probe_correspondence_chance", result.chance});
    if (run != nullptr && ranks.rank() == 0) run->write_artefact("probe_correspondence.json", to_json(result));
    return figures;
  }

 private:
  FrozenProvider network_;
  std::vector<fs::path> photos_;
  CorrespondenceOptions options_;
};

}  // namespace

CorrespondenceResult probe_correspondence(const Frozen& network, std::span<const fs::path> photos,
                                          const CorrespondenceOptions& options) {
  std::vector<std::string> skipped;
  const Tally tally = count(network, photos, options, 0, 1, skipped);
  return result_of(tally, bool{network.project}, std::move(skipped));
}

nlohmann::ordered_json to_json(const CorrespondenceResult& result) {
  nlohmann::ordered_json json{{"encoder", {{"within_one_cell", result.encoder}}}};
  if (result.projector) json["projector"] = {{"within_one_cell", *result.projector}};
  json["chance"] = result.chance;
  json["patches"] = result.patches;
  json["photos"] = result.photos;
  if (!result.skipped.empty()) json["skipped"] = result.skipped;
  return json;
}

std::unique_ptr<train::Evaluator> correspondence_evaluator(FrozenProvider network, std::vector<fs::path> photos,
                                                           CorrespondenceOptions options) {
  return std::make_unique<CorrespondenceEvaluator>(std::move(network), std::move(photos), std::move(options));
}

}  // namespace gtsa::probe
