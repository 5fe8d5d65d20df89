// The correspondence probe: geometry against coordinate pictures, perfect and meaningless features, bad photographs,
// ranks.

#include "learn/probe/correspondence.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/data/image_folder.h"
#include "core/image/encode.h"
#include "learn/nn/flat.h"
#include "learn/nn/init.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::probe {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kSide = 64, kPatch = 8;

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// Red tells the column, green the row: 0 to 255 over the picture.
image::Image coordinate_picture(int64_t width, int64_t height) {
  image::Image picture(width, height);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      picture.row(y)[3 * x] = static_cast<uint8_t>(255 * x / (width - 1));
      picture.row(y)[3 * x + 1] = static_cast<uint8_t>(255 * y / (height - 1));
      picture.row(y)[3 * x + 2] = 0;
    }
  }
  return picture;
}

/// `count` coordinate pictures of several shapes in `folder`.
std::vector<fs::path> write_pictures(const test::TemporaryFolder& folder, int count) {
  std::vector<fs::path> paths;
  for (int i = 0; i < count; ++i) {
    paths.push_back(folder / fmt::format("p{}.png", 100 + i));
    image::write_png(real_files(), paths.back(), coordinate_picture(150 + 7 * (i % 5), 140 + 11 * (i % 3)));
  }
  return paths;
}

/// Crops and turns only.
CorrespondenceOptions without_colours() {
  CorrespondenceOptions options;
  options.views.colours.jitter_probability = 0;
  options.views.colours.grayscale_probability = 0;
  options.views.blur_probability = 0;
  return options;
}

/// Features that know their place in a coordinate picture: red and green of the patch as angles.
at::Tensor coordinate_features(const at::Tensor& images) {
  const at::Tensor mean = at::tensor({0.485F, 0.456F}).view({1, 2, 1, 1}),
                   deviation = at::tensor({0.229F, 0.224F}).view({1, 2, 1, 1});
  const at::Tensor shares = at::avg_pool2d(images.narrow(1, 0, 2) * deviation + mean, {kPatch, kPatch});
  const at::Tensor angles = shares.flatten(2).transpose(1, 2) * std::numbers::pi;
  return at::stack({angles.select(2, 0).cos(), angles.select(2, 0).sin(), angles.select(2, 1).cos(),
                    angles.select(2, 1).sin()},
                   2)
      .contiguous();
}

Frozen frozen_coordinates() { return {kSide, kPatch, coordinate_features, {}}; }

/// Features that know nothing.
Frozen frozen_noise() {
  auto calls = std::make_shared<uint64_t>(0);
  return {kSide,
          kPatch,
          [calls](const at::Tensor& images) {
            at::Tensor features = at::empty({images.size(0), (kSide / kPatch) * (kSide / kPatch), 6});
            Rng rng({.seed = 1, .sample = (*calls)++});
            for (int64_t i = 0; i < features.numel(); ++i)
              features.data_ptr<float>()[i] = static_cast<float>(rng.normal());
            return features;
          },
          {}};
}

data::ViewPlan plan_of(Rng& rng) {
  data::ViewPlan plan;
  plan.crop = {rng.below(60), rng.below(40), 20 + rng.below(80), 20 + rng.below(80)};
  plan.side = 32;
  plan.turn = static_cast<Turn>(rng.below(4));
  return plan;
}

TEST(CorrespondenceGeometry, ThereAndBackIsTheSamePlace) {
  Rng rng({.seed = 3});
  for (int i = 0; i < 200; ++i) {
    const data::ViewPlan plan = plan_of(rng);
    const Point place{rng.uniform(0, 32), rng.uniform(0, 32)};
    const Point again = to_view(to_photo(place, plan), plan);
    EXPECT_NEAR(again.x, place.x, 1e-9);
    EXPECT_NEAR(again.y, place.y, 1e-9);
  }
}

