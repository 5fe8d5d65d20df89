// eval and predict segment as their users meet them, with a network of random weights.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "core/data/segment_labels.h"
#include "core/formats/safetensors.h"
#include "core/image/decode.h"
#include "core/image/encode.h"
#include "core/metrics/segmentation.h"
#include "learn/transfer/segment_network.h"
#include "learn/transfer/segment_scores.h"
#include "learn/transfer/segmenter_file.h"
#include "learn/transfer/small_segments.h"
#include "program/process.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// AddressSanitizer keeps freed memory.
#ifdef __SANITIZE_ADDRESS__
constexpr int64_t kFreed = int64_t{512} << 20;
#else
constexpr int64_t kFreed = 0;
#endif

class SegmentUse : public ::testing::Test {
 protected:
  SegmentUse() {
    write_small_segments(folder_ / "colours", 5);
    SmallSegmenter small;
    transfer::write_segmenter(real_files(), folder_ / "net.safetensors", small.network,
                              {.names = {"red", "green", "blue"}, .scale = {64, 32}});
  }
  Ended gtsa(const std::vector<std::string>& words) const { return run_gtsa({words, folder_.path()}); }
  static std::vector<std::string> eval(const std::vector<std::string>& more) {
    return with({"eval", "segment", "--weights", "net.safetensors", "--data", "colours", "--threads", "1"}, more);
  }
  static std::vector<std::string> predict(const std::vector<std::string>& more) {
    return with({"predict", "segment", "--weights", "net.safetensors", "--threads", "1"}, more);
  }
  nlohmann::json scores(const std::vector<std::string>& more) const {
    const Ended ended = gtsa(eval(with({"--json"}, more)));
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return nlohmann::json::parse(ended.out);
  }
  std::string refusal(const std::vector<std::string>& words, int exit_code) const {
    const Ended ended = gtsa(words);
    EXPECT_EQ(ended.exit_code, exit_code) << ended.err;
    return ended.err;
  }

  /// Of the validation split's second picture.
  const std::string kLabels = "colours/annotations/validation/1.png";
  TemporaryFolder folder_;
};

TEST_F(SegmentUse, EvaluationScoresWhatPredictionWrites) {
  const Ended evaluated = gtsa(eval({"--json", "--confusion", "val.png"}));
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  const auto json = nlohmann::json::parse(evaluated.out);
  const Ended predicted = gtsa(predict({"colours/images/validation", "--out", "maps"}));
  ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
  metrics::ConfusionMatrix confusion(3);
  for (int i = 0; i < 5; ++i) {
    const auto name = fmt::format("{}.png", i);
    const auto truth = image::read_label_map(folder_ / "colours/annotations/validation" / name, 1 << 20);
    image::LabelMap map = image::read_label_map(folder_ / "maps" / name, 1 << 20);
    ASSERT_EQ(map.size(), truth.size());
    for (uint16_t& number : map.values) number = static_cast<uint16_t>(number - 1);  // stored as the data set does
    confusion.add(data::classes_of(truth, {3, true}), map.values, data::kIgnored);
  }
  const metrics::SegmentationScores scores = confusion.scores();
  EXPECT_DOUBLE_EQ(json.at("miou"), scores.miou);
  EXPECT_DOUBLE_EQ(json.at("mean_accuracy"), scores.mean_accuracy);
  EXPECT_DOUBLE_EQ(json.at("pixel_accuracy"), scores.pixel_accuracy);
  EXPECT_EQ(json.at("pictures"), 5);
  EXPECT_TRUE(json.at("iou_by_class").contains("green"));
  EXPECT_GT(json.at("seconds"), 0);
  EXPECT_GT(fs::file_size(folder_ / "val.png"), 100U);
  const std::string text = gtsa(eval({})).out;
  EXPECT_THAT(text, HasSubstr("5 pictures of colours (validation)"));
  EXPECT_THAT(text, HasSubstr(fmt::format("mIoU                          {:.4f}", scores.miou)));
}

TEST_F(SegmentUse, EvaluationLooksInWindowsMirroredAndAtSeveralScales) {
  const auto miou = [&](const std::vector<std::string>& more) {
    const Ended ended = gtsa(eval(with({"--json"}, more)));
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return nlohmann::json::parse(ended.out).at("miou").get<double>();
  };
  const double whole = miou({});
  EXPECT_EQ(miou({"--slide", "--crop", "512"}), whole) << "one window is the whole";
  EXPECT_GE(miou({"--slide", "--crop", "16", "--stride", "8"}), 0);
  EXPECT_GE(miou({"--flip", "--ratios", "0.5,1"}), 0);
  EXPECT_GE(miou({"--scale", "128,64", "--split", "training"}), 0);
  EXPECT_THAT(refusal(eval({"--scale", "128"}), 2), HasSubstr("--scale wants two numbers"));
  EXPECT_THAT(refusal(eval({"--ratios", "0"}), 2), HasSubstr("a ratio of 0"));
  EXPECT_THAT(refusal(eval({"--crop", "16", "--stride", "17"}), 2), HasSubstr("windows every 17 pixels"));
}

