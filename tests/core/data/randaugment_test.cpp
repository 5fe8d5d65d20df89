#include "core/data/randaugment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "core/base/error.h"
#include "core/kernels/every_level.h"
#include "support/golden.h"

namespace gtsa::data {
namespace {

using test::Golden;
using ::testing::HasSubstr;

std::vector<Augmentation> all_operations() {
  std::vector<Augmentation> all;
  for (size_t i = 0; i < kAugmentations; ++i) all.push_back(static_cast<Augmentation>(i));
  return all;
}

Augmentation operation_named(const std::string& name) {
  for (const Augmentation operation : all_operations()) {
    if (name_of(operation, true) == name) return operation;
  }
  ADD_FAILURE() << "no operation " << name;
  return Augmentation::invert;
}

/// Operations that only look values up: exact wherever a tolerance is allowed.
bool is_look_up(const std::string& name) {
  static const std::set<std::string> kNames{"AutoContrast",        "Equalize",           "Invert",
                                            "PosterizeIncreasing", "SolarizeIncreasing", "SolarizeAdd"};
  return kNames.contains(name);
}

image::Image picture(const Golden& golden, const std::string& name) {
  const auto shape = golden.shape(name);
  const auto values = golden.values<uint8_t>(name);
  image::Image image(shape.at(1), shape.at(0));
  std::memcpy(image.row(0), values.data(), values.size());
  return image;
}

/// Largest difference of a value, and the share of values that differ.
struct Difference {
  int largest = 0;
  double share = 0;
};
Difference difference(const image::Image& a, const image::Image& b) {
  EXPECT_EQ(a.size(), b.size());
  Difference result;
  for (int64_t y = 0; y < a.height(); ++y) {
    for (int64_t i = 0; i < a.stride(); ++i) {
      const int off = std::abs(a.row(y)[i] - b.row(y)[i]);
      result.largest = std::max(result.largest, off);
      result.share += (off > 0) / static_cast<double>(a.height() * a.stride());
    }
  }
  return result;
}

image::Image executed(const std::vector<AugmentationStep>& steps, const image::Image& in,
                      image::Filter filter = image::Filter::bicubic) {
  image::Planes view(in);
  for (const AugmentationStep& step : steps) execute(step, filter, view);
  return view.interleaved();
}

double argument_in(const nlohmann::json& arguments) { return arguments.empty() ? 0 : arguments.at(0).get<double>(); }

void expect_argument(double got, double want, const std::string& what) {
  EXPECT_NEAR(got, want, 1e-12 * std::max(1.0, std::abs(want))) << what;
}

TEST(pillow_randaugment_GoldenTest, EveryCaseIsBitExact) {
  GTSA_REQUIRE_GOLDEN("pillow_randaugment");
  const Golden golden("pillow_randaugment");
  test::at_every_level([&] {
    for (const auto& c : golden.json().at("cases")) {
      if (c.contains("fill")) {
        EXPECT_EQ((c.at("fill").get<std::array<uint8_t, 3>>()), kAugmentationFill);
      }
      const auto filter = c.value("filter", "bicubic") == "bicubic" ? image::Filter::bicubic : image::Filter::bilinear;
      const AugmentationStep step{operation_named(c.at("op").get<std::string>()), c.value("arg", 0.0)};
      const image::Image got = executed({step}, picture(golden, c.at("in").get<std::string>()), filter);
      EXPECT_EQ(difference(got, picture(golden, c.at("out").get<std::string>())).largest, 0) << c.dump();
    }
  });
}

TEST(randaugment_levels_GoldenTest, EveryMagnitudeHasItsArguments) {
  GTSA_REQUIRE_GOLDEN("randaugment_levels");
  const Golden golden("randaugment_levels");
  const auto& json = golden.json();
  const RandAugmentPolicy policy = parse_randaugment(json.at("policy").get<std::string>());
  EXPECT_EQ(policy.operations, json.at("layers").get<int64_t>());
  EXPECT_EQ(policy.magnitude, json.at("magnitude_mean").get<double>());
  EXPECT_EQ(policy.deviation, json.at("magnitude_std").get<double>());
  EXPECT_EQ(policy.most, json.at("magnitude_clip").at(1).get<double>());
  EXPECT_EQ(json.at("ops").size(), kAugmentations);
  for (const auto& [name, rows] : json.at("ops").items()) {
    const Augmentation operation = operation_named(name);
    for (const auto& row : rows) {
      const auto magnitude = row.at(0).get<double>();
      const double plain = argument_of(operation, true, magnitude, false);
      if (row.size() > 2) {
        expect_argument(argument_of(operation, true, magnitude, true), row.at(1).get<double>(), name);
        expect_argument(plain, row.at(2).get<double>(), name);
      } else if (row.size() == 2) {
        expect_argument(plain, row.at(1).get<double>(), name);
      }
    }
  }
}

TEST(timm_randaug_GoldenTest, HasTheRecordedTable) {
  GTSA_REQUIRE_GOLDEN("timm_randaug");
  const Golden golden("timm_randaug");
  const auto& json = golden.json();
  const RandAugmentPolicy policy = parse_randaugment(json.at("policy").get<std::string>());
  EXPECT_EQ(policy.operations, json.at("ops_per_image").get<int64_t>());
  EXPECT_EQ(policy.most, json.at("magnitude_clip").at(1).get<double>());
  EXPECT_EQ((json.at("fill").get<std::array<uint8_t, 3>>()), kAugmentationFill);
  const auto& order = json.at("op_order");
  ASSERT_EQ(order.size(), kAugmentations);
  for (size_t i = 0; i < kAugmentations; ++i)
    EXPECT_EQ(name_of(static_cast<Augmentation>(i), true), order.at(i).get<std::string>());
  for (const auto& [name, rows] : json.at("table").items()) {
    const Augmentation operation = operation_named(name);
    for (const auto& row : rows) {
      const auto magnitude = row.at("magnitude").get<double>();
      expect_argument(argument_of(operation, true, magnitude, false), argument_in(row.at("keep")), name);
      expect_argument(argument_of(operation, true, magnitude, true), argument_in(row.at("negate")), name);
    }
  }
}

void expect_close(const image::Image& got, const image::Image& want, bool exact, const std::string& what) {
  const Difference off = difference(got, want);
  EXPECT_LE(off.largest, exact ? 0 : 1) << what;
  EXPECT_LE(off.share, 0.01) << what;
}

TEST(timm_randaug_images_GoldenTest, EveryOperationGivesTheRecordedPicture) {
  GTSA_REQUIRE_GOLDEN("timm_randaug_images");
  const Golden golden("timm_randaug_images");
  const image::Image in = picture(golden, "image");
  for (const auto& [tensor, c] : golden.json().at("ops").items()) {
    const auto name = c.at("op").get<std::string>();
    const Augmentation operation = operation_named(name);
    const bool negated = tensor.find(".negate.") != std::string::npos;
    const AugmentationStep step{operation, argument_of(operation, true, c.at("magnitude").get<double>(), negated)};
    expect_argument(step.argument, argument_in(c.at("args")), tensor);
    expect_close(executed({step}, in), picture(golden, tensor), is_look_up(name), tensor);
  }
}

/// The recorded draws of one run; `draws` has what timm drew, in its order, and no more.
std::vector<AugmentationStep> replayed(const nlohmann::json& run, const RandAugmentPolicy& policy) {
  std::vector<AugmentationStep> steps;
  const auto& draws = run.at("draws");
  size_t next = 0;
  for (const auto& name : run.at("ops")) {
    AugmentationDraw draw{.operation = operation_named(name.get<std::string>())};
    draw.skip = draws.at(next++).at(1).get<double>();
    if (draw.skip <= 0.5) {
      draw.magnitude = draws.at(next++).at(3).get<double>();
      if (is_signed(draw.operation, policy.increasing)) draw.negate = draws.at(next++).at(1).get<double>();
    }
    if (const auto step = step_of(draw, policy)) steps.push_back(*step);
  }
  EXPECT_EQ(next, draws.size()) << run.dump();
  return steps;
}

TEST(timm_randaug_images_GoldenTest, WholeRunsGiveTheRecordedPictures) {
  GTSA_REQUIRE_GOLDEN("timm_randaug_images");
  const Golden golden("timm_randaug_images");
  const image::Image in = picture(golden, "image");
  const RandAugmentPolicy policy = parse_randaugment("rand-m9-mstd0.5-inc1");
  const auto& runs = golden.json().at("runs");
  for (size_t i = 0; i < runs.size(); ++i) {
    const std::string tensor = "run." + std::to_string(i);
    bool exact = true;
    for (const auto& name : runs.at(i).at("ops")) exact = exact && is_look_up(name.get<std::string>());
    expect_close(executed(replayed(runs.at(i), policy), in), picture(golden, tensor), exact, tensor);
  }
}

std::string refusal(const std::string& policy) {
  try {
    parse_randaugment(policy);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing";
}

TEST(RandAugmentPolicy, IsReadFromItsText) {
  EXPECT_EQ(parse_randaugment("rand"), RandAugmentPolicy{});
  EXPECT_EQ(parse_randaugment("rand-m9-mstd0.5-inc1"),
            (RandAugmentPolicy{.operations = 2, .magnitude = 9, .deviation = 0.5, .most = 10, .increasing = true}));
  EXPECT_EQ(parse_randaugment("rand-n3-m7-mmax8"),
            (RandAugmentPolicy{.operations = 3, .magnitude = 7, .deviation = 0, .most = 8, .increasing = false}));
  EXPECT_TRUE(std::isinf(parse_randaugment("rand-mstd101").deviation));
  EXPECT_EQ(parse_randaugment("rand-mstd100").deviation, 100);
  EXPECT_TRUE(parse_randaugment("rand-inc0").increasing) << "timm looks for a text, not for its number";
}

TEST(RandAugmentPolicy, NamesTheKeyThatItRefuses) {
  EXPECT_THAT(refusal(""), HasSubstr("begins with \"rand\""));
  EXPECT_THAT(refusal("augmix-m3"), HasSubstr("begins with \"rand\", not \"augmix-m3\""));
  EXPECT_THAT(refusal("rand-x3"), HasSubstr("there is no key \"x\""));
  EXPECT_THAT(refusal("rand-3"), HasSubstr("there is no key \"3\""));
  EXPECT_THAT(refusal("rand--m9"), HasSubstr("there is no key"));
  EXPECT_THAT(refusal("rand-w0"), HasSubstr("weighted choices (\"w0\")"));
  EXPECT_THAT(refusal("rand-m"), HasSubstr("\"m\" is no key with a number"));
  EXPECT_THAT(refusal("rand-m9x"), HasSubstr("\"m9x\" is no key with a number"));
  EXPECT_THAT(refusal("rand-m11"), HasSubstr("\"m11\" wants a whole number from 0 to 10"));
  EXPECT_THAT(refusal("rand-m2.5"), HasSubstr("whole number"));
  EXPECT_THAT(refusal("rand-n0"), HasSubstr("whole number from 1 to 100"));
  EXPECT_THAT(refusal("rand-mmax99"), HasSubstr("whole number"));
  EXPECT_THAT(refusal("rand-inc"), HasSubstr("\"inc\" is no key with a number"));
  EXPECT_THAT(refusal("rand-mstd1e999"), HasSubstr("is no key with a number"));
  EXPECT_THAT(refusal("rand-m9-m8"), HasSubstr("the key of \"m8\" stands there twice"));
}

TEST(RandAugmentPolicy, HasTimmsOtherRulesWithoutInc) {
  EXPECT_EQ(name_of(Augmentation::solarize, false), "Solarize");
  EXPECT_EQ(argument_of(Augmentation::posterize, false, 9, false), 3);
  EXPECT_EQ(argument_of(Augmentation::solarize, false, 9, false), 230);
  EXPECT_NEAR(argument_of(Augmentation::color, false, 9, true), 0.1 + 0.18 * 9, 1e-12) << "unsigned";
  EXPECT_FALSE(is_signed(Augmentation::color, false));
  EXPECT_TRUE(is_signed(Augmentation::color, true));
  EXPECT_THROW(argument_of(static_cast<Augmentation>(15), true, 9, false), BugError);
}

TEST(RandAugment, DrawsEveryOperationAlikeAndHalfOfThem) {
  const RandAugmentPolicy policy = parse_randaugment("rand-m9-mstd0.5-inc1");
  std::map<Augmentation, int> counts;
  int negated = 0, signs = 0, steps = 0;
  constexpr uint64_t kPictures = 15'000;
  for (uint64_t i = 0; i < kPictures; ++i) {
    Rng rng({.sample = i, .purpose = Purpose::randaugment});
    for (const AugmentationStep& step : draw_randaugment(rng, policy)) {
      ++counts[step.operation];
      ++steps;
      if (step.operation != Augmentation::rotate) continue;
      ++signs;
      negated += step.argument < 0;
      ASSERT_LE(std::abs(step.argument), 30);
      ASSERT_GE(std::abs(step.argument), 3 * 6.5);
    }
  }
  EXPECT_NEAR(steps, kPictures, 400);
  for (const Augmentation operation : all_operations()) EXPECT_NEAR(counts[operation], 1000, 130);
  EXPECT_NEAR(negated / static_cast<double>(signs), 0.5, 0.06);
}

TEST(RandAugment, TakesUniformMagnitudesBelowTheMeanWithALargeDeviation) {
  const RandAugmentPolicy policy = parse_randaugment("rand-m8-mstd101");
  double sum = 0, most = 0;
  int count = 0;
  for (uint64_t i = 0; i < 5000; ++i) {
    Rng rng({.sample = i, .purpose = Purpose::randaugment});
    for (const AugmentationStep& step : draw_randaugment(rng, policy)) {
      if (step.operation != Augmentation::color) continue;
      const double magnitude = (step.argument - 0.1) / 0.18;
      sum += magnitude;
      most = std::max(most, magnitude);
      ++count;
    }
  }
  EXPECT_NEAR(sum / count, 4, 0.5);
  EXPECT_LE(most, 8);
  EXPECT_GT(most, 7.5);
}

TEST(RandAugment, ClipsMagnitudes) {
  const RandAugmentPolicy policy = parse_randaugment("rand-m9-mmax5-inc1");
  const AugmentationDraw draw{.operation = Augmentation::rotate, .skip = 0.5, .magnitude = 9, .negate = 0.5};
  EXPECT_EQ(step_of(draw, policy), (AugmentationStep{Augmentation::rotate, 15}));
  AugmentationDraw below = draw;
  below.magnitude = -2;
  EXPECT_EQ(step_of(below, policy)->argument, 0);
  below.skip = 0.51;
  EXPECT_EQ(step_of(below, policy), std::nullopt);
}

}  // namespace
}  // namespace gtsa::data
