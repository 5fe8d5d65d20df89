#pragma once
// Randomness as a value: a generator is a pure function of its key, so any sample can be made again alone and no
// worker, rank or resume changes a draw.

#include <array>
#include <cstdint>
#include <span>

namespace gtsa {

/// What a stream of draws is for. Numbers are part of the format of a run: add at the end, never renumber.
enum class Purpose : uint32_t {
  init = 0,          ///< initial weights; `sample` = index of the tensor
  crop = 1,          ///< crop rectangles of one photograph's views (one stream a photograph)
  colour = 2,        ///< jitter, grey and blur of one view
  turn = 3,          ///< quarter turn of one view
  drop_path = 4,     ///< keep masks; epoch = step, sample = place in the batch
  probe = 5,         ///< probes: views, order and weights
  test = 6,          ///< tests and benchmarks
  scene = 7,         ///< synthetic scenes and their textures; epoch = part of the scene, sample = index
  order = 8,         ///< order of photographs in shards; sample 0 = of the shards, 1 = of the shuffle buffer
  augment = 9,       ///< classification: random resized crop and flip of one photograph
  randaugment = 10,  ///< classification: RandAugment's operations on one photograph
  erasing = 11,      ///< classification: random erasing of one photograph
  mixing = 12,       ///< classification: mixup and CutMix; epoch = step, sample = place in the batch
  segment = 13,      ///< segmentation: scale, crop, flip and colours of one photograph
  segment_dropout = 14,  ///< segmentation: channels kept in one sample; epoch = step, sample = place in the batch
};

/// Names one stream. For what is drawn a step (drop path), `epoch` holds the step.
struct RngKey {
  uint64_t seed = 0;
  uint64_t epoch = 0;
  uint64_t sample = 0;
  uint32_t view = 0;
  Purpose purpose = Purpose::test;
};

/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) in counter mode.
/// Period 2^34 draws a key; about 3 ns a draw; no state is shared, so any thread may have its own.
class Rng {
 public:
  explicit Rng(const RngKey& key);

  /// Uniform over all 32-bit values.
  uint32_t bits();
  /// Uniform in [0, 1), a multiple of 2^-24 (exact in float32).
  float uniform();
  /// Uniform in [low, high), rounded to float32: low + (high - low) * uniform().
  float uniform(float low, float high);
  /// Uniform in {0, ..., n-1}, without bias. 1 <= n <= 2^32 - 1.
  uint32_t below(uint32_t n);
  /// True with probability p.
  bool chance(float p) { return uniform() < p; }
  /// Standard normal (Box-Muller, in double).
  double normal();

 private:
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> block_{};
  uint32_t used_ = 4;
};

/// One Philox4x32-10 block: the published function, for its test vectors.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// The permutation of {0, ..., n-1} drawn by Fisher-Yates from `rng`.
void shuffle(Rng& rng, std::span<uint32_t> values);

}  // namespace gtsa