TEST_F(SegmentUse, EvaluationRefusesDataOfOtherClassesAndSkipsFewBadFiles) {
  fs::copy(folder_ / "colours", folder_ / "two", fs::copy_options::recursive);
  write_atomically(real_files(), folder_ / "two" / "classes.txt", "red\ngreen\n");
  const Ended other = gtsa({"eval", "segment", "--weights", "net.safetensors", "--data", "two", "--threads", "1"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, HasSubstr("tells 3 classes apart, two has 2"));
  write_atomically(real_files(), folder_ / "colours/images/validation/1.png", "no picture");
  EXPECT_THAT(refusal(eval({}), 1), HasSubstr("1 of 5 files cannot be used"));
  const Ended skipped = gtsa(eval({"--max-bad-share", "0.2", "--json"}));
  EXPECT_EQ(skipped.exit_code, 0);
  EXPECT_THAT(skipped.err, HasSubstr("left out colours/images/validation/1.png: not an image"));
  EXPECT_EQ(nlohmann::json::parse(skipped.out).at("skipped").size(), 1U);
}

TEST_F(SegmentUse, EvaluationNamesEveryFaultOfALabelMap) {
  const auto fault_with = [&](const fs::path& photo, const image::LabelMap& labels) {
    image::write_png(real_files(), folder_ / "colours/images/validation/1.png", image::read_image(photo));
    image::write_label_map(real_files(), folder_ / kLabels, labels, {});
    return refusal(eval({}), 1);
  };
  const fs::path photo = folder_ / "colours/images/training/1.png";
  const image::LabelMap right = image::read_label_map(folder_ / "colours/annotations/training/1.png", 1 << 20);
  EXPECT_THAT(fault_with(photo, painted({50, 40}, 1).labels),
              HasSubstr(kLabels + " has 50 x 40 pixels, its picture colours/images/validation/1.png has 43 x 33"));
  EXPECT_THAT(fault_with(photo, painted({42, 33}, 1).labels), HasSubstr(kLabels + " has 42 x 33 pixels"));
  image::LabelMap beyond = right;
  beyond.values[45] = 4;
  EXPECT_THAT(fault_with(photo, beyond), HasSubstr(kLabels + " has label 4 on 1 pixel, first at (2, 1)"));
  image::write_png(real_files(), folder_ / kLabels, image::read_image(photo));
  EXPECT_THAT(refusal(eval({}), 1), HasSubstr(kLabels + ": PNG: 3 channels a pixel, where a label map has one"));
  write_atomically(real_files(), folder_ / kLabels, "no labels");
  EXPECT_THAT(refusal(eval({}), 1), HasSubstr(kLabels));
  fs::remove(folder_ / kLabels);
  EXPECT_THAT(refusal(eval({}), 1), HasSubstr(kLabels));
}

TEST_F(SegmentUse, EvaluationReadsLabelsWithAPaletteAsThoseInGrey) {
  const double grey = scores({}).at("miou");
  for (int i = 0; i < 5; ++i) {
    const fs::path path = folder_ / fmt::format("colours/annotations/validation/{}.png", i);
    const auto palette = std::vector<image::Colour>{{9, 9, 9}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}};
    image::write_label_map(real_files(), path, image::read_label_map(path, 1 << 20), palette);
  }
  EXPECT_EQ(scores({}).at("miou"), grey);
}

TEST_F(SegmentUse, EvaluationCountsNothingOfPicturesWithoutLabels) {
  const auto clear = [&](int i) {
    const fs::path path = folder_ / fmt::format("colours/annotations/validation/{}.png", i);
    image::LabelMap labels = image::read_label_map(path, 1 << 20);
    std::fill(labels.values.begin(), labels.values.end(), uint16_t{0});
    image::write_label_map(real_files(), path, labels, {});
  };
  clear(2);
  EXPECT_EQ(scores({}).at("pictures"), 5);
  EXPECT_TRUE(scores({}).at("miou").is_number());
  for (const int i : {0, 1, 3, 4}) clear(i);
  EXPECT_TRUE(scores({}).at("miou").is_null());
  EXPECT_EQ(gtsa(eval({})).exit_code, 0);
}

