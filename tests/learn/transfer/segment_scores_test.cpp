#include "learn/transfer/segment_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/signals.h"
#include "core/image/decode.h"
#include "learn/transfer/fake_ranks.h"
#include "learn/transfer/segment_network.h"
#include "learn/transfer/segment_pictures.h"
#include "learn/transfer/small_segments.h"
#include "support/temporary_folder.h"

namespace gtsa::transfer {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class SegmentScoresTest : public ::testing::Test {
 protected:
  SegmentScoresTest() {
    test::write_small_segments(data.path(), 7);
    split = data::read_ade20k(data.path(), "validation");
    classes = {.names = split.classes, .palette = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}}, .scale = {64, 32}};
  }
  SegmentScores measure(dist::Communicator& group, int64_t samples = 0) {
    return measure_segmentation(small.network, classes, split.files,
                                {.inference = kLook, .workers = 2, .max_bad_share = 0.5, .samples = samples}, group);
  }
  const SegmentInferenceOptions kLook{.scale = {64, 32}, .crop = 32, .stride = 21};
  test::TemporaryFolder data;
  data::Ade20kSplit split;
  SegmentClasses classes;
  test::SmallSegmenter small;
  std::unique_ptr<dist::Communicator> ranks = dist::one_rank();
};

TEST_F(SegmentScoresTest, CountEveryLabelledPixelOnce) {
  const SegmentScores scores = measure(*ranks);
  metrics::ConfusionMatrix want(3);
  int64_t labelled = 0;
  for (const auto& [image, annotation] : split.files) {
    const image::LabelMap map = segment(small.network, image::read_image(image, {}), kLook);
    const auto truth = data::classes_of(image::read_label_map(annotation, 1 << 20), {3, true});
    want.add(truth, map.values, data::kIgnored);
    labelled += (map.width - 1) * (map.height - 1);
  }
  EXPECT_TRUE(std::equal(want.counts().begin(), want.counts().end(), scores.confusion.counts().begin()));
  int64_t counted = 0;
  for (const int64_t count : scores.confusion.counts()) counted += count;
  EXPECT_EQ(counted, labelled) << "the frame is not counted";
  EXPECT_EQ(scores.pictures, 7);
}

TEST_F(SegmentScoresTest, AreTheSameOverRanks) {
  const SegmentScores alone = measure(*ranks);
  test::FakeRanks first(0, 2), second(1, 2);
  EXPECT_EQ(measure(first).pictures, 4);
  EXPECT_EQ(measure(second).pictures, 3);
  second.others = first.sent;
  const SegmentScores together = measure(second);
  EXPECT_EQ(together.pictures, 7);
  EXPECT_TRUE(std::equal(alone.confusion.counts().begin(), alone.confusion.counts().end(),
                         together.confusion.counts().begin()));
}

