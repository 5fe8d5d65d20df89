#include "core/data/dataset_check_duplicates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <tuple>
#include <unordered_map>

#include "core/base/error.h"

namespace gtsa::data {
namespace {

/// Comparisons along a row or a column of cells.
constexpr int64_t kSteps = 8;

/// Rec. 601 luma in 1/256.
int64_t luma(const uint8_t* rgb) { return 77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2]; }

/// Mean brightness, in 1/256, of rows x columns cells of a picture.
class Cells {
 public:
  Cells(const image::Image& picture, int64_t rows, int64_t columns) : columns_(columns) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        means_.push_back(mean(picture, part(r, rows, picture.height()), part(c, columns, picture.width())));
      }
    }
  }
  int64_t at(int64_t row, int64_t column) const { return means_[static_cast<size_t>(row * columns_ + column)]; }
  int64_t contrast() const {
    const auto [darkest, brightest] = std::minmax_element(means_.begin(), means_.end());
    return *brightest - *darkest;
  }

 private:
  /// Pixels [begin, end), at least one.
  struct Part {
    int64_t begin;
    int64_t end;
  };
  static Part part(int64_t index, int64_t parts, int64_t pixels) {
    const int64_t begin = index * pixels / parts;
    return {begin, std::max(begin + 1, (index + 1) * pixels / parts)};
  }
  static int64_t mean(const image::Image& picture, Part rows, Part columns) {
    int64_t sum = 0;
    for (int64_t y = rows.begin; y < rows.end; ++y) {
      const uint8_t* row = picture.row(y);
      for (int64_t x = columns.begin; x < columns.end; ++x) sum += luma(row + 3 * x);
    }
    return sum / ((rows.end - rows.begin) * (columns.end - columns.begin));
  }

  int64_t columns_;
  std::vector<int64_t> means_;
};

/// A different hash and the first picture that has it.
struct Look {
  DifferenceHash hash;
  int64_t picture;
};

/// Bits [begin, end) of six blocks, 10 or 11 each.
constexpr int kBlocks = 6;
constexpr std::array<int, kBlocks + 1> kBlockEdges{0, 11, 22, 33, 44, 54, 64};

uint64_t block_mask(int block) {
  const int width = kBlockEdges[static_cast<size_t>(block) + 1] - kBlockEdges[static_cast<size_t>(block)];
  return ((uint64_t{1} << width) - 1) << kBlockEdges[static_cast<size_t>(block)];
}

/// Of two hashes that differ in at most 4 bits of `across`, at least two of its six blocks are equal: for every two
/// blocks, the hashes are sorted by them and those with equal ones compared.
class NearLooks {
 public:
  NearLooks(std::vector<Look> looks, int bits) : looks_(std::move(looks)), bits_(bits) {
    nearest_.resize(looks_.size());
    for (size_t i = 0; i < looks_.size(); ++i) nearest_[i] = looks_[i].picture;
  }

  /// For each look the first picture among those near it, itself included.
  const std::vector<int64_t>& search() {
    order_.resize(looks_.size());
    for (size_t i = 0; i < order_.size(); ++i) order_[i] = i;
    for (int a = 0; a < kBlocks; ++a) {
      for (int b = a + 1; b < kBlocks; ++b) compare_equal(block_mask(a) | block_mask(b));
    }
    return nearest_;
  }

 private:
  void compare_equal(uint64_t mask) {
    constexpr size_t kMostNeighbours = 4096;
    const auto key = [&](size_t i) { return looks_[i].hash.across & mask; };
    std::sort(order_.begin(), order_.end(), [&](size_t i, size_t j) {
      return std::tuple(key(i), looks_[i].hash.across, i) < std::tuple(key(j), looks_[j].hash.across, j);
    });
    for (size_t begin = 0; begin < order_.size(); ++begin) {
      const size_t i = order_[begin];
      for (size_t next = begin + 1; next < order_.size() && next - begin <= kMostNeighbours; ++next) {
        const size_t j = order_[next];
        if (key(j) != key(i)) break;
        if (!are_near(looks_[i].hash, looks_[j].hash)) continue;
        nearest_[i] = std::min(nearest_[i], looks_[j].picture);
        nearest_[j] = std::min(nearest_[j], looks_[i].picture);
      }
    }
  }

