#include "core/data/segment_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"

namespace gtsa::data {
namespace {

using image::LabelMap;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(LabelRule, ReducesZero) {
  const LabelRule rule{.classes = 150};
  EXPECT_THAT(classes_of({4, 1, {0, 1, 150, 255}}, rule), ElementsAre(kIgnored, 0, 149, kIgnored));
}

TEST(LabelRule, TakesNumbersAsTheyAre) {
  const LabelRule rule{.classes = 19, .reduce_zero = false};
  EXPECT_THAT(classes_of({3, 1, {0, 18, 255}}, rule), ElementsAre(0, 18, kIgnored));
}

TEST(LabelRule, Knows255AsAClassWhereItIsOne) {
  EXPECT_THAT(classes_of({2, 1, {255, 254}}, {.classes = 255}), ElementsAre(254, 253));
  EXPECT_THAT(classes_of({2, 1, {255, 254}}, {.classes = 255, .reduce_zero = false}), ElementsAre(kIgnored, 254));
  EXPECT_THAT(classes_of({2, 1, {255, 300}}, {.classes = 400, .reduce_zero = false}), ElementsAre(255, 300));
}

std::string refusal(const LabelMap& map, const LabelRule& rule) {
  try {
    classes_of(map, rule, "a/b.png");
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(LabelRule, NamesTheFirstLabelBeyondAndHowManyPixelsHaveIt) {
  const LabelMap map{3, 2, {0, 1, 9, 7, 9, 9}};
  EXPECT_EQ(refusal(map, {.classes = 6}),
            "a/b.png has label 9 on 3 pixels, first at (2, 0); labels are 0 (not counted) to 6, and 255 (not counted)");
  EXPECT_EQ(refusal(map, {.classes = 8, .reduce_zero = false}),
            "a/b.png has label 9 on 3 pixels, first at (2, 0); labels are 0 to 7, and 255 (not counted)");
  EXPECT_EQ(refusal(map, {.classes = 9}), "nothing");
  EXPECT_THAT(refusal({1, 1, {500}}, {.classes = 300}),
              HasSubstr("label 500 on 1 pixel, first at (0, 0); labels are 0 (not counted) to 300"));
}

TEST(LabelRule, HasClasses) {
  EXPECT_NO_THROW(LabelRule{.classes = 1}.check());
  EXPECT_THROW(LabelRule{}.check(), UsageError);
  EXPECT_THROW(LabelRule{.classes = 65'536}.check(), UsageError);
}

}  // namespace
}  // namespace gtsa::data
