#include "core/kernels/transpose.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/rng.h"
#include "core/kernels/every_level.h"

namespace gtsa::kernels {
namespace {

TEST(Transpose, GivesTheReferencesBytesAtEveryLevel) {
  constexpr int64_t kSides[] = {1, 2, 7, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100};
  Rng rng({.sample = 5});
  std::vector<uint8_t> in(110 * 110);
  for (auto& b : in) b = static_cast<uint8_t>(rng.bits());
  test::at_every_level([&] {
    for (const int64_t rows : kSides) {
      for (const int64_t columns : kSides) {
        const int64_t in_stride = columns + 3, out_stride = rows + 1;
        std::vector<uint8_t> want(static_cast<size_t>(columns * out_stride), 7), got = want;
        reference::transpose(in.data() + 1, in_stride, rows, columns, want.data(), out_stride);
        transpose(in.data() + 1, in_stride, rows, columns, got.data(), out_stride);
        ASSERT_EQ(got, want) << rows << " x " << columns;
      }
    }
  });
}

TEST(Transpose, MakesRowsOfColumns) {
  const uint8_t in[] = {1, 2, 3, 4, 5, 6};
  std::vector<uint8_t> out(6);
  transpose(in, 3, 2, 3, out.data(), 2);
  EXPECT_EQ(out, (std::vector<uint8_t>{1, 4, 2, 5, 3, 6}));
}

}  // namespace
}  // namespace gtsa::kernels
