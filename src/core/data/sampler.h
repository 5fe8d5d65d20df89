#pragma once
// Which photograph stands where: the original's epoch permutation (PyTorch's DistributedSampler and randperm) as a pure
// function, so that any iteration can be named directly and training resumes anywhere. Beside it an order for
// photographs in shards, which are read from end to end.

#include <cstdint>
#include <vector>

namespace gtsa::data {

/// The permutation of {0, ..., n-1} of an epoch: r = 0..n-1; for i in 0..n-2 swap r[i], r[i + mt19937() mod (n-i)], the
/// generator seeded with the low 32 bits of seed + epoch.
std::vector<uint32_t> epoch_permutation(int64_t n, uint64_t seed, uint64_t epoch);

/// How photographs that lie in shards come into an epoch: shards are shuffled whole and read one after the other into a
/// buffer, out of which each place of the epoch draws one photograph. Both draws are keyed by seed and epoch, and
/// nothing is read to make them.
struct ShardOrder {
  std::vector<int64_t> sizes;  ///< photographs of each shard; the data set counts them shard after shard
  int64_t buffer = 1;          ///< photographs in the buffer
};

/// The data set's photographs in the order in which an epoch's shuffled shards hold them.
std::vector<uint32_t> reading_order(const ShardOrder& shards, uint64_t seed, uint64_t epoch);

/// The epoch's permutation: `reading` through a buffer of `buffer`, which is filled first and then refilled at each
/// draw. What stands at place p comes from places up to p + buffer - 1 of `reading`.
std::vector<uint32_t> buffered_permutation(std::vector<uint32_t> reading, int64_t buffer, uint64_t seed,
                                           uint64_t epoch);

/// The batches of one rank. An epoch's permutation is padded by repeating its head up to a multiple of `ranks`; rank r
/// takes places r, r + ranks, ...; the incomplete last batch is dropped.
class EpochSampler {
 public:
  /// `batch`: samples of this rank an iteration. Throws UsageError if the data set is smaller than a batch.
  EpochSampler(int64_t files, int64_t batch, uint64_t seed, int64_t rank = 0, int64_t ranks = 1);

  /// Evaluation: files 0, 1, 2, ... in every epoch, each once. Rank r takes places r, r + ranks, ...; what fills up the
  /// last batch of each rank are places from `files` on, which stand for photographs again and are not to be counted.
  static EpochSampler in_order(int64_t files, int64_t batch, int64_t rank = 0, int64_t ranks = 1);

  /// The same batches, each in `parts` iterations of equal size (micro-batches); `parts` divides the batch.
  EpochSampler in_parts(int64_t parts) const;

  /// The same places in the order of shards, which hold as many photographs.
  EpochSampler in_shards(ShardOrder shards) const;

  int64_t files() const { return files_; }
  int64_t batch() const { return batch_; }
  int64_t iterations_per_epoch() const { return per_rank_ / (batch_ * parts_) * parts_; }

  /// What iteration k of the run reads: the epoch, and for each sample its place in the padded permutation. A place p
  /// stands for file permutation(epoch)[p mod files].
  struct Iteration {
    uint64_t epoch = 0;
    std::vector<uint64_t> places;
  };
  Iteration iteration(int64_t k) const;
  std::vector<uint32_t> permutation(uint64_t epoch) const;
  /// Photographs to have in memory soon, by the place that is being made: those that a place's draw brings into the
  /// buffer, so that the system reads a shard from end to end whatever the draws are. Empty without shards; shorter
  /// than the epoch by the buffer.
  std::vector<uint32_t> read_ahead(uint64_t epoch) const;
  /// Samples of this rank in an epoch, those of the dropped batch or what fills up the last one included.
  int64_t samples_per_epoch() const { return per_rank_; }

 private:
  EpochSampler() = default;

  int64_t files_ = 0;
  int64_t batch_ = 0;
  uint64_t seed_ = 0;
  int64_t rank_ = 0;
  int64_t ranks_ = 1;
  int64_t per_rank_ = 0;
  int64_t parts_ = 1;  ///< iterations that make up what is dropped or kept as a whole
  bool in_order_ = false;
  ShardOrder shards_;  ///< no sizes: files of their own
};

}  // namespace gtsa::data
