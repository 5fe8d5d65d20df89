#include "core/data/dataset_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "../image/png_files.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/image/decode.h"
#include "core/image/encode.h"
#include "pictures.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Size kSide{40, 36};

void write(const fs::path& path, std::string_view content = "") {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

/// A picture unlike those of other seeds.
void write_picture(const fs::path& path, uint64_t seed, Size size = kSide) {
  fs::create_directories(path.parent_path());
  Rng rng({.sample = seed});
  std::array<uint8_t, 100> cells{};
  for (uint8_t& cell : cells) cell = static_cast<uint8_t>(rng.below(256));
  image::write_png(real_files(), path, make_picture(size, [&](int64_t x, int64_t y) {
                     const uint8_t grey = cells[static_cast<size_t>(y * 10 / size.height * 10 + x * 10 / size.width)];
                     return std::array<uint8_t, 3>{grey, grey, grey};
                   }));
}

/// A label map of one value but for its first pixel.
void write_labels(const fs::path& path, uint8_t value, uint8_t first, Size size = kSide) {
  std::string rows;
  for (int64_t y = 0; y < size.height; ++y)
    rows += '\0' + std::string(static_cast<size_t>(size.width), static_cast<char>(value));
  rows[1] = static_cast<char>(first);
  write(path,
        test::png({.width = static_cast<uint32_t>(size.width), .height = static_cast<uint32_t>(size.height)}, rows));
}

DatasetReport check(const fs::path& folder, std::optional<DatasetTask> task = std::nullopt) {
  return check_dataset(folder, {.task = task});
}

std::vector<std::string> kinds(const DatasetReport& report, bool errors) {
  std::vector<std::string> found;
  for (const Finding& finding : report.findings) {
    if (finding.is_error == errors) found.push_back(finding.kind);
  }
  return found;
}
std::vector<std::string> errors(const DatasetReport& report) { return kinds(report, true); }
std::vector<std::string> warnings(const DatasetReport& report) { return kinds(report, false); }

std::string first_of(const DatasetReport& report) {
  return report.findings.empty() ? "nothing" : report.findings.front().first;
}

std::string refusal(const fs::path& folder, std::optional<DatasetTask> task = std::nullopt) {
  try {
    check(folder, task);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

/// Six photographs.
class Photographs : public ::testing::Test {
 protected:
  Photographs() {
    for (uint64_t i = 0; i < 6; ++i) write_picture(root_ / fmt::format("{}.png", i), i);
  }
  test::TemporaryFolder root_;
};

/// ADE20K's layout with two classes, two pictures a split.
class Segmented : public ::testing::Test {
 protected:
  Segmented() {
    uint64_t seed = 0;
    for (const char* split : {"training", "validation"}) {
      for (const char* name : {"a", "b"}) {
        write_picture(root_ / "images" / split / (std::string(name) + ".png"), seed++);
        write_labels(root_ / "annotations" / split / (std::string(name) + ".png"), 1, 2);
      }
    }
    write(root_ / "classes.txt", "grass\nsky\n");
  }
  test::TemporaryFolder root_;
};

/// COCO's layout, two pictures and three objects in each split.
class Detected : public ::testing::Test {
 protected:
  Detected() {
    uint64_t seed = 0;
    for (const char* split : {"train", "val"}) {
      for (const char* name : {"a.png", "b.png"}) write_picture(root_ / split / name, seed++);
      write_json(split, kJson);
    }
  }
  void write_json(const std::string& split, const std::string& json) {
    write(root_ / "annotations" / ("instances_" + split + ".json"), json);
  }
  /// The check of a training split in which `what` is replaced.
  DatasetReport with(const std::string& what, const std::string& by) {
    std::string json = kJson;
    const size_t at = json.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    write_json("train", json.replace(at, what.size(), by));
    return check(root_.path());
  }

  static constexpr const char* kJson = R"({"images": [
 {"id": 1, "file_name": "a.png", "width": 40, "height": 36}, {"id": 2, "file_name": "b.png", "width": 40, "height": 36}],
 "annotations": [
 {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 8, 8], "area": 64, "iscrowd": 0,
  "segmentation": [[0, 0, 8, 0, 8, 8, 0, 8]]},
 {"id": 2, "image_id": 1, "category_id": 4, "bbox": [10, 10, 30.5, 26], "area": 780, "iscrowd": 0,
  "segmentation": [[10, 10, 40, 10, 40, 36, 10, 36]]},
 {"id": 3, "image_id": 2, "category_id": 4, "bbox": [0, 0, 40, 36], "area": 1440, "iscrowd": 1,
  "segmentation": {"size": [36, 40], "counts": [0, 1440]}}],
 "categories": [{"id": 1, "name": "cup"}, {"id": 4, "name": "cow"}]})";
  test::TemporaryFolder root_;
};