TEST(CorrespondenceGeometry, AgreesWithWhereAViewsPixelsComeFrom) {
  image::Image photo(200, 160);  // red = column, green = row
  for (int64_t y = 0; y < 160; ++y) {
    for (int64_t x = 0; x < 200; ++x) {
      photo.row(y)[3 * x] = static_cast<uint8_t>(x);
      photo.row(y)[3 * x + 1] = static_cast<uint8_t>(y);
      photo.row(y)[3 * x + 2] = 0;
    }
  }
  Rng rng({.seed = 4});
  for (int i = 0; i < 40; ++i) {
    const data::ViewPlan plan = plan_of(rng);
    const image::Image view = data::execute(photo, plan);
    for (const auto& [x, y] : {std::pair{5, 7}, {16, 3}, {27, 29}, {4, 26}}) {
      const Point place = to_photo({x + 0.5, y + 0.5}, plan);
      EXPECT_NEAR(view.row(y)[3 * x] + 0.5, place.x, 1.0) << degrees(plan.turn) << " degrees";
      EXPECT_NEAR(view.row(y)[3 * x + 1] + 0.5, place.y, 1.0) << degrees(plan.turn) << " degrees";
    }
  }
}

TEST(Correspondence, OfFeaturesThatKnowTheirPlaceIsPerfect) {
  const test::TemporaryFolder folder;
  const auto photos = write_pictures(folder, 12);
  const CorrespondenceResult result = probe_correspondence(frozen_coordinates(), photos, without_colours());
  EXPECT_GT(result.encoder, 0.99);
  EXPECT_FALSE(result.projector);
  EXPECT_EQ(result.photos, 12);
  EXPECT_GT(result.patches, 12 * 10);
}

TEST(Correspondence, OfMeaninglessFeaturesIsChance) {
  const test::TemporaryFolder folder;
  const auto photos = write_pictures(folder, 40);
  const CorrespondenceResult result = probe_correspondence(frozen_noise(), photos, without_colours());
  EXPECT_GT(result.chance, 0.04);
  EXPECT_LT(result.chance, 0.0625);  // four cells of 64, fewer at the border
  EXPECT_NEAR(result.encoder, result.chance, 0.03);
}

TEST(Correspondence, IsJudgedForTheProjectorToo) {
  const test::TemporaryFolder folder;
  const auto photos = write_pictures(folder, 6);
  Frozen network = frozen_noise();
  const auto coordinates = coordinate_features;
  at::Tensor last;
  network.encode = [&, noise = network.encode](const at::Tensor& images) { return last = coordinates(images); };
  network.project = [](const at::Tensor& tokens, nn::Grid grid) {
    EXPECT_EQ(grid.tokens(), tokens.size(1));
    return (tokens * 0 + 1).contiguous();  // all alike: always the first patch
  };
  const CorrespondenceResult result = probe_correspondence(network, photos, without_colours());
  EXPECT_GT(result.encoder, 0.99);
  ASSERT_TRUE(result.projector);
  EXPECT_LT(*result.projector, 0.2);
  EXPECT_THAT(to_json(result).dump(), HasSubstr(R"("projector":{"within_one_cell":)"));
}

TEST(Correspondence, IsTheSameForAnyThreadsAndItsSeedMatters) {
  const test::TemporaryFolder folder;
  const auto photos = write_pictures(folder, 9);
  CorrespondenceOptions options;
  const int before = threads();
  set_threads(1);
  const CorrespondenceResult alone = probe_correspondence(frozen_coordinates(), photos, options);
  set_threads(2);
  const CorrespondenceResult together = probe_correspondence(frozen_coordinates(), photos, options);
  set_threads(before);
  EXPECT_EQ(to_json(alone).dump(), to_json(together).dump());
  options.seed = 1;
  EXPECT_NE(to_json(alone).dump(), to_json(probe_correspondence(frozen_coordinates(), photos, options)).dump());
}

TEST(Correspondence, TakesTheFirstPhotographsOfTheList) {
  const test::TemporaryFolder folder;
  auto photos = write_pictures(folder, 9);
  CorrespondenceOptions options;
  options.photos = 4;
  const CorrespondenceResult of_many = probe_correspondence(frozen_coordinates(), photos, options);
  photos.resize(4);
  EXPECT_EQ(to_json(of_many).dump(), to_json(probe_correspondence(frozen_coordinates(), photos, options)).dump());
}

