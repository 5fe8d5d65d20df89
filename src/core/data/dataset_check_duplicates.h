#pragma once
// Pictures that are there twice: with the same pixels, or so alike that a person would take them for the same.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/image/image.h"

namespace gtsa::data {

/// 64 bits that similar pictures share: the picture is averaged to 9 x 8 cells of grey, and each bit says whether a
/// cell is brighter than its right neighbour ("dHash"). None for a picture of one colour, whose bits would be noise.
std::optional<uint64_t> difference_hash(const image::Image& picture);

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

/// For each picture that differs in at most `bits` <= 4 bits from one before it, the pair with the first such; sorted
/// by `second`. Pictures without a hash are passed over. Sorts 15 times by 21 or 22 of the bits that must then be equal
/// and compares neighbours: n log n, and exact unless more than 4096 different hashes share such bits.
std::vector<AlikePair> near_pairs(std::span<const std::optional<uint64_t>> hashes, int bits);

}  // namespace gtsa::data