/// iNaturalist's layout, two classes.
class Classified : public ::testing::Test {
 protected:
  Classified() {
    uint64_t seed = 0;
    for (const std::string split : {"train", "val"}) {
      for (const char* name : {"a.png", "b.png"}) write_picture(root_ / split / name, seed++);
      write(root_ / (split + "2019.json"), json(split));
    }
  }
  static std::string json(const std::string& split) {
    return fmt::format(R"({{"images": [{{"id": 1, "file_name": "{0}/a.png", "width": 40, "height": 36}},
 {{"id": 2, "file_name": "{0}/b.png", "width": 40, "height": 36}}],
 "annotations": [{{"id": 1, "image_id": 1, "category_id": 0}}, {{"id": 2, "image_id": 2, "category_id": 1}}],
 "categories": [{{"id": 0, "name": "fir"}}, {{"id": 1, "name": "oak"}}]}})",
                       split);
  }
  DatasetReport with(const std::string& what, const std::string& by) {
    std::string text = json("train");
    const size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    write(root_ / "train2019.json", text.replace(at, what.size(), by));
    return check(root_.path());
  }
  test::TemporaryFolder root_;
};

TEST_F(Photographs, AreFitWhenAllCanBeRead) {
  write_picture(root_ / "sub" / "wide.png", 9, {80, 36});
  write(root_ / "notes.txt", "nothing");
  const DatasetReport report = check(root_.path());
  EXPECT_TRUE(report.is_fit());
  EXPECT_TRUE(report.task_was_guessed);
  EXPECT_EQ(report.task, DatasetTask::pretrain);
  EXPECT_THAT(report.findings, IsEmpty());
  ASSERT_EQ(report.splits.size(), 1U);
  EXPECT_EQ(report.splits[0].readable, 7);
  EXPECT_EQ(report.splits[0].ignored_files, 1);
  EXPECT_EQ(report.splits[0].width.median, 40);
  EXPECT_EQ(report.splits[0].width.max, 80);
}

TEST_F(Photographs, NameTheFirstThatCannotBeRead) {
  fs::resize_file(root_ / "2.png", fs::file_size(root_ / "2.png") / 2);
  write(root_ / "3.png", "no picture");
  const DatasetReport report = check(root_.path());
  EXPECT_FALSE(report.is_fit());
  EXPECT_THAT(errors(report), ElementsAre("unreadable picture"));
  EXPECT_EQ(report.findings[0].count, 2);
  EXPECT_THAT(first_of(report), HasSubstr("2.png"));
  EXPECT_THAT(first_of(report), EndsWith("[truncated]"));
  EXPECT_EQ(report.splits[0].listed, 6);
  EXPECT_EQ(report.splits[0].readable, 4);
}

TEST_F(Photographs, AreToldWhenOddButRemainFit) {
  write_picture(root_ / "small.png", 10, {31, 40});
  write_picture(root_ / "long.png", 11, {320, 36});
  image::write_png(real_files(), root_ / "grey.png", make_picture(kSide, [](int64_t, int64_t) {
                     return std::array<uint8_t, 3>{9, 9, 9};
                   }));
  const DatasetReport report = check(root_.path());
  EXPECT_TRUE(report.is_fit());
  EXPECT_THAT(warnings(report), ElementsAre("one colour", "long shape", "small picture"));
}

