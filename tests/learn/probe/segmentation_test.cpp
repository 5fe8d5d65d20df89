// The segmentation probe on small sets made here: perfect features, repeatability, and data sets with faults.

#include "learn/probe/segmentation.h"

#include <ATen/ops/avg_pool2d.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/image/encode.h"
#include "learn/dist/communicator.h"
#include "learn/nn/flat.h"
#include "learn/nn/init.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::probe {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kWidth = 96, kHeight = 72;
constexpr uint8_t kColours[3][3] = {{200, 30, 30}, {30, 200, 30}, {30, 30, 200}};

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void write_labels(const fs::path& path, const std::vector<uint8_t>& labels, int64_t width) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(width);
  header.height = static_cast<png_uint_32>(labels.size() / static_cast<size_t>(width));
  header.format = PNG_FORMAT_GRAY;
  ASSERT_NE(png_image_write_to_file(&header, path.c_str(), 0, labels.data(), 0, nullptr), 0) << header.message;
}

/// One picture of two fields, left and right of a line, with an unlabelled seam.
void write_pair(const fs::path& root, const std::string& split, const std::string& name, Rng& rng) {
  const int64_t seam = 24 + rng.below(48);
  const uint32_t left = rng.below(3), right = (left + 1 + rng.below(2)) % 3;
  image::Image picture(kWidth, kHeight);
  std::vector<uint8_t> labels(static_cast<size_t>(kWidth * kHeight));
  for (int64_t y = 0; y < kHeight; ++y) {
    for (int64_t x = 0; x < kWidth; ++x) {
      const uint32_t field = x < seam ? left : right;
      std::copy_n(kColours[field], 3, picture.row(y) + 3 * x);
      labels[static_cast<size_t>(y * kWidth + x)] =
          std::abs(x - seam) < 5 ? kUnlabelled : static_cast<uint8_t>(field + 1);
    }
  }
  image::write_png(real_files(), root / "images" / split / (name + ".png"), picture);
  write_labels(root / "annotations" / split / (name + ".png"), labels, kWidth);
}

/// A small set of ADE20K's layout with the classes red, green, blue.
class LabelledSet {
 public:
  LabelledSet() {
    Rng rng({.seed = 2});
    for (const auto& [split, count] : {std::pair{"training", 12}, {"validation", 4}}) {
      fs::create_directories(root() / "images" / split);
      fs::create_directories(root() / "annotations" / split);
      for (int i = 0; i < count; ++i) write_pair(root(), split, fmt::format("p{}", 10 + i), rng);
    }
    write_atomically(real_files(), root() / "classes.txt", "red\ngreen\nblue\n");
  }
  const fs::path& root() const { return folder_.path(); }
  fs::path annotation() const { return root() / "annotations" / "training" / "p11.png"; }

 private:
  test::TemporaryFolder folder_;
};

/// Features = mean colour of the patch.
Frozen frozen_colours() {
  return {32,
          4,
          [](const at::Tensor& images) {
            return at::avg_pool2d(images, {4, 4}).flatten(2).transpose(1, 2).contiguous();
          },
          {}};
}

SegmentationOptions quick() {
  SegmentationOptions options;
  options.head.batch = 4;
  options.head.lr = 0.05;
  options.repeats = 2;
  return options;
}

TEST(Segmentation, OfFeaturesThatTellTheClassesApartIsPerfect) {
  const LabelledSet set;
  const SegmentationResult result = probe_segmentation(frozen_colours(), set.root(), quick());
  EXPECT_GT(result.miou, 0.98);
  EXPECT_GT(result.pixel_accuracy, 0.98);
  EXPECT_GT(result.mean_accuracy, 0.98);
  EXPECT_EQ(result.per_class_iou.size(), 3U);
  EXPECT_THAT(result.classes, ElementsAre("red", "green", "blue"));
  EXPECT_EQ(result.training_pictures, 12);
  EXPECT_EQ(result.validation_pictures, 4);
}

TEST(Segmentation, IsRepeatable) {
  const LabelledSet set;
  SegmentationOptions options = quick();
  options.head.epochs = 2;
  options.head.lr = 1e-3;  // too little to get everything right
  const std::string once = to_json(probe_segmentation(frozen_colours(), set.root(), options)).dump();
  EXPECT_EQ(once, to_json(probe_segmentation(frozen_colours(), set.root(), options)).dump());
  options.head.seed = 1;
  EXPECT_NE(once, to_json(probe_segmentation(frozen_colours(), set.root(), options)).dump());
}

