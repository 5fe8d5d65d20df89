#include "core/kernels/select.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "core/base/rng.h"
#include "core/kernels/every_level.h"

namespace gtsa::kernels {
namespace {

using Places = std::vector<int32_t>;

template <class Select>
Places selected_by(const Select& select, const std::vector<float>& values, float threshold) {
  Places places(values.size(), -1);
  places.resize(
      static_cast<size_t>(select(values.data(), static_cast<int64_t>(values.size()), threshold, places.data())));
  return places;
}

std::vector<float> random_values(Rng& rng, size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = rng.uniform(-1, 1);
  return values;
}

TEST(SelectAbove, FindsWhatTheReferenceFindsAtEveryLevel) {
  test::at_every_level([] {
    Rng rng({.sample = 3});
    for (const size_t count : {0, 1, 3, 4, 7, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 1000}) {
      const auto values = random_values(rng, count);
      for (const float threshold : {-2.0F, -0.5F, 0.0F, 0.9F, 0.99F, 2.0F}) {
        ASSERT_EQ(selected_by(select_above, values, threshold), selected_by(reference::select_above, values, threshold))
            << count << " values above " << threshold;
      }
    }
  });
}

TEST(SelectAbove, LeavesOutEqualsAndWhatIsNoNumber) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
  std::vector<float> values{0.5F, kNan, 0.6F, kInf, -kInf, -0.0F, 0.7F, 0.5F};
  test::at_every_level([&] {
    for (int repeats = 0; repeats < 4; ++repeats) values.insert(values.end(), values.begin(), values.begin() + 8);
    EXPECT_EQ(selected_by(select_above, values, 0.5F).size(), values.size() / 8 * 3);
    EXPECT_EQ(selected_by(select_above, values, -kInf), selected_by(reference::select_above, values, -kInf));
    EXPECT_TRUE(selected_by(select_above, values, kInf).empty());
  });
}

}  // namespace
}  // namespace gtsa::kernels