TEST_F(Photographs, AreComparedWithOneAnother) {
  fs::copy(root_ / "1.png", root_ / "7.png");
  const image::Image original = image::read_image(root_ / "2.png");
  image::write_jpeg(real_files(), root_ / "8.jpg", original, 80);
  const DatasetReport report = check(root_.path());
  EXPECT_TRUE(report.is_fit());
  EXPECT_THAT(warnings(report), ElementsAre("exact duplicate", "near duplicate"));
  EXPECT_EQ(report.findings[0].first,
            fmt::format("{} and {} have the same pixels", (root_ / "1.png").string(), (root_ / "7.png").string()));
  EXPECT_THAT(report.findings[1].first, HasSubstr("2.png and "));
  EXPECT_THAT(report.findings[1].first, HasSubstr("8.jpg look alike"));
}

TEST_F(Photographs, AreToldTheSameForAnyThreadCount) {
  for (uint64_t i = 0; i < 300; ++i) write(root_ / fmt::format("bad{}.png", i), std::string(i, 'x'));
  const int before = threads();
  std::vector<std::string> told;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    std::string text;
    for (const Finding& finding : check(root_.path()).findings) {
      text += fmt::format("{} {} {}\n", finding.kind, finding.count, finding.first);
    }
    told.push_back(text);
  }
  set_threads(before);
  EXPECT_EQ(told[0], told[1]);
  EXPECT_EQ(told[0], told[2]);
}

TEST_F(Segmented, IsFitAndCountsWhatItShows) {
  const DatasetReport report = check(root_.path());
  EXPECT_EQ(report.layout, DatasetLayout::ade20k);
  EXPECT_EQ(report.task, DatasetTask::segment);
  EXPECT_THAT(report.findings, IsEmpty());
  ASSERT_EQ(report.classes.size(), 2U);
  EXPECT_THAT(report.classes[1].counts, ElementsAre(2, 2));
  EXPECT_EQ(report.splits[0].labelled_share, 1.0);
}

TEST_F(Segmented, Takes255ForNotCounted) {
  write_labels(root_ / "annotations/training/a.png", 255, 1);
  const DatasetReport report = check(root_.path());
  EXPECT_THAT(errors(report), IsEmpty());
  EXPECT_LT(*report.splits[0].labelled_share, 1.0);
}

TEST_F(Segmented, CountsLabelsOf16Bits) {
  std::string names;
  for (int k = 1; k <= 300; ++k) names += fmt::format("class {}\n", k);
  write(root_ / "classes.txt", names);
  image::LabelMap map{kSide.width, kSide.height,
                      std::vector<uint16_t>(static_cast<size_t>(kSide.width * kSide.height), 255)};
  map.values[0] = 300;
  image::write_label_map(real_files(), root_ / "annotations/training/a.png", map, {});
  const DatasetReport report = check(root_.path());
  EXPECT_THAT(errors(report), IsEmpty());
  EXPECT_THAT(report.classes[254].counts, ElementsAre(1, 0)) << "255 is a class's number";
  EXPECT_THAT(report.classes[299].counts, ElementsAre(1, 0));
}

