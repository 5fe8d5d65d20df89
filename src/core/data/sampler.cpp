#include "core/data/sampler.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace gtsa::data {

std::vector<uint32_t> epoch_permutation(int64_t n, uint64_t seed, uint64_t epoch) {
  // Beyond this LibTorch's permutation draws 64 bits a step; no folder of photographs comes near.
  constexpr int64_t kMost = int64_t{UINT32_MAX} / 20;
  GTSA_CHECK(n >= 0 && n < kMost, "a permutation of {} elements", n);
  std::vector<uint32_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0U);
  std::mt19937 generator(static_cast<uint32_t>(seed + epoch));
  for (size_t i = 0; i + 1 < order.size(); ++i) {
    std::swap(order[i], order[i + static_cast<uint32_t>(generator()) % static_cast<uint32_t>(order.size() - i)]);
  }
  return order;
}

std::vector<uint32_t> reading_order(const ShardOrder& shards, uint64_t seed, uint64_t epoch) {
  std::vector<uint32_t> firsts(shards.sizes.size()), order(shards.sizes.size());
  std::exclusive_scan(shards.sizes.begin(), shards.sizes.end(), firsts.begin(), 0U);
  std::iota(order.begin(), order.end(), 0U);
  Rng rng({.seed = seed, .epoch = epoch, .sample = 0, .purpose = Purpose::order});
  shuffle(rng, order);
  std::vector<uint32_t> reading;
  for (const uint32_t shard : order) {
    for (int64_t i = 0; i < shards.sizes[shard]; ++i) reading.push_back(firsts[shard] + static_cast<uint32_t>(i));
  }
  return reading;
}

std::vector<uint32_t> buffered_permutation(std::vector<uint32_t> reading, int64_t buffer, uint64_t seed,
                                           uint64_t epoch) {
  GTSA_CHECK(buffer > 0, "a shuffle buffer of {}", buffer);
  Rng rng({.seed = seed, .epoch = epoch, .sample = 1, .purpose = Purpose::order});
  // In place: [place, end) is the buffer, since every place takes one photograph out and the next one in.
  for (size_t place = 0; place < reading.size(); ++place) {
    const size_t held = std::min(reading.size() - place, static_cast<size_t>(buffer));
    std::swap(reading[place], reading[place + rng.below(static_cast<uint32_t>(held))]);
  }
  return reading;
}

EpochSampler::EpochSampler(int64_t files, int64_t batch, uint64_t seed, int64_t rank, int64_t ranks)
    : files_(files), batch_(batch), seed_(seed), rank_(rank), ranks_(ranks), per_rank_((files + ranks - 1) / ranks) {
  GTSA_CHECK(files > 0 && ranks > 0 && rank >= 0 && rank < ranks, "rank {} of {} over {} files", rank, ranks, files);
  if (batch < 1) throw UsageError("a batch of {} is too small: it needs at least one picture", batch);
  if (batch > per_rank_) {
    throw UsageError(
        "a batch of {} is larger than the data set of {} files{}: give more photographs or a smaller --batch",
        batch * ranks, files, ranks > 1 ? fmt::format(" ({} for each of {} ranks)", per_rank_, ranks) : "");
  }
}

EpochSampler EpochSampler::in_order(int64_t files, int64_t batch, int64_t rank, int64_t ranks) {
  GTSA_CHECK(files > 0 && files < UINT32_MAX && ranks > 0 && rank >= 0 && rank < ranks, "rank {} of {} over {} files",
             rank, ranks, files);
  if (batch < 1) throw UsageError("a batch of {} is too small: it needs at least one picture", batch);
  EpochSampler result;
  result.files_ = files;
  result.batch_ = batch;
  result.rank_ = rank;
  result.ranks_ = ranks;
  const int64_t share = (files + ranks - 1) / ranks;
  result.per_rank_ = (share + batch - 1) / batch * batch;
  result.in_order_ = true;
  return result;
}

EpochSampler EpochSampler::in_parts(int64_t parts) const {
  GTSA_CHECK(parts > 0 && batch_ % parts == 0, "a batch of {} in {} parts", batch_, parts);
  EpochSampler result = *this;
  result.batch_ = batch_ / parts;
  result.parts_ = parts_ * parts;
  return result;
}

EpochSampler EpochSampler::in_shards(ShardOrder shards) const {
  const int64_t photographs = std::accumulate(shards.sizes.begin(), shards.sizes.end(), int64_t{0});
  GTSA_CHECK(photographs == files_ && files_ < UINT32_MAX, "{} photographs in shards, {} in the data set", photographs,
             files_);
  EpochSampler result = *this;
  result.shards_ = std::move(shards);
  return result;
}

std::vector<uint32_t> EpochSampler::permutation(uint64_t epoch) const {
  if (in_order_) {
    std::vector<uint32_t> order(static_cast<size_t>(files_));
    std::iota(order.begin(), order.end(), 0U);
    return order;
  }
  if (shards_.sizes.empty()) return epoch_permutation(files_, seed_, epoch);
  return buffered_permutation(reading_order(shards_, seed_, epoch), shards_.buffer, seed_, epoch);
}

std::vector<uint32_t> EpochSampler::read_ahead(uint64_t epoch) const {
  if (shards_.sizes.empty()) return {};
  std::vector<uint32_t> reading = reading_order(shards_, seed_, epoch);
  reading.erase(reading.begin(), reading.begin() + std::min(files_, shards_.buffer));
  return reading;
}

EpochSampler::Iteration EpochSampler::iteration(int64_t k) const {
  GTSA_CHECK(k >= 0, "iteration {} is not before the first", k);
  const int64_t per_epoch = iterations_per_epoch();
  Iteration result{static_cast<uint64_t>(k / per_epoch), {}};
  result.places.reserve(static_cast<size_t>(batch_));
  const int64_t first = (k % per_epoch) * batch_;
  for (int64_t i = first; i < first + batch_; ++i) result.places.push_back(static_cast<uint64_t>(rank_ + ranks_ * i));
  return result;
}

}  // namespace gtsa::data
