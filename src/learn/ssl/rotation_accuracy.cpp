#include "learn/ssl/rotation_accuracy.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/data/view_plan.h"
#include "core/image/decode.h"

namespace gtsa::ssl {
namespace {

namespace fs = std::filesystem;

/// Photographs whose views are in memory at a time.
constexpr int64_t kChunk = 16;

/// The views of some photographs, photograph by photograph: a photograph's place in `views[kind]` is index * count.
struct Chunk {
  std::array<at::Tensor, 2> views;  ///< F32 [n * count, 3, side, side] of global and local views
  std::array<std::vector<Turn>, 2> turns;
  std::vector<std::string> failures;  ///< empty: the photograph was read
};

Chunk read_chunk(std::span<const fs::path> photos, int64_t first_index, const data::MultiCropOptions& samples,
                 uint64_t seed) {
  const data::ViewOptions& options = samples.views;
  const auto n = static_cast<int64_t>(photos.size());
  const size_t kinds = options.crop_sizes.size();
  Chunk chunk;
  chunk.failures.resize(photos.size());
  for (size_t kind = 0; kind < kinds; ++kind) {
    const int64_t side = options.crop_sizes[kind], views = n * options.num_crops[kind];
    chunk.views[kind] = at::zeros({views, 3, side, side});
    chunk.turns[kind].resize(static_cast<size_t>(views));
  }
  const auto make_views = [&](int64_t i) {
    const image::Image photo = image::read_image(photos[static_cast<size_t>(i)], samples.decode);
    const uint64_t drawn = data::probe_seed(seed, 0, static_cast<uint64_t>(first_index + i));
    const data::MultiCropPlan plan = data::plan_views(photo.size(), options, drawn, 0, 0);
    for (int64_t v = 0; v < options.views(); ++v) {
      const size_t kind = options.kind_of(v);
      const int64_t place = i * options.num_crops[kind] + v - (kind == 0 ? 0 : options.num_crops[0]);
      const data::ViewPlan& view = plan.views[static_cast<size_t>(v)];
      const auto values = static_cast<size_t>(3 * view.side * view.side);
      data::execute_into(photo, view,
                         {chunk.views[kind].data_ptr<float>() + static_cast<size_t>(place) * values, values});
      chunk.turns[kind][static_cast<size_t>(place)] = view.turn;
    }
  };
  parallel_for(n, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      try {
        make_views(i);
      } catch (const Error& error) {
        chunk.failures[static_cast<size_t>(i)] = error.what();
      }
    }
  });
  return chunk;
}

void count_chunk(const Student& student, const Chunk& chunk, RotationResult& result) {
  for (size_t kind = 0; kind < chunk.views.size(); ++kind) {
    const size_t views = chunk.turns[kind].size(), per_photo = views / chunk.failures.size();
    if (views == 0) continue;
    const at::Tensor logits = rotation_logits(student, forward(student, chunk.views[kind]).encoder);
    const at::Tensor answers = at::argmax(logits, 1).contiguous();
    RotationCounts& counts = kind == 0 ? result.global : result.local;
    for (size_t view = 0; view < views; ++view) {
      if (!chunk.failures[view / per_photo].empty()) continue;
      const auto answer = static_cast<size_t>(answers.data_ptr<int64_t>()[view]);
      ++counts[static_cast<size_t>(chunk.turns[kind][view])][answer];
    }
  }
  for (const std::string& failure : chunk.failures) {
    if (failure.empty()) ++result.photos;
    if (!failure.empty()) result.skipped.push_back(failure);
  }
}

/// Counts chunks rank, rank + ranks, ...: a photograph's views depend on its place in the list alone.
RotationResult count(const Student& student, const data::MultiCropOptions& samples, std::span<const fs::path> photos,
                     const RotationOptions& options, int64_t rank, int64_t ranks) {
  if (options.photos < 1) throw UsageError("rotation accuracy of {} photographs cannot be had", options.photos);
  const at::NoGradGuard no_grad;
  const auto n = std::min(options.photos, static_cast<int64_t>(photos.size()));
  RotationResult result;
  for (int64_t begin = rank * kChunk; begin < n; begin += ranks * kChunk) {
    const auto part = photos.subspan(static_cast<size_t>(begin), static_cast<size_t>(std::min(kChunk, n - begin)));
    count_chunk(student, read_chunk(part, begin, samples, options.seed), result);
  }
  return result;
}