TEST_F(SegmentUse, ReduceZeroIsForWeightsThatDoNotSay) {
  EXPECT_EQ(scores({"--reduce-zero", "yes"}).at("miou"), scores({}).at("miou"));
  EXPECT_THAT(refusal(eval({"--reduce-zero", "no"}), 1),
              HasSubstr("keep 0 for no class, those of colours do not: it wants --reduce-zero yes"));
  const formats::SafetensorsFile file(folder_ / "net.safetensors");
  auto metadata = file.content().metadata;
  metadata.erase("reduce_zero");
  const double kept = scores({}).at("miou");
  formats::write_safetensors(real_files(), folder_ / "silent.safetensors", file.content().tensors, metadata);
  const std::vector<std::string> silent{"--weights", "silent.safetensors"};
  EXPECT_EQ(scores(silent).at("miou"), kept);
  EXPECT_THAT(refusal(eval(with(silent, {"--reduce-zero", "no"})), 1), HasSubstr("has label 3"));
  for (int i = 0; i < 5; ++i) {
    const fs::path path = folder_ / fmt::format("colours/annotations/validation/{}.png", i);
    image::LabelMap labels = image::read_label_map(path, 1 << 20);
    for (uint16_t& number : labels.values) number = number == 0 ? 255 : static_cast<uint16_t>(number - 1);
    image::write_label_map(real_files(), path, labels, {});
  }
  EXPECT_EQ(scores(with(silent, {"--reduce-zero", "no"})).at("miou"), kept);
  EXPECT_THAT(refusal(eval({"--reduce-zero", "perhaps"}), 2), HasSubstr("must be one of auto, yes, no"));
}

