#include "learn/transfer/mixing.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "support/golden_torch.h"

namespace gtsa::transfer {
namespace {

using Mode = MixingOptions::Mode;
using ::testing::HasSubstr;

CutBox recorded_box(const nlohmann::json& box) { return {box.at("yl"), box.at("yh"), box.at("xl"), box.at("xh")}; }

/// The recorded draws as one Mix a sample, boxes made of lambda and centre.
std::vector<Mix> recorded_mixes(const nlohmann::json& c, int64_t batch, int64_t size) {
  const bool whole = c.at("mode") == "batch";
  const auto lam = whole ? std::vector<double>{c.at("lam")} : c.at("lam").get<std::vector<double>>();
  const auto cuts = whole ? std::vector<bool>{c.at("use_cutmix")} : c.at("use_cutmix").get<std::vector<bool>>();
  const auto centres = c.at("centers_y_x").get<std::vector<int64_t>>();
  std::vector<Mix> drawn;
  size_t box = 0;
  for (size_t i = 0; i < lam.size(); ++i) {
    Mix mix{.lambda = lam[i]};
    if (cuts[i] && lam[i] != 1) {
      mix.cut = cut_box(size, lam[i], centres[2 * box], centres[2 * box + 1]);
      EXPECT_EQ(*mix.cut, recorded_box(c.at("boxes").at(box)));
      mix.lambda = kept_share(*mix.cut, size);
      EXPECT_EQ(mix.lambda, c.at("boxes").at(box++).at("lam").get<double>());
    }
    drawn.push_back(mix);
  }
  std::vector<Mix> mixes;
  for (int64_t i = 0; i < batch; ++i) {
    mixes.push_back(drawn[static_cast<size_t>(whole ? 0 : c.at("mode") == "pair" ? std::min(i, batch - 1 - i) : i)]);
  }
  return mixes;
}

TEST(mixup_cutmix_GoldenTest, PicturesAndTargetsAreTheReferences) {
  GTSA_REQUIRE_GOLDEN("mixup_cutmix");
  const test::Golden golden("mixup_cutmix");
  const auto& config = golden.json().at("config");
  const at::Tensor images = test::golden_tensor(golden, "images"), labels = test::golden_tensor(golden, "labels");
  for (const auto& [name, c] : golden.json().at("cases").items()) {
    const auto mixes = recorded_mixes(c, images.size(0), images.size(2));
    const at::Tensor want = test::golden_tensor(golden, name + ".images"), got = mix_images(images, mixes);
    const bool copies_alone =
        std::all_of(mixes.begin(), mixes.end(), [](const Mix& mix) { return mix.cut.has_value(); });
    const at::Tensor over = (got - want).abs() - (copies_alone ? 0.0 : 1.0) * (want.abs() * 1e-6 + 1e-6);
    EXPECT_LE(over.max().item<float>(), 0) << name;
    EXPECT_LE(test::max_difference(mix_targets(labels, mixes, config.at("classes"), config.at("smoothing")),
                                   test::golden_tensor(golden, name + ".targets")),
              1e-6)
        << name;
  }
}

TEST(mixup_cutmix_GoldenTest, BoxesComeFromLambdaAndCentreAsInTheReference) {
  GTSA_REQUIRE_GOLDEN("mixup_cutmix");
  const test::Golden golden("mixup_cutmix");
  for (const auto& record : golden.json().at("draw_order_224")) {
    if (!record.at("use_cutmix").get<bool>()) continue;
    const auto& draws = record.at("draws");
    const double lambda = draws.at(2).at(2);
    const int64_t size = draws.at(3).at(2), y = draws.at(3).at(3), x = draws.at(4).at(3);
    const CutBox box = cut_box(size, lambda, y, x);
    const auto want = record.at("box_yl_yh_xl_xh").get<std::vector<int64_t>>();
    EXPECT_EQ(box, (CutBox{want[0], want[1], want[2], want[3]}));
    EXPECT_EQ(kept_share(box, size), record.at("lam").get<double>());
  }
}

TEST(Mixing, IsAPureFunctionOfItsKey) {
  const MixingOptions options{.mixup = 0.8, .cutmix = 1, .mode = Mode::elem};
  const auto draw = [&](const MixingKey& key) { return draw_mixing(options, 6, 32, key); };
  const MixingKey key{.seed = 1, .step = 7, .first_sample = 12};
  EXPECT_EQ(draw(key), draw(key));
  EXPECT_NE(draw(key), draw({.seed = 2, .step = 7, .first_sample = 12}));
  EXPECT_NE(draw(key), draw({.seed = 1, .step = 8, .first_sample = 12}));
  // A sample's own draw follows it into another micro-batch.
  EXPECT_EQ(draw(key)[2], draw({.seed = 1, .step = 7, .first_sample = 14})[0]);
}

TEST(Mixing, ModesShareDrawsByBatchPairOrNot) {
  MixingOptions options{.mixup = 0.8, .cutmix = 1};
  const auto draw = [&](Mode mode) {
    options.mode = mode;
    return draw_mixing(options, 8, 32, {.seed = 3});
  };
  const auto batch = draw(Mode::batch), pair = draw(Mode::pair), elem = draw(Mode::elem);
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(batch[i], batch[0]);
    EXPECT_EQ(pair[i], pair[7 - i]);
  }
  EXPECT_NE(pair[0], pair[1]);
  EXPECT_NE(elem[0], elem[7]);
}

TEST(Mixing, FollowsItsProbabilities) {
  const auto count = [](const MixingOptions& options) {
    int mixed = 0, cut = 0;
    for (const Mix& mix : draw_mixing(options, 4000, 32, {.seed = 5})) {
      mixed += mix != Mix{};
      cut += mix.cut.has_value();
    }
    return std::pair(mixed / 4000.0, cut / 4000.0);
  };
  const auto [mixed, cut] =
      count({.mixup = 1, .cutmix = 1, .probability = 0.75, .switch_share = 0.25, .mode = Mode::elem});
  EXPECT_NEAR(mixed, 0.75, 0.03);
  EXPECT_NEAR(cut, 0.75 * 0.25, 0.03);
  EXPECT_EQ(count({.mixup = 1, .mode = Mode::elem}), std::pair(1.0, 0.0));
  EXPECT_EQ(count({.cutmix = 1, .mode = Mode::elem}).second, 1);
  EXPECT_EQ(count({.mixup = 1, .cutmix = 1, .probability = 0, .mode = Mode::elem}), std::pair(0.0, 0.0));
}

TEST(Mixing, SidesFromMinToMaxKeepTheBoxInside) {
  const MixingOptions options{.mode = Mode::elem, .cutmix_minmax = std::pair(0.25, 0.75)};
  EXPECT_TRUE(options.on());
  for (const Mix& mix : draw_mixing(options, 500, 32, {.seed = 9})) {
    ASSERT_TRUE(mix.cut);
    const int64_t height = mix.cut->bottom - mix.cut->top, width = mix.cut->right - mix.cut->left;
    EXPECT_TRUE(8 <= height && height < 24 && 8 <= width && width < 24);
    EXPECT_TRUE(mix.cut->top >= 0 && mix.cut->bottom <= 32 && mix.cut->left >= 0 && mix.cut->right <= 32);
    EXPECT_DOUBLE_EQ(mix.lambda, 1 - static_cast<double>(height * width) / (32 * 32));
  }
}

TEST(Beta, HasTheMomentsOfItsParameter) {
  for (const double alpha : {0.2, 0.8, 1.0, 3.0}) {
    Rng rng({11, 0, 0, 0, Purpose::test});
    double sum = 0, squares = 0;
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i) {
      const double value = draw_beta(rng, alpha);
      ASSERT_TRUE(value >= 0 && value <= 1);
      sum += value;
      squares += value * value;
    }
    const double mean = sum / kDraws;
    EXPECT_NEAR(mean, 0.5, 0.01) << alpha;
    EXPECT_NEAR(squares / kDraws - mean * mean, 1 / (4 * (2 * alpha + 1)), 0.005) << alpha;
  }
}

