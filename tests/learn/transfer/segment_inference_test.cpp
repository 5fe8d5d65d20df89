#include "learn/transfer/segment_inference.h"

#include <ATen/ops/from_blob.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <numeric>
#include <span>

#include "core/base/error.h"
#include "learn/transfer/segment_network.h"
#include "learn/transfer/small_segments.h"
#include "support/golden_torch.h"

namespace gtsa::transfer {
namespace {

using test::golden_tensor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// All logits of a field: [classes, height, width].
at::Tensor all_logits(const LogitField& field) {
  const auto [width, height] = field.size();
  at::Tensor logits = at::empty({height, width, field.classes}, at::kFloat);
  std::vector<float> scratch;
  for (int64_t y = 0; y < height; ++y) {
    field.logits(y, {logits[y].data_ptr<float>(), static_cast<size_t>(width * field.classes)}, scratch);
  }
  return logits.permute({2, 0, 1});
}

/// The recorded network after its step, and the picture that it is shown.
class Recorded {
 public:
  Recorded() : golden_("semfpn_step_tiny"), settings_(golden_.json().at("settings")) {
    segmenter_ = make_segmenter({.vit = {.image_size = settings_.at("img_size").at(0),
                                         .patch_size = settings_.at("patch"),
                                         .embed_dim = settings_.at("embed"),
                                         .depth = settings_.at("depth"),
                                         .num_heads = settings_.at("heads"),
                                         .drop_path = 0},
                                 .taps = settings_.at("out_indices"),
                                 .neck_width = settings_.at("neck"),
                                 .head_width = settings_.at("channels"),
                                 .classes = settings_.at("classes")});
    flat_ = nn::bind(segmenter_, false);
    test::load_golden(golden_, "param_after/", nn::parameters(segmenter_));
    test::load_golden(golden_, "buffer_after/", [&](const nn::Walk& visit) { segmenter_.walk_buffers(visit); });
    const std::vector<int64_t> shape = golden_.shape("eval/image2");
    view_ = {{shape.at(3), shape.at(2)}, false};
    pixels_ = golden_tensor(golden_, "eval/image2")[0];
    const auto original = settings_.at("ori2").get<std::vector<int64_t>>();
    photo_ = {original.at(1), original.at(0)};
  }
  LogitField field(const std::vector<int64_t>& crop, const std::vector<int64_t>& stride) const {
    const auto pixels = [&](const Rect& window, std::span<float> chw) {
      at::from_blob(chw.data(), {3, window.height, window.width})
          .copy_(pixels_.narrow(1, window.top, window.height).narrow(2, window.left, window.width));
    };
    return logit_field(segmenter_, view_, pixels, photo_, WindowAxis(view_.size.height, crop.at(0), stride.at(0)),
                       WindowAxis(view_.size.width, crop.at(1), stride.at(1)));
  }
  LogitField whole() const {
    const std::vector<int64_t> all{view_.size.height, view_.size.width};
    return field(all, all);
  }
  at::Tensor want(const std::string& name) const { return golden_tensor(golden_, "eval/image2_" + name); }
  const nlohmann::json& settings() const { return settings_; }