TEST_F(Segmented, NamesEachSeededFault) {
  write_labels(root_ / "annotations/training/a.png", 1, 3);
  EXPECT_THAT(errors(check(root_.path())), ElementsAre("label out of range"));
  EXPECT_THAT(first_of(check(root_.path())),
              EndsWith("a.png has label 3 on 1 pixel, first at (0, 0); labels are 0 (not counted) to 2, "
                       "and 255 (not counted)"));
  write_labels(root_ / "annotations/training/a.png", 1, 2, {36, 40});
  EXPECT_THAT(errors(check(root_.path())), ElementsAre("label size"));
  EXPECT_THAT(first_of(check(root_.path())), HasSubstr("has 36 x 40 pixels, its picture 40 x 36"));
  write_picture(root_ / "annotations/training/a.png", 3);
  EXPECT_THAT(errors(check(root_.path())), ElementsAre("unreadable annotation"));
  fs::remove(root_ / "annotations/training/a.png");
  EXPECT_THAT(errors(check(root_.path())), ElementsAre("missing annotation"));
  fs::remove(root_ / "images/training/a.png");
  EXPECT_TRUE(check(root_.path()).is_fit());
  write(root_ / "images/training/b.png", "");
  EXPECT_THAT(errors(check(root_.path())), ElementsAre("unreadable picture"));
}

TEST_F(Segmented, WarnsOfWhatIsNotUsed) {
  write(root_ / "classes.txt", "grass\nsky\nsea\n");
  write_labels(root_ / "annotations/training/c.png", 1, 1);
  write_labels(root_ / "annotations/training/b.png", 0, 0);
  write_labels(root_ / "annotations/training/a.png", 1, 1);
  const DatasetReport report = check(root_.path());
  EXPECT_TRUE(report.is_fit());
  EXPECT_THAT(warnings(report),
              ElementsAre("annotation without picture", "nothing labelled", "class without training", "unused class"));
}

TEST_F(Segmented, IsNoOtherTasksLayout) {
  EXPECT_THAT(refusal(root_.path(), DatasetTask::detect), HasSubstr("is not laid out for detect"));
  EXPECT_THAT(refusal(root_.path(), DatasetTask::classify), HasSubstr("is not laid out for classify"));
  EXPECT_EQ(check(root_.path(), DatasetTask::pretrain).splits[0].listed, 2);
  fs::remove(root_ / "classes.txt");
  EXPECT_THAT(refusal(root_.path()), HasSubstr("classes.txt is missing"));
}

TEST_F(Detected, IsFitAndCountsObjects) {
  const DatasetReport report = check(root_.path());
  EXPECT_EQ(report.layout, DatasetLayout::coco);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.splits[0].objects, 3);
  EXPECT_EQ(report.splits[0].crowds, 1);
  EXPECT_THAT(report.classes[1].counts, ElementsAre(2, 2));
}

TEST_F(Detected, NamesEachSeededFault) {
  EXPECT_THAT(errors(with("[0, 0, 8, 8]", "[0, 0, 8, 0]")), ElementsAre("empty box"));
  EXPECT_THAT(errors(with("[0, 0, 8, 8]", "[-2, 0, 8, 8]")), ElementsAre("box outside"));
  EXPECT_THAT(errors(with("[0, 0, 8, 8]", "[33.5, 0, 8, 8]")), ElementsAre("box outside"));
  EXPECT_THAT(errors(with("\"id\": 2, \"image_id\"", "\"id\": 1, \"image_id\"")), ElementsAre("duplicate id"));
  EXPECT_THAT(errors(with("\"image_id\": 2", "\"image_id\": 3")), ElementsAre("unknown image"));
  EXPECT_THAT(errors(with("\"category_id\": 4", "\"category_id\": 5")), ElementsAre("unknown category"));
  EXPECT_THAT(errors(with("[0, 1440]", "[0, 1439]")), ElementsAre("broken mask"));
  EXPECT_THAT(errors(with("\"width\": 40", "\"width\": 41")), ElementsAre("wrong size"));
  EXPECT_THAT(errors(with("\"a.png\"", "\"c.png\"")), ElementsAre("missing file"));
  EXPECT_THAT(errors(with("\"cow\"", "\"ox\"")), ElementsAre("different classes"));
  EXPECT_THAT(first_of(with("[0, 0, 8, 8]", "[0, 0, 8, 0]")), HasSubstr("annotation 1 of "));
}