TEST(Mixing, TargetsOfPartnersOfOneClassStayThatClass) {
  const at::Tensor targets = mix_targets(at::tensor({2, 2}, at::kLong), std::vector<Mix>(2, {.lambda = 0.3}), 4, 0.1);
  EXPECT_NEAR(targets[0][2].item<float>(), 0.925, 1e-6);
  EXPECT_NEAR(targets.sum().item<float>(), 2, 1e-6);
}

TEST(Mixing, LeavesItsInputAlone) {
  const at::Tensor images = at::rand({2, 3, 8, 8}), before = images.clone();
  mix_images(images, std::vector<Mix>(2, {.lambda = 0.5}));
  EXPECT_TRUE(at::equal(images, before));
}

TEST(Mixing, RefusesWhatCannotBeMixed) {
  const auto message = [](const auto& action) -> std::string {
    try {
      action();
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message([] { draw_mixing({.mixup = 1}, 3, 8, {}); }),
              HasSubstr("3 is odd: choose an even micro-batch, or switch mixup and cutmix off"));
  const MixingOptions bad{
      .mixup = -1, .cutmix = -2, .probability = 2, .switch_share = -1, .cutmix_minmax = std::pair(0.5, 0.25)};
  for (const char* part : {"mixup -1", "cutmix -2", "probability of 2", "share of -1", "from 0.5 to 0.25"})
    EXPECT_THAT(message([&] { bad.check(); }), HasSubstr(part));
  EXPECT_NO_THROW(MixingOptions{}.check());
  EXPECT_THAT(message([] { mixing_mode_named("pairs"); }), HasSubstr("choose batch, pair or elem"));
  for (const Mode mode : {Mode::batch, Mode::pair, Mode::elem}) EXPECT_EQ(mixing_mode_named(name_of(mode)), mode);
}

}  // namespace
}  // namespace gtsa::transfer
