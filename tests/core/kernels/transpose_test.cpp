#include "core/kernels/transpose.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/rng.h"
#include "core/kernels/every_level.h"

namespace gtsa::kernels {
namespace {

template <class T>
class Transpose : public testing::Test {};
using Types = testing::Types<uint8_t, float>;
TYPED_TEST_SUITE(Transpose, Types);

TYPED_TEST(Transpose, GivesTheReferencesValuesAtEveryLevel) {
  constexpr int64_t kSides[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100};
  Rng rng({.sample = 5});
  std::vector<TypeParam> in(110 * 110);
  for (auto& value : in) value = static_cast<TypeParam>(rng.bits() & 0xFF);
  test::at_every_level([&] {
    for (const int64_t rows : kSides) {
      for (const int64_t columns : kSides) {
        const int64_t in_stride = columns + 3, out_stride = rows + 1;
        std::vector<TypeParam> want(static_cast<size_t>(columns * out_stride), 7), got = want;
        reference::transpose(in.data() + 1, in_stride, rows, columns, want.data(), out_stride);
        transpose(in.data() + 1, in_stride, rows, columns, got.data(), out_stride);
        ASSERT_EQ(got, want) << rows << " x " << columns;
      }
    }
  });
}

TYPED_TEST(Transpose, MakesRowsOfColumns) {
  const TypeParam in[] = {1, 2, 3, 4, 5, 6};
  std::vector<TypeParam> out(6);
  transpose(in, 3, 2, 3, out.data(), 2);
  EXPECT_EQ(out, (std::vector<TypeParam>{1, 4, 2, 5, 3, 6}));
}

}  // namespace
}  // namespace gtsa::kernels