TEST_F(Detected, WarnsOfWhatIsNotUsed) {
  EXPECT_THAT(warnings(with("[[0, 0, 8, 0, 8, 8, 0, 8]]", "[]")), ElementsAre("no mask"));
  EXPECT_THAT(warnings(with("\"image_id\": 1, \"category_id\": 1", "\"image_id\": 1, \"category_id\": 4")),
              ElementsAre("class without training"));
  write_picture(root_ / "train/extra.png", 20);
  fs::copy(root_ / "train/a.png", root_ / "val/b.png", fs::copy_options::overwrite_existing);
  const DatasetReport report = with("\"cup\"", "\"cup\"");
  EXPECT_TRUE(report.is_fit());
  EXPECT_THAT(warnings(report), ElementsAre("unlisted picture", "exact duplicate", "in two splits"));
  fs::remove(root_ / "annotations/instances_val.json");
  EXPECT_THAT(warnings(check(root_.path())), ElementsAre("unlisted picture", "missing split"));
}

TEST_F(Detected, RefusesAnnotationsThatAreNone) {
  write_json("train", R"({"images": [)");
  EXPECT_THAT(refusal(root_.path()), HasSubstr("instances_train.json: the JSON ends"));
  write_json("train", "[]");
  EXPECT_THAT(refusal(root_.path()), HasSubstr("no COCO annotations"));
}

TEST_F(Classified, IsFitAndCountsPictures) {
  const DatasetReport report = check(root_.path());
  EXPECT_EQ(report.layout, DatasetLayout::inaturalist);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.classes[0].counts, ElementsAre(1, 1));
}

TEST_F(Classified, NamesEachSeededFault) {
  EXPECT_THAT(errors(with("\"image_id\": 2", "\"image_id\": 1")), ElementsAre("several classes", "no class"));
  EXPECT_THAT(errors(with("\"id\": 2, \"image_id\"", "\"id\": 1, \"image_id\"")),
              ElementsAre("duplicate id", "no class"));
  EXPECT_THAT(errors(with("train/a.png", "train/c.png")), ElementsAre("missing file"));
  EXPECT_THAT(errors(with("\"height\": 36", "\"height\": 35")), ElementsAre("wrong size"));
  EXPECT_THAT(errors(with("\"oak\"", "\"ash\"")), ElementsAre("different classes"));
}

TEST_F(Classified, TakesFoldersAsClasses) {
  const test::TemporaryFolder root;
  uint64_t seed = 0;
  for (const char* folder : {"train/fir", "train/oak", "val/fir"}) write_picture(root / folder / "1.png", seed++);
  fs::create_directories(root / "train/yew");
  const DatasetReport report = check(root.path());
  EXPECT_EQ(report.layout, DatasetLayout::class_folders);
  EXPECT_TRUE(report.is_fit());
  EXPECT_THAT(report.classes[1].counts, ElementsAre(1, 0));
  EXPECT_THAT(warnings(report), ElementsAre("unused class"));
}

TEST(DatasetCheck, RefusesFoldersThatHoldNothing) {
  const test::TemporaryFolder root;
  const std::string here = root.path().string();
  EXPECT_EQ(refusal(root / "none"), here + "/none does not exist");
  EXPECT_EQ(refusal(root.path()), "the folder " + here + " is empty");
  write(root / "a.txt");
  EXPECT_EQ(refusal(root / "a.txt"), here + "/a.txt is not a folder");
  EXPECT_THAT(refusal(root.path()), HasSubstr("none of the 1 files"));
}

TEST(DatasetCheck, FindsTheRealSetsFit) {
  const auto data = test::shared_folder("data");
  if (!data) GTEST_SKIP() << "no photographs in ../shared/data";
  for (const char* name : {"scenes-unlabeled", "scenes-seg", "scenes-det", "fine-cls"}) {
    const DatasetReport report = check(*data / name);
    EXPECT_THAT(errors(report), IsEmpty()) << name << ": " << first_of(report);
    EXPECT_THAT(warnings(report), IsEmpty()) << name << ": " << first_of(report);
  }
}

}  // namespace
}  // namespace gtsa::data