TEST_F(SegmentUse, EvaluationNamesTheClassesOfWeightsThatNameNone) {
  SmallSegmenter small;
  transfer::write_segmenter(real_files(), folder_ / "unnamed.safetensors", small.network,
                            {.names = {"0", "1", "2"}, .scale = {64, 32}});
  const Ended ended = gtsa({"eval", "segment", "--weights", "unnamed.safetensors", "--data", "colours", "--json"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_TRUE(nlohmann::json::parse(ended.out).at("iou_by_class").contains("green"));
}

TEST_F(SegmentUse, PredictionComesInThreeForms) {
  const std::vector<std::string> picture{"colours/images/training/0.png"};
  const auto words = [&](const std::string& out, const std::string& format) {
    return predict(with(picture, {"--out", out, "--format", format, "--overlay"}));
  };
  EXPECT_THAT(gtsa(words("a", "table")).out, StartsWith("colours/images/training/0.png -> a/0.png   "));
  const auto json = nlohmann::json::parse(gtsa(words("b", "jsonl")).out);
  EXPECT_EQ(json.at("labels"), "b/0.png");
  EXPECT_EQ(json.at("overlay"), "b/0_overlay.jpg");
  EXPECT_EQ(json.at("width"), 40);
  int64_t pixels = 0;
  for (const auto& area : json.at("classes")) pixels += area.at("pixels").get<int64_t>();
  EXPECT_EQ(pixels, 40 * 32);
  const auto csv = split_lines(gtsa(words("c", "csv")).out);
  EXPECT_EQ(csv.at(0), "file,labels,class,pixels,share");
  EXPECT_THAT(csv.at(1), StartsWith("colours/images/training/0.png,c/0.png,"));
  EXPECT_EQ(image::read_image(folder_ / "c" / "0_overlay.jpg").size(), (Size{40, 32}));
}

TEST_F(SegmentUse, PredictionNeverOverwritesUnasked) {
  const std::vector<std::string> words = predict({"colours/images/training/0.png", "--out", "maps"});
  ASSERT_EQ(gtsa(words).exit_code, 0);
  EXPECT_THAT(refusal(words, 1), HasSubstr("maps/0.png is already there: choose another --out, or say --overwrite"));
  EXPECT_EQ(gtsa(with(words, {"--overwrite"})).exit_code, 0);
  EXPECT_THAT(refusal(predict({"colours/images", "--out", "both"}), 1), HasSubstr("would both become 0.png in both"));
  EXPECT_FALSE(fs::exists(folder_ / "both"));
}

TEST_F(SegmentUse, PredictionNeverOverwritesAnyOfThePicturesWhateverItIsTold) {
  const std::string own = "colours/images/training/0.png";
  EXPECT_THAT(refusal(predict({own, "--out", "colours/images/training", "--overwrite"}), 1),
              HasSubstr(own + " is one of the pictures and would be overwritten"));
  fs::create_directory(folder_ / "photos");
  fs::create_symlink("photos", folder_ / "link");
  for (const char* name : {"photos/a.jpg", "photos/a_overlay.jpg"}) {
    image::write_jpeg(real_files(), folder_ / name, painted({20, 20}, 1).photo, 90);
  }
  const std::string before = read_text(folder_ / "photos/a_overlay.jpg");
  const auto words = predict({"photos/a.jpg", "photos/a_overlay.jpg", "--out", "link", "--overwrite"});
  EXPECT_THAT(refusal(with(words, {"--overlay"}), 1), HasSubstr("link/a_overlay.jpg is one of the pictures"));
  EXPECT_EQ(read_text(folder_ / "photos/a_overlay.jpg"), before);
  EXPECT_EQ(gtsa(words).exit_code, 0) << "without overlays none of them is touched";
}

TEST_F(SegmentUse, PredictionGoesOnAfterAPictureThatCannotBeRead) {
  write_atomically(real_files(), folder_ / "page.jpg", "<html></html>");
  const Ended ended = gtsa(predict({"page.jpg", "colours/images/training/0.png", "--out", "maps"}));
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(split_lines(ended.out).size(), 1U);
  EXPECT_TRUE(fs::exists(folder_ / "maps" / "0.png"));
  EXPECT_THAT(ended.err, HasSubstr("gtsa: 1 of 2 pictures could not be read, the first: page.jpg: not an image"));
}

TEST_F(SegmentUse, PredictionAndEvaluationTakeAPictureOfOnePixel) {
  for (const char* split : {"training", "validation"}) {
    image::write_png(real_files(), folder_ / fmt::format("colours/images/{}/dot.png", split), image::Image(1, 1));
    image::write_label_map(real_files(), folder_ / fmt::format("colours/annotations/{}/dot.png", split), {1, 1, {2}},
                           {});
  }
  EXPECT_EQ(scores({}).at("pictures"), 6);
  ASSERT_EQ(gtsa(predict({"colours/images/training/dot.png", "--out", "maps", "--slide", "--flip"})).exit_code, 0);
  EXPECT_EQ(image::read_label_map(folder_ / "maps/dot.png", 1 << 20).size(), (Size{1, 1}));
}

TEST_F(SegmentUse, PredictionOfALargePhotographTakesTheMemoryOfItsPixels) {
  constexpr Size kLarge{5000, 4000};
  image::Image photo(kLarge.width, kLarge.height);
  for (int64_t y = 0; y < kLarge.height; ++y) {
    for (int64_t i = 0; i < 3 * kLarge.width; ++i) photo.row(y)[i] = static_cast<uint8_t>((i / 700 + y / 300) * 50);
  }
  image::write_jpeg(real_files(), folder_ / "large.jpg", photo, 90);
  const auto peak_with = [&](const std::string& scale, const std::string& out) {
    const Ended ended = gtsa(
        predict({"large.jpg", "--out", out, "--slide", "--crop", "64", "--stride", "64", "--flip", "--scale", scale}));
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(image::read_label_map(folder_ / out / "large.png", 1 << 25).size(), kLarge);
    return ended.peak_bytes;
  };
  const int64_t small = peak_with("512,512", "a");
  EXPECT_LT(peak_with("4000,3000", "b"), small + kFreed + (int64_t{64} << 20))
      << "of 270 MB that its two views would take";
}

TEST_F(SegmentUse, ReportsShowWhatTheEvaluatorLeft) {
  SmallSegmenter small;
  const auto split = data::read_ade20k(folder_ / "colours", "validation");
  const auto evaluator = transfer::segmentation_evaluator(small.network, {.names = split.classes, .scale = {64, 32}},
                                                          split.files, {.inference = {.scale = {64, 32}}});
  {
    run::Run run = run::Run::create(real_files(), folder_ / "run", /*overwrite=*/false);
    run.write_config("batch = 4  # --batch\n");
    evaluator->evaluate({*dist::one_rank(), &run, 9});
  }
  const Ended ended = gtsa({"report", "run", "--out", "page.html"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const std::string page = read_text(folder_ / "page.html");
  EXPECT_THAT(page, HasSubstr(R"("semantic":{"miou":)"));
  EXPECT_THAT(page, ::testing::Not(HasSubstr("is not shown:")));
}

TEST_F(SegmentUse, AsksForWhatIsMissing) {
  EXPECT_THAT(refusal({"eval", "segment", "--data", "colours"}, 2), HasSubstr("--weights is missing"));
  EXPECT_THAT(refusal({"eval", "segment", "--weights", "net.safetensors"}, 2), HasSubstr("--data: one folder"));
  EXPECT_THAT(refusal({"predict", "segment", "x.jpg", "--out", "maps"}, 2), HasSubstr("--weights is missing"));
  EXPECT_THAT(refusal(predict({"colours/images/training/0.png"}), 2), HasSubstr("--out is missing"));
}

}  // namespace
}  // namespace gtsa::test
