#include "core/kernels/normalize.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/rng.h"
#include "core/kernels/every_level.h"

namespace gtsa::kernels {
namespace {

std::vector<uint8_t> every_byte() {
  std::vector<uint8_t> bytes(256);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i);
  return bytes;
}

void expect_the_references_bits(const std::vector<uint8_t>& in, int64_t count, float mean, float std) {
  for (const bool reversed : {false, true}) {
    std::vector<float> want(static_cast<size_t>(count) + 1, 7), got = want;
    reference::normalize(in.data(), count, reversed, mean, std, want.data());
    normalize(in.data(), count, reversed, mean, std, got.data());
    ASSERT_EQ(got, want) << count << " bytes, mean " << mean << ", std " << std << ", reversed " << reversed;
  }
}

TEST(Normalize, GivesTheReferencesBitsAtEveryLevel) {
  const auto in = every_byte();
  test::at_every_level([&] {
    for (const int64_t count : {0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 255, 256})
      expect_the_references_bits(in, count, 0.485f, 0.229f);
  });
}

// The quotients come from a rounded reciprocal and one Newton step: that they are the rounded ones is a theorem, here
// tried on many divisors.
TEST(Normalize, DividesExactlyByAnything) {
  Rng rng({.sample = 6});
  const auto in = every_byte();
  for (int i = 0; i < 2000; ++i) expect_the_references_bits(in, 256, rng.uniform(-1, 1), rng.uniform(1e-6f, 4));
}

TEST(Normalize, ReadsBackwardsIfAsked) {
  const uint8_t in[] = {0, 51, 255};
  std::vector<float> out(3);
  normalize(in, 3, true, 0, 1, out.data());
  EXPECT_EQ(out, (std::vector<float>{1, 51.0f / 255, 0}));
}

}  // namespace
}  // namespace gtsa::kernels