  bool are_near(const DifferenceHash& a, const DifferenceHash& b) const {
    return std::popcount(a.across ^ b.across) <= bits_ && std::popcount(a.down ^ b.down) <= bits_;
  }

  std::vector<Look> looks_;
  int bits_;
  std::vector<int64_t> nearest_;
  std::vector<size_t> order_;
};

}  // namespace

std::optional<DifferenceHash> difference_hash(const image::Image& picture) {
  GTSA_CHECK(!picture.empty(), "a picture without pixels has no hash");
  // Two grey levels: what JPEG leaves of one colour.
  constexpr int64_t kSameColour = 2 * 256;
  const Cells across(picture, kSteps, kSteps + 1), down(picture, kSteps + 1, kSteps);
  if (across.contrast() <= kSameColour && down.contrast() <= kSameColour) return std::nullopt;
  DifferenceHash hash;
  for (int64_t r = 0; r < kSteps; ++r) {
    for (int64_t c = 0; c < kSteps; ++c) {
      hash.across = hash.across << 1 | static_cast<uint64_t>(across.at(r, c) > across.at(r, c + 1));
      hash.down = hash.down << 1 | static_cast<uint64_t>(down.at(r, c) > down.at(r + 1, c));
    }
  }
  return hash;
}

uint64_t pixel_hash(const image::Image& picture) {
  constexpr uint64_t kOdd = 0x9E3779B97F4A7C15U;
  uint64_t hash = 0;
  const auto mix = [&](uint64_t word) {
    hash = (hash ^ word) * kOdd;
    hash ^= hash >> 29;
  };
  mix(static_cast<uint64_t>(picture.width()));
  mix(static_cast<uint64_t>(picture.height()));
  for (int64_t y = 0; y < picture.height(); ++y) {
    const uint8_t* row = picture.row(y);
    for (int64_t i = 0; i < picture.stride(); i += 8) {
      uint64_t word = 0;
      std::memcpy(&word, row + i, static_cast<size_t>(std::min<int64_t>(8, picture.stride() - i)));
      mix(word);
    }
  }
  return hash;
}

std::vector<AlikePair> equal_pairs(std::span<const uint64_t> hashes) {
  std::unordered_map<uint64_t, int64_t> first;
  std::vector<AlikePair> pairs;
  for (int64_t i = 0; i < std::ssize(hashes); ++i) {
    const auto [known, is_new] = first.emplace(hashes[static_cast<size_t>(i)], i);
    if (!is_new) pairs.push_back({known->second, i});
  }
  return pairs;
}

std::vector<AlikePair> near_pairs(std::span<const std::optional<DifferenceHash>> hashes, int bits) {
  GTSA_CHECK(bits >= 0 && bits <= kBlocks - 2, "{} bits of difference are not found by {} blocks", bits, kBlocks);
  std::vector<Look> looks;
  std::map<std::pair<uint64_t, uint64_t>, size_t> place;
  const auto key = [](const DifferenceHash& hash) { return std::pair(hash.across, hash.down); };
  for (int64_t i = 0; i < std::ssize(hashes); ++i) {
    const auto& hash = hashes[static_cast<size_t>(i)];
    if (hash && place.emplace(key(*hash), looks.size()).second) looks.push_back({*hash, i});
  }
  NearLooks near(std::move(looks), bits);
  const std::vector<int64_t>& nearest = near.search();
  std::vector<AlikePair> pairs;
  for (int64_t i = 0; i < std::ssize(hashes); ++i) {
    const auto& hash = hashes[static_cast<size_t>(i)];
    if (!hash) continue;
    const int64_t first = nearest[place.at(key(*hash))];
    if (first < i) pairs.push_back({first, i});
  }
  return pairs;
}

}  // namespace gtsa::data
