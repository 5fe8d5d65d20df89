#include "learn/probe/knn.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_vector_norm.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/kernels/select.h"
#include "learn/nn/products.h"

namespace gtsa::probe {
namespace {

/// Rows of a thread's product: queries, at most, by the bank's. 1 MiB of similarities, which it finds in its cache
/// again.
constexpr int64_t kQueryBlock = 256, kBankBlock = 1024;
/// Similarities that are looked through between two looks at the candidates' number.
constexpr int64_t kPiece = 512;
/// Queries whose neighbours are in memory at a time while they vote.
constexpr int64_t kVotingBlock = 4096;

/// A neighbour as a number: the larger, the more similar; of equals, the lower index.
uint64_t pack(float similarity, int64_t index) {
  const auto bits = std::bit_cast<uint32_t>(similarity + 0.0F);  // -0 and 0 are equals
  const uint32_t ordered = (bits & 0x8000'0000U) != 0 ? ~bits : bits | 0x8000'0000U;
  return uint64_t{ordered} << 32 | (0xFFFF'FFFFU - static_cast<uint32_t>(index));
}
float similarity_of(uint64_t packed) {
  const auto ordered = static_cast<uint32_t>(packed >> 32);
  return std::bit_cast<float>((ordered & 0x8000'0000U) != 0 ? ordered & 0x7FFF'FFFFU : ~ordered);
}
int64_t index_of(uint64_t packed) { return 0xFFFF'FFFFU - static_cast<uint32_t>(packed); }

/// The k best of what one query has seen so far, and some that were among them. Similarities come by ascending index,
/// so one that equals the k-th best is never better than it: only larger ones are taken.
class Best {
 public:
  explicit Best(int64_t k) : k_(static_cast<size_t>(k)) { candidates_.reserve(2 * k_ + kPiece); }

  /// `count` similarities of the bank's rows from `first` on.
  void look_through(const float* similarities, int64_t count, int64_t first) {
    int32_t places[kPiece];
    for (int64_t begin = 0; begin < count; begin += kPiece) {
      const int64_t selected =
          kernels::select_above(similarities + begin, std::min(kPiece, count - begin), worst_, places);
      for (int64_t j = 0; j < selected; ++j) {
        const int64_t at = begin + places[j];
        candidates_.push_back(pack(similarities[at], first + at));
      }
      if (candidates_.size() >= 2 * k_) keep_best();
    }
  }

  /// Writes the k best, the best first, and forgets all.
  void finish(int64_t* indices, float* similarities) {
    keep_best();
    GTSA_CHECK(candidates_.size() == k_, "similarities that are no numbers leave {} of {} neighbours",
               candidates_.size(), k_);
    std::sort(candidates_.begin(), candidates_.end(), std::greater<>());
    for (size_t i = 0; i < k_; ++i) {
      indices[i] = index_of(candidates_[i]);
      similarities[i] = similarity_of(candidates_[i]);
    }
    candidates_.clear();
    worst_ = -std::numeric_limits<float>::infinity();
  }

 private:
  void keep_best() {
    if (candidates_.size() < k_) return;
    const auto last = candidates_.begin() + static_cast<std::ptrdiff_t>(k_) - 1;
    std::nth_element(candidates_.begin(), last, candidates_.end(), std::greater<>());
    worst_ = similarity_of(*last);
    candidates_.resize(k_);
  }

  size_t k_;
  std::vector<uint64_t> candidates_;
  float worst_ = -std::numeric_limits<float>::infinity();
};

/// The search of one thread.
class Search {
 public:
  /// For up to `block` queries at a time.
  Search(const at::Tensor& bank, int64_t k, int64_t block)
      : bank_(bank),
        k_(k),
        best_(static_cast<size_t>(block), Best(k)),
        memory_(at::empty({block * kBankBlock}, at::kFloat)) {}

  /// Neighbours of a block of queries, k each.
  void run(const at::Tensor& queries, int64_t* indices, float* similarities) {
    const at::NoGradGuard no_grad;
    const int64_t rows = bank_.size(0), asked = queries.size(0);
    for (int64_t first = 0; first < rows; first += kBankBlock) {
      const int64_t count = std::min(kBankBlock, rows - first);
      at::Tensor products = memory_.narrow(0, 0, asked * count).view({asked, count});
      nn::ops::mm_out(products, queries, bank_.narrow(0, first, count).t());
      const auto* const values = products.data_ptr<float>();
      for (int64_t i = 0; i < asked; ++i) best_[static_cast<size_t>(i)].look_through(values + i * count, count, first);
    }
    for (int64_t i = 0; i < asked; ++i) best_[static_cast<size_t>(i)].finish(indices + i * k_, similarities + i * k_);
  }

 private:
  const at::Tensor& bank_;
  int64_t k_;
  std::vector<Best> best_;
  at::Tensor memory_;
};

/// Hits of one query, by the votes of its `k` nearest.
struct Hits {
  bool top1 = false;
  bool top5 = false;
};

Hits hits_of(std::span<const Vote> votes, int64_t label) {
  constexpr size_t kTop = 5;
  const auto top = votes.first(std::min(kTop, votes.size()));
  return {votes.front().label == label,
          std::any_of(top.begin(), top.end(), [&](const Vote& vote) { return vote.label == label; })};
}

}  // namespace

at::Tensor unit_rows(const at::Tensor& features) {
  const at::NoGradGuard no_grad;
  const at::Tensor norms = at::linalg_vector_norm(features, 2, {1}, /*keepdim=*/true);
  if (!at::isfinite(norms).all().item<bool>()) {
    throw Error("features are not finite: the weights are damaged, or their pretraining has diverged");
  }
  constexpr double kLeast = 1e-12;
  return features / norms.clamp_min(kLeast);
}

Neighbours nearest(const at::Tensor& bank, const at::Tensor& queries, int64_t k) {
  const int64_t rows = bank.size(0), asked = queries.size(0);
  GTSA_CHECK(k >= 1 && k <= rows && rows < std::numeric_limits<int32_t>::max(), "{} neighbours of {}", k, rows);
  Neighbours result{at::empty({asked, k}, at::kLong), at::empty({asked, k}, at::kFloat)};
  // A thread's share of the queries in equal blocks: products inside a team's work run on one thread each.
  const int64_t shares = (asked + threads() - 1) / threads();
  const int64_t blocks_a_share = (shares + kQueryBlock - 1) / kQueryBlock;
  const int64_t block = (shares + blocks_a_share - 1) / blocks_a_share;
  parallel_for((asked + block - 1) / block, 1, [&](int64_t from, int64_t to) {
    Search search(bank, k, block);
    for (int64_t begin = from * block; begin < std::min(asked, to * block); begin += block) {
      const int64_t here = std::min(block, asked - begin);
      search.run(queries.narrow(0, begin, here), result.indices.data_ptr<int64_t>() + begin * k,
                 result.similarities.data_ptr<float>() + begin * k);
    }
  });
  return result;
}

std::vector<Vote> count_votes(std::span<const int64_t> labels, std::span<const float> similarities,
                              double temperature) {
  GTSA_CHECK(!labels.empty() && labels.size() == similarities.size(), "{} labels of {} neighbours", labels.size(),
             similarities.size());
  std::vector<Vote> votes(labels.size());
  for (size_t i = 0; i < votes.size(); ++i) {
    votes[i] = {labels[i], std::exp((double{similarities[i]} - double{similarities[0]}) / temperature)};
  }
  // Stable: the votes of a class are added up from the most similar neighbour on.
  std::stable_sort(votes.begin(), votes.end(), [](const Vote& a, const Vote& b) { return a.label < b.label; });
  size_t classes = 0;
  for (const Vote& vote : votes) {
    if (classes > 0 && votes[classes - 1].label == vote.label) {
      votes[classes - 1].votes += vote.votes;
    } else {
      votes[classes++] = vote;
    }
  }
  votes.resize(classes);
  std::stable_sort(votes.begin(), votes.end(), [](const Vote& a, const Vote& b) { return a.votes > b.votes; });
  return votes;
}

void KnnOptions::check() const {
  if (ks.empty()) throw UsageError("no number of neighbours is asked for: --k wants at least one");
  for (const int64_t k : ks) {
    if (k < 1) throw UsageError("{} neighbours are too few: at least one votes", k);
  }
  if (!(temperature > 0))
    throw UsageError("a temperature of {} is none: votes are exp(similarity / T), T > 0", temperature);
}

std::vector<KnnScore> score_knn(const at::Tensor& bank, std::span<const int64_t> bank_labels, const at::Tensor& queries,
                                std::span<const int64_t> query_labels, const KnnOptions& options) {
  options.check();
  const int64_t rows = bank.size(0), asked = queries.size(0);
  GTSA_CHECK(rows > 0 && std::ssize(bank_labels) == rows, "{} labels of a bank of {}", bank_labels.size(), rows);
  GTSA_CHECK(asked > 0 && std::ssize(query_labels) == asked, "{} labels of {} queries", query_labels.size(), asked);
  const int64_t most = std::min(rows, *std::max_element(options.ks.begin(), options.ks.end()));
  std::vector<std::atomic<int64_t>> top1(options.ks.size()), top5(options.ks.size());
  for (int64_t begin = 0; begin < asked; begin += kVotingBlock) {
    const int64_t here = std::min(kVotingBlock, asked - begin);
    const Neighbours found = nearest(bank, queries.narrow(0, begin, here), most);
    constexpr int64_t kGrain = 64;
    parallel_for(here, kGrain, [&](int64_t from, int64_t to) {
      std::vector<int64_t> labels(static_cast<size_t>(most));
      for (int64_t i = from; i < to; ++i) {
        const int64_t* const indices = found.indices.data_ptr<int64_t>() + i * most;
        const std::span similarities(found.similarities.data_ptr<float>() + i * most, static_cast<size_t>(most));
        for (size_t j = 0; j < labels.size(); ++j) labels[j] = bank_labels[static_cast<size_t>(indices[j])];
        for (size_t which = 0; which < options.ks.size(); ++which) {
          const auto k = static_cast<size_t>(std::min(most, options.ks[which]));
          const auto votes = count_votes(std::span(labels).first(k), similarities.first(k), options.temperature);
          const Hits hits = hits_of(votes, query_labels[static_cast<size_t>(begin + i)]);
          top1[which] += hits.top1;
          top5[which] += hits.top5;
        }
      }
    });
  }
  std::vector<KnnScore> scores;
  for (size_t which = 0; which < options.ks.size(); ++which) {
    scores.push_back({options.ks[which], static_cast<double>(top1[which]) / static_cast<double>(asked),
                      static_cast<double>(top5[which]) / static_cast<double>(asked)});
  }
  return scores;
}

}  // namespace gtsa::probe