 private:
  test::Golden golden_;
  nlohmann::json settings_;
  Segmenter segmenter_;
  nn::Flat flat_;
  SegmentView view_;
  at::Tensor pixels_;  ///< of all of the view
  Size photo_;
};

void expect_near(const at::Tensor& got, const at::Tensor& want) {
  EXPECT_LE(test::max_difference(got, want), 1e-4 * want.abs().max().item<double>());
}

TEST(semfpn_step_tiny_GoldenTest, SegmentsAPhotographAsAWhole) {
  GTSA_REQUIRE_GOLDEN("semfpn_step_tiny");
  const Recorded recorded;
  const LogitField field = recorded.whole();
  const at::Tensor want = recorded.want("whole_logits")[0], classes = recorded.want("whole_argmax");
  expect_near(all_logits(field), want);
  const auto two = std::get<0>(want.topk(2, 0));
  const at::Tensor margin = two[0] - two[1];
  const image::LabelMap map = classes_of({&field, 1});
  ASSERT_EQ(map.size(), (Size{classes.size(1), classes.size(0)}));
  for (int64_t y = 0; y < map.height; ++y) {
    for (int64_t x = 0; x < map.width; ++x) {
      if (margin[y][x].item<float>() <= 1e-3F) continue;
      ASSERT_EQ(map.row(y)[x], classes[y][x].item<int64_t>()) << x << ", " << y;
    }
  }
}

TEST(semfpn_step_tiny_GoldenTest, SegmentsAPhotographInWindows) {
  GTSA_REQUIRE_GOLDEN("semfpn_step_tiny");
  const Recorded recorded;
  const LogitField field = recorded.field(recorded.settings().at("slide_crop"), recorded.settings().at("slide_stride"));
  expect_near(all_logits(field), recorded.want("slide_logits")[0]);
}

const SegmentInferenceOptions kSmall{.scale = {64, 32}, .crop = 32, .stride = 21};

TEST(SegmentInference, GivesEveryPixelAClassWhateverTheSize) {
  const test::SmallSegmenter small;
  for (const Size size : {Size{1, 1}, Size{2, 300}, Size{61, 47}, Size{200, 30}}) {
    const test::Painted picture = test::painted({std::max<int64_t>(size.width, 8), size.height}, 1);
    for (const bool slide : {false, true}) {
      SegmentInferenceOptions options = kSmall;
      options.slide = slide;
      const image::LabelMap map = segment(small.network, picture.photo, options);
      EXPECT_EQ(map.size(), picture.photo.size());
      EXPECT_LT(*std::max_element(map.values.begin(), map.values.end()), 3);
    }
  }
}

TEST(SegmentInference, OfOneWindowIsThatOfTheWhole) {
  const test::SmallSegmenter small;
  const test::Painted picture = test::painted({50, 50}, 2);
  SegmentInferenceOptions options = kSmall;
  const image::LabelMap whole = segment(small.network, picture.photo, options);
  options.slide = true;
  options.crop = 500;
  EXPECT_EQ(segment(small.network, picture.photo, options), whole);
}

TEST(SegmentInference, OfManyWindowsIsTheSameHoweverManyGoAtOnce) {
  const test::SmallSegmenter small;
  const test::Painted picture = test::painted({200, 90}, 2);
  SegmentInferenceOptions options = kSmall;
  options.slide = true;
  const SegmentView view = segment_views({200, 90}, options).at(0);
  const auto field = logit_fields(small.network, picture.photo, options).at(0);
  // The windows one by one.
  const WindowAxis columns = windows_along(view.size.width, options);
  ASSERT_GT(columns.starts.size(), 2U);
  const int64_t cells = field.cell_columns / std::ssize(columns.starts);
  for (size_t w = 0; w < columns.starts.size(); ++w) {
    const Size part{columns.window, view.size.height};
    const auto pixels = [&](const Rect& window, std::span<float> chw) {
      EXPECT_EQ(window, (Rect{0, 0, part.width, part.height}));
      data::segment_input_into(picture.photo, view.size, false, {columns.starts[w], 0, part.width, part.height}, chw);
    };
    const LogitField alone = logit_field(small.network, {part, false}, pixels, part, windows_along(part.height, kSmall),
                                         windows_along(part.width, kSmall));
    ASSERT_EQ(alone.cell_columns, cells);
    for (int64_t row = 0; row < alone.rows.size() / 8; ++row) {
      for (int64_t i = 0; i < cells * 3; ++i) {
        const auto at = static_cast<size_t>((row * field.cell_columns + static_cast<int64_t>(w) * cells) * 3 + i);
        ASSERT_NEAR(field.cells[at], alone.cells[static_cast<size_t>(row * cells * 3 + i)], 1e-5);
      }
    }
  }
}

TEST(SegmentInference, LooksAtEveryRatioUprightAndMirrored) {
  SegmentInferenceOptions options = kSmall;
  options.flip = true;
  options.ratios = {0.5, 1};
  const auto views = segment_views({60, 30}, options);
  ASSERT_EQ(views.size(), 4U);
  EXPECT_EQ(views[0].size, (Size{32, 16}));
  EXPECT_EQ(views[2].size, (Size{64, 32}));
  EXPECT_TRUE(views[3].flipped);
  EXPECT_FALSE(views[2].flipped);
  const test::SmallSegmenter small;
  const test::Painted picture = test::painted({60, 30}, 3);
  EXPECT_EQ(segment(small.network, picture.photo, options).size(), picture.photo.size());
}

TEST(SegmentInference, OfAMirroredPhotographIsMirroredWhenBothWaysAreAveraged) {
  const test::SmallSegmenter small;
  const test::Painted picture = test::painted({64, 32}, 4);
  image::Image mirror = picture.photo.clone();
  for (int64_t y = 0; y < 32; ++y) {
    for (int64_t x = 0; x < 64; ++x) std::copy_n(picture.photo.row(y) + 3 * (63 - x), 3, mirror.row(y) + 3 * x);
  }
  SegmentInferenceOptions options = kSmall;
  options.flip = true;
  const image::LabelMap upright = segment(small.network, picture.photo, options);
  const image::LabelMap mirrored = segment(small.network, mirror, options);
  int64_t same = 0;
  for (int64_t y = 0; y < 32; ++y) {
    for (int64_t x = 0; x < 64; ++x) same += upright.row(y)[x] == mirrored.row(y)[63 - x];
  }
  EXPECT_GE(same, 64 * 32 - 2) << "all but ties";
}

TEST(SegmentInference, RefusesWhatCannotBeNamingAllOfIt) {
  SegmentInferenceOptions options{.scale = {0, 512}, .crop = 100'000, .stride = 100'001, .ratios = {1, 0, 17}};
  try {
    options.check();
    FAIL() << "no error";
  } catch (const UsageError& error) {
    for (const char* part :
         {"a scale of 0 x 512", "windows of 100000", "windows every 100001", "a ratio of 0", "a ratio of 17"}) {
      EXPECT_THAT(error.what(), HasSubstr(part));
    }
  }
  options = {.ratios = {}};
  EXPECT_THROW(options.check(), UsageError);
}

/// Photographs by number; every third one is bad.
data::LabelledPhoto third_is_bad(int64_t file) {
  if (file % 3 == 1) throw Error("{}.jpg is empty", file);
  return {test::painted({30 + file, 20}, static_cast<uint64_t>(file)).photo, {}};
}

class SegmentStream : public ::testing::Test {
 protected:
  SegmentStreamResult run(int64_t files, int workers, double max_bad_share = 1,
                          const dist::Communicator* ranks = nullptr, bool keep_pixels = false) {
    const auto alone = dist::one_rank();
    return for_each_segmented(
        small.network, files, third_is_bad,
        {.inference = kSmall, .workers = workers, .max_bad_share = max_bad_share, .keep_pixels = keep_pixels},
        ranks != nullptr ? *ranks : *alone, [&](SegmentedPhoto&& photo) {
          EXPECT_EQ(photo.size, (Size{30 + photo.file, 20}));
          EXPECT_EQ(photo.classes.size(), photo.size);
          EXPECT_EQ(photo.read.photo.empty(), !keep_pixels);
          ++finished;
          return [&, photo = std::make_shared<SegmentedPhoto>(std::move(photo))] {
            order.push_back(photo->file);
            maps.push_back(std::move(photo->classes));
          };
        });
  }
  test::SmallSegmenter small;
  std::atomic<int> finished = 0;
  std::vector<int64_t> order;
  std::vector<image::LabelMap> maps;
};

TEST_F(SegmentStream, IsInOrderAndTheSameForAnyNumberOfWorkers) {
  const SegmentStreamResult result = run(10, 1);
  EXPECT_THAT(order, ElementsAre(0, 2, 3, 5, 6, 8, 9));
  EXPECT_THAT(result.skipped, ElementsAre("1.jpg is empty", "4.jpg is empty", "7.jpg is empty"));
  EXPECT_GT(result.network_share, 0);
  const auto one = std::move(maps);
  const auto first_order = std::move(order);
  maps.clear();
  order.clear();
  run(10, 5, 1, nullptr, /*keep_pixels=*/true);
  EXPECT_EQ(order, first_order);
  EXPECT_EQ(maps, one);
  EXPECT_EQ(finished, 14);
}

TEST_F(SegmentStream, FinishesOnePhotographAtATimeWhereItsAnswersAreLarge) {
  const test::SmallSegmenter many(/*classes=*/2000);
  std::vector<int> told_before(3);
  std::atomic<int> told = 0;
  // 80 x 80 x 2000 floats each.
  for_each_segmented(
      many.network, 3,
      [](int64_t file) {
        return data::LabelledPhoto{test::painted({16, 16 + file}, 1).photo, {}};
      },
      {.inference = {.slide = true, .scale = {640, 640}, .crop = 64, .stride = 64}, .workers = 4}, *dist::one_rank(),
      [&](SegmentedPhoto&& photo) {
        told_before[static_cast<size_t>(photo.file)] = told;
        return [&] { ++told; };
      });
  EXPECT_THAT(told_before, ElementsAre(0, 1, 2));
}

TEST_F(SegmentStream, OfNothingIsNothing) { EXPECT_TRUE(run(0, 1).skipped.empty()); }

TEST_F(SegmentStream, EndsWhenTooManyAreBad) {
  try {
    run(100, 2, 0.02);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("3 of 100 files cannot be used, more than the share of 0.02"));
    EXPECT_THAT(error.what(), HasSubstr("1.jpg is empty; 4.jpg is empty; 7.jpg is empty"));
  }
}

TEST_F(SegmentStream, OfBadFilesAloneSaysSo) {
  const auto alone = dist::one_rank();
  try {
    for_each_segmented(small.network, 7,
                       [](int64_t file) -> data::LabelledPhoto { throw Error("{}.jpg is empty", file); },
                       {.inference = kSmall, .max_bad_share = 1}, *alone, {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("none of the 7 files can be used: 0.jpg is empty"));
    EXPECT_THAT(error.what(), HasSubstr("; and 2 more"));
  }
}

TEST_F(SegmentStream, HandsOnWhatFinishingThrows) {
  const auto alone = dist::one_rank();
  EXPECT_THROW(for_each_segmented(
                   small.network, 6, [](int64_t) { return third_is_bad(0); }, {.inference = kSmall}, *alone,
                   [](SegmentedPhoto&&) -> std::function<void()> { throw Error("the disk is full"); }),
               Error);
}

}  // namespace
}  // namespace gtsa::transfer