void refuse_none(const RotationResult& result) {
  if (result.photos > 0) return;
  throw Error("no photograph for the rotation accuracy can be read: {}",
              result.skipped.empty() ? "the list is empty" : result.skipped.front());
}

RotationCounts sum_of(const RotationCounts& a, const RotationCounts& b) {
  RotationCounts sum = a;
  for (size_t turn = 0; turn < sum.size(); ++turn) {
    for (size_t answer = 0; answer < sum.size(); ++answer) sum[turn][answer] += b[turn][answer];
  }
  return sum;
}

int64_t views_in(const RotationCounts& counts) {
  int64_t views = 0;
  for (const auto& row : counts) {
    for (const int64_t count : row) views += count;
  }
  return views;
}

double share_right(const RotationCounts& counts) {
  int64_t right = 0;
  for (size_t turn = 0; turn < counts.size(); ++turn) right += counts[turn][turn];
  const int64_t views = views_in(counts);
  return views == 0 ? 0 : static_cast<double>(right) / static_cast<double>(views);
}

/// Adds up what every rank counted.
void sum_over_ranks(RotationResult& result, dist::Communicator& ranks) {
  std::array<double, 33> sums{};
  const auto each = [&](auto&& visit) {
    size_t i = 0;
    for (RotationCounts* counts : {&result.global, &result.local}) {
      for (auto& row : *counts) {
        for (int64_t& count : row) visit(sums[i++], count);
      }
    }
    visit(sums[i], result.photos);
  };
  each([](double& sum, int64_t count) { sum = static_cast<double>(count); });
  ranks.sum(sums);
  each([](double sum, int64_t& count) { count = static_cast<int64_t>(sum); });
}

class RotationEvaluator final : public train::Evaluator {
 public:
  RotationEvaluator(const Student& student, data::MultiCropOptions samples, std::vector<fs::path> photos,
                    RotationOptions options)
      : student_(student), samples_(std::move(samples)), photos_(std::move(photos)), options_(options) {}

  std::string name() const override { return "rotation"; }

  std::vector<train::Figure> evaluate(const train::Occasion& occasion) override {
    auto& [ranks, run, step] = occasion;
    RotationResult result = count(student_, samples_, photos_, options_, ranks.rank(), ranks.size());
    sum_over_ranks(result, ranks);
    for (const std::string& failure : result.skipped) log::warning("rotation accuracy leaves out: {}", failure);
    refuse_none(result);
    if (run != nullptr && ranks.rank() == 0) run->write_artefact("probe_rotation.json", to_json(result));
    return {{"probe_rotation_accuracy", result.accuracy()},
            {"probe_rotation_global", result.accuracy_global()},
            {"probe_rotation_local", result.accuracy_local()}};
  }

 private:
  const Student& student_;
  data::MultiCropOptions samples_;
  std::vector<fs::path> photos_;
  RotationOptions options_;
};

}  // namespace

double RotationResult::accuracy() const { return share_right(sum_of(global, local)); }
double RotationResult::accuracy_global() const { return share_right(global); }
double RotationResult::accuracy_local() const { return share_right(local); }

RotationResult rotation_accuracy(const Student& student, const data::MultiCropOptions& samples,
                                 std::span<const fs::path> photos, const RotationOptions& options) {
  RotationResult result = count(student, samples, photos, options, 0, 1);
  refuse_none(result);
  return result;
}

nlohmann::ordered_json to_json(const RotationResult& result) {
  constexpr double kChance = 0.25;
  const RotationCounts all = sum_of(result.global, result.local);
  nlohmann::ordered_json json{{"accuracy", result.accuracy()},
                              {"accuracy_global", result.accuracy_global()},
                              {"accuracy_local", result.accuracy_local()},
                              {"chance", kChance},
                              {"confusion", all},
                              {"views", views_in(all)},
                              {"photos", result.photos}};
  if (!result.skipped.empty()) json["skipped"] = result.skipped;
  return json;
}

std::unique_ptr<train::Evaluator> rotation_evaluator(const Student& student, data::MultiCropOptions samples,
                                                     std::vector<fs::path> photos, RotationOptions options) {
  return std::make_unique<RotationEvaluator>(student, std::move(samples), std::move(photos), options);
}

}  // namespace gtsa::ssl
