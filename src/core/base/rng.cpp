#include "core/base/rng.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "core/base/error.h"

namespace gtsa {

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> c, std::array<uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<uint32_t>(p0)};
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  return c;
}

Rng::Rng(const RngKey& key) {
  // The key has more bits than one block takes, so it goes in twice: (epoch, sample) under the seed give the stream's
  // own key and half of its counter; view and purpose are the other half; the last word counts blocks.
  const auto low = [](uint64_t x) { return static_cast<uint32_t>(x); };
  const auto high = [](uint64_t x) { return static_cast<uint32_t>(x >> 32); };
  const auto mixed =
      philox4x32({low(key.epoch), high(key.epoch), low(key.sample), high(key.sample)}, {low(key.seed), high(key.seed)});
  key_ = {mixed[0], mixed[1]};
  counter_ = {0, mixed[2], key.view, static_cast<uint32_t>(key.purpose) ^ mixed[3]};
}

uint32_t Rng::bits() {
  if (used_ == 4) {
    block_ = philox4x32(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

float Rng::uniform() { return static_cast<float>(bits() >> 8) * 0x1p-24F; }

float Rng::uniform(float low, float high) { return low + (high - low) * uniform(); }

uint32_t Rng::below(uint32_t n) {
  GTSA_CHECK(n > 0, "a draw needs at least one value to choose from");
  // Lemire's multiply-and-reject: the low half of the product tells whether the draw falls into the uneven rest.
  const uint32_t uneven = static_cast<uint32_t>(-n) % n;
  for (;;) {
    const uint64_t product = uint64_t{bits()} * n;
    if (static_cast<uint32_t>(product) >= uneven) return static_cast<uint32_t>(product >> 32);
  }
}

double Rng::normal() {
  const double u = (bits() + 0.5) * 0x1p-32;  // never 0
  const double angle = 2.0 * std::numbers::pi * (bits() * 0x1p-32);
  return std::sqrt(-2.0 * std::log(u)) * std::cos(angle);
}

void shuffle(Rng& rng, std::span<uint32_t> values) {
  for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[rng.below(static_cast<uint32_t>(i))]);
}

}  // namespace gtsa
