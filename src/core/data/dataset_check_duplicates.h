#pragma once
// Pictures that are there twice: with the same pixels, or so alike that a person would take them for the same.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/image/image.h"

namespace gtsa::data {

/// 128 bits that similar pictures share ("dHash"): of the picture averaged to 9 x 8 cells of grey each bit of `across`
/// says whether a cell is brighter than its right neighbour, of 8 x 9 cells `down` whether it is than the one below.
struct DifferenceHash {
  uint64_t across = 0;
  uint64_t down = 0;
  bool operator==(const DifferenceHash&) const = default;
};

/// None for a picture of one colour, whose bits would be noise.
std::optional<DifferenceHash> difference_hash(const image::Image& picture);

/// A hash of size and pixels; pictures that differ have different ones but for one chance in 2^64.
uint64_t pixel_hash(const image::Image& picture);

/// Two pictures that are alike, `first` < `second`.
struct AlikePair {
  int64_t first = 0;
  int64_t second = 0;
  bool operator==(const AlikePair&) const = default;
};

/// For each picture that has an equal one before it, the pair with the first of these; sorted by `second`.
std::vector<AlikePair> equal_pairs(std::span<const uint64_t> hashes);

/// For each picture that differs in at most `bits` <= 4 bits of each half from one before it, the pair with the first
/// such; sorted by `second`. Pictures without a hash are passed over. Sorts 15 times by 20 to 22 bits that must then be
/// equal and compares neighbours: n log n, and exact unless more than 4096 different hashes share such bits.
std::vector<AlikePair> near_pairs(std::span<const std::optional<DifferenceHash>> hashes, int bits);

}  // namespace gtsa::data
