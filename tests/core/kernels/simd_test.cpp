#include "core/kernels/simd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"

namespace gtsa::kernels {
namespace {

using ::testing::HasSubstr;

TEST(Simd, StartsWithThePlainReferenceAndUsesTheBestLevel) {
  const auto levels = simd_levels();
  ASSERT_FALSE(levels.empty());
  EXPECT_EQ(levels.front(), "scalar");
  force_simd_level(levels.back());
  EXPECT_EQ(simd_level(), levels.back());
  force_simd_level("");
}

TEST(Simd, AllowsNothingBetterThanTheForcedLevel) {
  for (const auto& level : simd_levels()) {
    force_simd_level(level);
    EXPECT_EQ(simd_level(), level);
    EXPECT_EQ(scalar_forced(), level == "scalar");
  }
  force_simd_level("");
}

TEST(Simd, RefusesAnUnknownLevelByNameAndKeepsTheOldOne) {
  force_simd_level("scalar");
  try {
    force_simd_level("altivec9");
    ADD_FAILURE() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("altivec9"));
    EXPECT_THAT(error.what(), HasSubstr("scalar"));
  }
  EXPECT_EQ(simd_level(), "scalar");
  force_simd_level("");
}

}  // namespace
}  // namespace gtsa::kernels