TEST_F(SegmentScoresTest, LeaveOutWhatCannotBeUsedAndSayWhy) {
  fs::remove(split.files[0].annotation);
  fs::copy_file(split.files[2].annotation, split.files[1].annotation, fs::copy_options::overwrite_existing);
  image::LabelMap beyond = image::read_label_map(split.files[3].annotation, 1 << 20);
  beyond.values[50] = 9;
  const auto png = image::encode_png(beyond);
  const std::span<const std::byte> bytes(png);
  write_atomically(real_files(), split.files[3].annotation, {&bytes, 1});
  const SegmentScores scores = measure(*ranks);
  EXPECT_EQ(scores.pictures, 4);
  ASSERT_THAT(scores.skipped, SizeIs(3));
  EXPECT_THAT(scores.skipped[0], HasSubstr("0.png"));
  EXPECT_THAT(scores.skipped[1], HasSubstr("must be of one size"));
  EXPECT_THAT(scores.skipped[2], HasSubstr("label 9"));
  EXPECT_THAT(to_json(scores, classes)["skipped"], SizeIs(3));
  write_atomically(real_files(), split.files[4].image, "no picture");
  EXPECT_THROW(measure(*ranks), Error) << "more than half";
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(SegmentScoresTest, JudgeBadFilesOfAllRanksTogether) {
  for (const int file : {0, 2, 4}) write_atomically(real_files(), split.files[file].image, "no picture");
  SegmentScoreOptions options{.inference = kLook, .max_bad_share = 0.3};
  test::FakeRanks first(0, 2), second(1, 2);
  const auto measure_on = [&](test::FakeRanks& rank) {
    return message_of([&] { measure_segmentation(small.network, classes, split.files, options, rank); });
  };
  EXPECT_THAT(measure_on(first), HasSubstr("3 of 7 files cannot be used, more than the share of 0.3"));
  EXPECT_EQ(measure_on(second), "no error") << "it has no bad file, and no other rank tells of one";
  second.others = first.sent;
  EXPECT_THAT(measure_on(second), HasSubstr("3 of 7 files cannot be used, more than the share of 0.3"));
  EXPECT_THAT(measure_on(second), HasSubstr(": 3 on other ranks"));
  first.others = second.sent;
  EXPECT_THAT(measure_on(first), HasSubstr("3 of 7 files cannot be used"));
  options.max_bad_share = 0.5;
  EXPECT_EQ(measure_on(first), "no error");
  EXPECT_EQ(measure_on(second), "no error");
}

TEST_F(SegmentScoresTest, OfBadFilesAloneAreAnErrorOnAnyNumberOfRanks) {
  for (const auto& file : split.files) write_atomically(real_files(), file.image, "no picture");
  const SegmentScoreOptions options{.inference = kLook, .max_bad_share = 1};
  const auto measure_on = [&](dist::Communicator& group) {
    return message_of([&] { measure_segmentation(small.network, classes, split.files, options, group); });
  };
  test::FakeRanks first(0, 2), second(1, 2);
  EXPECT_THAT(measure_on(*ranks), HasSubstr("none of the 7 files can be used"));
  EXPECT_EQ(measure_on(first), "no error") << "the other rank may have read some";
  second.others = first.sent;
  EXPECT_THAT(measure_on(second), HasSubstr("none of the 7 files can be used"));
  EXPECT_THAT(measure_on(second), HasSubstr("; 4 on other ranks"));
}

TEST_F(SegmentScoresTest, TellProgressAndShowSamplesOfTheFirstRank) {
  std::vector<int64_t> told;
  const SegmentScores scores = measure_segmentation(small.network, classes, split.files,
                                                    {.inference = kLook,
                                                     .samples = 3,
                                                     .progress =
                                                         [&](int64_t done, int64_t all) {
                                                           told.insert(told.end(), {done, all});
                                                         }},
                                                    *ranks);
  EXPECT_THAT(told, ElementsAre(1, 7, 2, 7, 3, 7, 4, 7, 5, 7, 6, 7, 7, 7));
  ASSERT_THAT(scores.samples, SizeIs(3));
  for (const SegmentSample& sample : scores.samples) {
    EXPECT_EQ(image::decode(sample.prediction, {}).size(), sample.size);
    EXPECT_GE(sample.classes.size(), 3U) << "all colours are in every picture";
  }
  EXPECT_EQ(scores.samples[0].size, (Size{40, 32}));
}

TEST_F(SegmentScoresTest, AsAnEvaluatorAreFiguresAndAnArtefactWithPictures) {
  run::Run run = run::Run::create(real_files(), data / "run", false);
  const auto evaluator =
      segmentation_evaluator(small.network, classes, split.files, {.inference = kLook, .max_bad_share = 0.5});
  EXPECT_EQ(evaluator->name(), "segmentation");
  const auto figures = evaluator->evaluate({*ranks, &run, 9});
  ASSERT_THAT(figures, SizeIs(3));
  EXPECT_EQ(figures[0].name, "eval_miou");
  EXPECT_EQ(figures[1].name, "eval_mean_accuracy");
  EXPECT_EQ(figures[2].name, "eval_pixel_accuracy");
  const auto json = nlohmann::json::parse(read_text(data / "run" / "artefacts" / "segmentation.json"));
  EXPECT_EQ(json.at("miou"), figures[0].value);
  EXPECT_EQ(json.at("step"), 9);
  EXPECT_EQ(json.at("palette").at(1), nlohmann::json({0, 255, 0}));
  EXPECT_THAT(json.at("samples"), SizeIs(4));
  EXPECT_GT(json.at("confusion").size(), 0U);
}

TEST_F(SegmentScoresTest, AsAnEvaluatorSayWhatIsConfusedOfAnyNumberOfClasses) {
  constexpr int64_t kMany = 300;
  const test::SmallSegmenter many(kMany);
  SegmentClasses numbered{.names = {}, .palette = {}, .scale = {64, 32}};
  for (int64_t i = 0; i < kMany; ++i) numbered.names.push_back(std::to_string(i));
  run::Run run = run::Run::create(real_files(), data / "run", false);
  const auto evaluator = segmentation_evaluator(many.network, numbered, {split.files[0]}, {.inference = kLook});
  evaluator->evaluate({*ranks, &run, 9});
  const auto json = nlohmann::json::parse(read_text(data / "run" / "artefacts" / "segmentation.json"));
  int64_t pixels = 0;
  for (const auto& cell : json.at("confusion")) {
    EXPECT_GT(cell.at(2), 0) << "no empty cells";
    pixels += cell.at(2).get<int64_t>();
  }
  EXPECT_EQ(pixels, 39 * 31) << "all but the frame, that of 40 x 32 pixels";
}

TEST_F(SegmentScoresTest, AsAnEvaluatorNeedNoRunAndGoOnAfterABadPhotograph) {
  write_atomically(real_files(), split.files[2].image, "no picture");
  const auto evaluator =
      segmentation_evaluator(small.network, classes, split.files, {.inference = kLook, .max_bad_share = 0.5});
  const auto figures = evaluator->evaluate({*ranks, nullptr, 9});
  ASSERT_THAT(figures, SizeIs(3));
  EXPECT_TRUE(std::isfinite(figures[0].value));
}

TEST_F(SegmentScoresTest, AsAnEvaluatorEndAtAStopSignalWithoutFiguresAndArtefact) {
  {
    const StopSignals signals;
    run::Run run = run::Run::create(real_files(), data / "run", false);
    int64_t told = 0;
    const auto evaluator = segmentation_evaluator(small.network, classes, split.files,
                                                  {.inference = kLook, .progress = [&](int64_t done, int64_t) {
                                                     told = done;
                                                     if (done == 2) std::raise(SIGTERM);
                                                   }});
    EXPECT_THAT(evaluator->evaluate({*ranks, &run, 9}), SizeIs(0));
    EXPECT_GE(told, 2);
    EXPECT_LT(told, 7);
    EXPECT_FALSE(fs::exists(data / "run" / "artefacts" / "segmentation.json"));
  }
  const StopSignals forgotten;
}

TEST_F(SegmentScoresTest, AreStoppedOnAllRanksIfOneIs) {
  const SegmentScoreOptions options{.inference = kLook};
  SegmentScoreOptions stopping = options;
  stopping.stop = [] { return true; };
  test::FakeRanks first(0, 2), second(1, 2);
  EXPECT_TRUE(measure_segmentation(small.network, classes, split.files, stopping, first).stopped);
  second.others = first.sent;
  EXPECT_TRUE(measure_segmentation(small.network, classes, split.files, options, second).stopped);
}

TEST(SegmentPictures, LayColoursOverPhotographsWhereThereAreClasses) {
  image::Image photo(2, 1);
  std::fill_n(photo.row(0), 6, uint8_t{80});
  const std::vector<Colour> palette{{0, 160, 240}};
  const image::Image shown = overlay(photo, std::vector<int32_t>{-1, 0}, palette);
  EXPECT_EQ(shown.row(0)[0], 80);
  EXPECT_EQ(shown.row(0)[3], 30);
  EXPECT_EQ(shown.row(0)[4], 130);
  EXPECT_EQ(shown.row(0)[5], 180);
  EXPECT_EQ(overlay(photo, image::LabelMap{2, 1, {0, 0}}, palette).row(0)[0], 30);
}

TEST(SegmentPictures, AreNoLargerThanAPageShows) {
  EXPECT_EQ(shown_size({4000, 3000}, 480), (Size{480, 360}));
  EXPECT_EQ(shown_size({3, 4000}, 480), (Size{1, 480}));
  EXPECT_EQ(shown_size({100, 90}, 480), (Size{100, 90}));
}

TEST(SegmentPictures, HaveTheDataSetsColoursOrOnesOfOurOwn) {
  EXPECT_THAT(palette_of({.names = {"a", "b"}}), SizeIs(2));
  EXPECT_THAT(palette_of({.names = {"a"}, .palette = {{1, 2, 3}}}), ElementsAre(Colour{1, 2, 3}));
}

}  // namespace
}  // namespace gtsa::transfer