TEST(Segmentation, ClassThatIsNowhereHasNoIou) {
  const LabelledSet set;
  write_atomically(real_files(), set.root() / "classes.txt", "red\ngreen\nblue\nnothing\n");
  const SegmentationResult result = probe_segmentation(frozen_colours(), set.root(), quick());
  EXPECT_TRUE(std::isnan(result.per_class_iou[3]));
  EXPECT_GT(result.miou, 0.98);
  EXPECT_THAT(to_json(result).dump(), HasSubstr(R"(null],"classes":["red","green","blue","nothing"])"));
}

TEST(Segmentation, NamesTheAnnotationWithALabelBeyondTheClasses) {
  const LabelledSet set;
  std::vector<uint8_t> labels(static_cast<size_t>(kWidth * kHeight), 1);
  labels[static_cast<size_t>(3 * kWidth + 7)] = 200;
  write_labels(set.annotation(), labels, kWidth);
  EXPECT_THAT(message_of([&] { probe_segmentation(frozen_colours(), set.root(), quick()); }),
              HasSubstr("p11.png has label 200 on 1 pixel, first at (7, 3); labels are 0 (not counted) to 3"));
}

TEST(Segmentation, NamesTheAnnotationOfAnotherSize) {
  const LabelledSet set;
  write_labels(set.annotation(), std::vector<uint8_t>(50 * 40, 1), 50);
  EXPECT_THAT(message_of([&] { probe_segmentation(frozen_colours(), set.root(), quick()); }),
              HasSubstr("p11.png has 50 x 40 pixels, its picture"));
}

TEST(Segmentation, NamesWhatIsMissingOrUnreadable) {
  const LabelledSet set;
  const auto message = [&] { return message_of([&] { probe_segmentation(frozen_colours(), set.root(), quick()); }); };
  image::write_png(real_files(), set.annotation(), image::Image(kWidth, kHeight));
  EXPECT_THAT(message(), HasSubstr("p11.png"));  // three channels are no labels
  fs::remove(set.annotation());
  EXPECT_THAT(message(), HasSubstr("has no annotation"));
  fs::remove_all(set.root() / "annotations" / "validation");
  EXPECT_THAT(message(), HasSubstr("p11.png"));
  fs::remove(set.root() / "classes.txt");
  EXPECT_THAT(message(), HasSubstr("classes.txt"));
}

TEST(Segmentation, RefusesNumbersThatTrainNothing) {
  const LabelledSet set;
  SegmentationOptions options = quick();
  options.repeats = 0;
  EXPECT_THAT(message_of([&] { probe_segmentation(frozen_colours(), set.root(), options); }),
              HasSubstr("at least 1 head"));
}

TEST(Segmentation, RefusesMoreClassesThanItsLabelsHold) {
  const LabelledSet set;
  std::string names;
  for (int k = 0; k < 256; ++k) names += "class\n";
  write_atomically(real_files(), set.root() / "classes.txt", names);
  EXPECT_THAT(message_of([&] { probe_segmentation(frozen_colours(), set.root(), quick()); }),
              HasSubstr("has 256 classes: the segmentation probe tells 255 apart at most"));
}

TEST(SegmentationEvaluator, GivesTheProbesFigures) {
  const LabelledSet set;
  const SegmentationResult result = probe_segmentation(frozen_colours(), set.root(), quick());
  const auto ranks = dist::one_rank();
  const auto figures = segmentation_evaluator(frozen_colours, set.root(), quick())->evaluate({*ranks});
  ASSERT_EQ(figures.size(), 3U);
  EXPECT_EQ(figures[0].name, "probe_segment_miou");
  EXPECT_EQ(figures[0].value, result.miou);
  EXPECT_EQ(figures[1].name, "probe_segment_pixel_accuracy");
  EXPECT_EQ(figures[1].value, result.pixel_accuracy);
}

/// The original's random weights: 0.156 and 0.515, one seed. Ours spread by 0.005 over seeds of the weights.
TEST(Segmentation, OfRandomWeightsOnPhotographsIsNearTheOriginals) {
  const auto data = test::shared_folder("data");
  if (!data) GTEST_SKIP() << "no photographs";
  const nn::VitOptions options{
      .image_size = 64, .patch_size = 8, .embed_dim = 128, .depth = 6, .num_heads = 4, .drop_path = 0};
  nn::Vit vit = nn::make_vit(options);
  const nn::Flat memory = nn::bind(vit, false);
  nn::InitStreams streams{0};
  nn::init(vit, streams);
  SegmentationOptions one_head;
  one_head.repeats = 1;
  const SegmentationResult result = probe_segmentation(freeze(vit, nullptr), *data / "scenes-seg", one_head);
  EXPECT_NEAR(result.miou, 0.156, 0.015);
  EXPECT_NEAR(result.pixel_accuracy, 0.515, 0.02);
}

}  // namespace
}  // namespace gtsa::probe
