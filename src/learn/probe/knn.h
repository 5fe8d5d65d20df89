#pragma once
// Classification by the nearest neighbours among frozen features, as DINO's evaluation does it: each of the k most
// similar training pictures votes for its class with exp(similarity / T).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gtsa::probe {

/// Rows divided by their 2-norm, as cosine similarities want them; a row of zeros stays. F32 [n, C] -> a copy. Throws
/// Error if a value is not finite.
at::Tensor unit_rows(const at::Tensor& features);

/// For each query the k rows of the bank with the largest dot products, most similar first, of equals the lower index
/// first. Both [queries, k].
struct Neighbours {
  at::Tensor indices;       ///< I64
  at::Tensor similarities;  ///< F32
};

/// bank F32 [N, C], queries F32 [M, C], finite; 1 <= k <= N. Each thread makes its queries' products block by block and
/// looks through them while they are in its cache, so memory beyond the result is 1 MiB and 4 KiB a unit of k for each
/// thread, whatever N and M are.
Neighbours nearest(const at::Tensor& bank, const at::Tensor& queries, int64_t k);

/// A class that has votes.
struct Vote {
  int64_t label = 0;
  double votes = 0;  ///< in units of the most similar neighbour's vote, so that none overflows at a small T
};

/// The votes of one query's neighbours, most similar first: classes by their votes, most first, of equals the lower
/// label. Classes without votes are not in it.
std::vector<Vote> count_votes(std::span<const int64_t> labels, std::span<const float> similarities, double temperature);

struct KnnOptions {
  std::vector<int64_t> ks{10, 20, 100, 200};  ///< each at least 1; more than the bank has counts as all of it
  double temperature = 0.07;                  ///< T > 0
  /// Throws UsageError.
  void check() const;
};

/// Shares of queries in [0, 1].
struct KnnScore {
  int64_t k = 0;    ///< as asked for
  double top1 = 0;  ///< the class with the most votes is the right one
  double top5 = 0;  ///< the right one is among the five with the most votes; a class without votes never is
};

/// Scores of rows of unit length, one a k. Any number of classes and of queries (at least one).
std::vector<KnnScore> score_knn(const at::Tensor& bank, std::span<const int64_t> bank_labels, const at::Tensor& queries,
                                std::span<const int64_t> query_labels, const KnnOptions& options);

}  // namespace gtsa::probe
