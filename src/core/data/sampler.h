#pragma once
// Which photograph stands where: the original's epoch permutation (PyTorch's DistributedSampler and randperm) as a pure
// function, so that any iteration can be named directly and training resumes anywhere.

#include <cstdint>
#include <vector>

namespace gtsa::data {

/// The permutation of {0, ..., n-1} of an epoch: r = 0..n-1; for i in 0..n-2 swap r[i], r[i + mt19937() mod (n-i)], the
/// generator seeded with the low 32 bits of seed + epoch.
std::vector<uint32_t> epoch_permutation(int64_t n, uint64_t seed, uint64_t epoch);

/// The batches of one rank. An epoch's permutation is padded by repeating its head up to a multiple of `ranks`; rank r
/// takes places r, r + ranks, ...; the incomplete last batch is dropped.
class EpochSampler {
 public:
  /// `batch`: samples of this rank an iteration. Throws UsageError if the data set is smaller than a batch.
  EpochSampler(int64_t files, int64_t batch, uint64_t seed, int64_t rank = 0, int64_t ranks = 1);

  /// The same batches, each in `parts` iterations of equal size (micro-batches); `parts` divides the batch.
  EpochSampler in_parts(int64_t parts) const;

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
  std::vector<uint32_t> permutation(uint64_t epoch) const { return epoch_permutation(files_, seed_, epoch); }
  /// Samples of this rank in an epoch, those of the dropped batch included.
  int64_t samples_per_epoch() const { return per_rank_; }

 private:
  int64_t files_;
  int64_t batch_;
  uint64_t seed_;
  int64_t rank_;
  int64_t ranks_;
  int64_t per_rank_;
  int64_t parts_ = 1;  ///< iterations that make up what is dropped or kept as a whole
};

}  // namespace gtsa::data