TEST(Correspondence, LeavesOutBadPhotographsByNameAndMovesNoOther) {
  const test::TemporaryFolder folder;
  auto photos = write_pictures(folder, 5);
  const CorrespondenceResult whole = probe_correspondence(frozen_coordinates(), photos, {});
  write_atomically(real_files(), folder / "torn.png", "no picture");
  photos.push_back(folder / "torn.png");
  const CorrespondenceResult result = probe_correspondence(frozen_coordinates(), photos, {});
  EXPECT_EQ(result.encoder, whole.encoder);
  EXPECT_EQ(result.photos, 5);
  EXPECT_THAT(result.skipped, ElementsAre(HasSubstr("torn.png")));
  EXPECT_THAT(to_json(result).dump(), HasSubstr("torn.png"));
}

TEST(Correspondence, RefusesWhatGivesNoNumber) {
  const test::TemporaryFolder folder;
  write_atomically(real_files(), folder / "torn.png", "no picture");
  const std::vector<fs::path> torn{folder / "torn.png"}, none;
  EXPECT_THAT(message_of([&] { probe_correspondence(frozen_coordinates(), torn, {}); }), HasSubstr("torn.png"));
  EXPECT_THAT(message_of([&] { probe_correspondence(frozen_coordinates(), none, {}); }),
              HasSubstr("the list is empty"));
  EXPECT_THAT(
      message_of([&] { probe_correspondence(frozen_coordinates(), torn, {.photos = 0, .views = {}, .decode = {}}); }),
      HasSubstr("at least 1 photograph"));
}

/// One of two ranks, run one after the other: what the first adds up, the second is given.
class HalfOfTwo final : public dist::Communicator {
 public:
  HalfOfTwo(int rank, std::vector<double>& others) : rank_(rank), others_(others) {}
  int rank() const override { return rank_; }
  int size() const override { return 2; }
  void sum(at::Tensor&) override {}
  void sum(std::span<double> values) override {
    others_.resize(values.size());
    for (size_t i = 0; i < values.size(); ++i) values[i] = others_[i] += values[i];
  }
  void any(std::span<uint8_t>) override {}
  void barrier() override {}

 private:
  int rank_;
  std::vector<double>& others_;
};

TEST(CorrespondenceEvaluator, GivesTheProbesFiguresForAnyNumberOfRanks) {
  const test::TemporaryFolder folder;
  const auto photos = write_pictures(folder, 40);
  const CorrespondenceResult whole = probe_correspondence(frozen_coordinates(), photos, {});
  std::vector<double> shared;
  std::vector<train::Figure> figures;
  for (const int rank : {1, 0}) {
    HalfOfTwo ranks(rank, shared);
    figures = correspondence_evaluator(frozen_coordinates, photos, {})->evaluate({ranks});
  }
  ASSERT_EQ(figures.size(), 2U);
  EXPECT_EQ(figures[0].name, "probe_correspondence_encoder");
  EXPECT_DOUBLE_EQ(figures[0].value, whole.encoder);
  EXPECT_EQ(figures[1].name, "probe_correspondence_chance");
  EXPECT_NEAR(figures[1].value, whole.chance, 1e-12);
}

/// The original's random weights: 0.115, one seed. Ours spread by 0.008 over seeds of the weights.
TEST(Correspondence, OfRandomWeightsOnPhotographsIsNearTheOriginals) {
  const auto data = test::shared_folder("data");
  if (!data) GTEST_SKIP() << "no photographs";
  const nn::VitOptions options{
      .image_size = 64, .patch_size = 8, .embed_dim = 128, .depth = 6, .num_heads = 4, .drop_path = 0};
  nn::Vit vit = nn::make_vit(options);
  const nn::Flat memory = nn::bind(vit, false);
  nn::InitStreams streams{0};
  nn::init(vit, streams);
  const std::vector<fs::path> folders{*data / "scenes-unlabeled" / "holdout"};
  const CorrespondenceResult result = probe_correspondence(freeze(vit, nullptr), data::ImageFolder(folders).files(),
                                                           {.photos = 100, .views = {}, .decode = {}});
  EXPECT_NEAR(result.encoder, 0.115, 0.02);
  EXPECT_NEAR(result.chance, 0.0576, 0.001);
}

}  // namespace
}  // namespace gtsa::probe
