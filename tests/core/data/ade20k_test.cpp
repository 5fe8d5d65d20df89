#include "core/data/ade20k.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/error.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void write(const fs::path& path, std::string_view content = "") {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

void make_layout(const fs::path& root) {
  for (const char* name :
       {"images/training/b.jpg", "images/training/a.jpg", "images/validation/c.png", "annotations/training/a.png",
        "annotations/training/b.png", "annotations/validation/c.png"}) {
    write(root / name);
  }
  write(root / "classes.txt", "wall\nsky\r\nfloor, flooring\n");
}

std::string error_of(const fs::path& root, const std::string& split) {
  try {
    read_ade20k(root, split);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(Ade20k, PairsPicturesWithTheirAnnotations) {
  const test::TemporaryFolder root;
  make_layout(root.path());
  EXPECT_TRUE(is_ade20k_layout(root.path()));
  const Ade20kSplit split = read_ade20k(root.path(), "training");
  ASSERT_EQ(split.files.size(), 2U);
  EXPECT_EQ(split.files[0].image, root / "images/training/a.jpg");
  EXPECT_EQ(split.files[0].annotation, root / "annotations/training/a.png");
  EXPECT_EQ(split.files[1].image, root / "images/training/b.jpg");
  EXPECT_THAT(split.classes, ElementsAre("wall", "sky", "floor, flooring"));
  EXPECT_EQ(read_ade20k(root.path(), "validation").files.size(), 1U);
}

TEST(Ade20k, NamesWhatIsMissing) {
  const test::TemporaryFolder root;
  const std::string here = root.path().string();
  EXPECT_FALSE(is_ade20k_layout(root.path()));
  EXPECT_EQ(error_of(root.path(), "training"),
            here + " has not ADE20K's layout: the folder " + here + "/images/training is missing");
  make_layout(root.path());
  fs::remove(root / "annotations/training/b.png");
  EXPECT_EQ(error_of(root.path(), "training"),
            here + "/images/training/b.jpg has no annotation: " + here + "/annotations/training/b.png is missing");
  fs::remove(root / "classes.txt");
  EXPECT_EQ(error_of(root.path(), "validation"),
            here +
                "/classes.txt is missing: the names of the classes, one a line (ADE20K's own objectInfo150.txt does "
                "as well)");
}

TEST(Ade20k, RefusesNamesThatLabelsCannotMean) {
  const test::TemporaryFolder root;
  make_layout(root.path());
  write(root / "classes.txt", "wall\n\nsky\n");
  EXPECT_THAT(error_of(root.path(), "training"), EndsWith("classes.txt:2: the name of class 2 is empty"));
  write(root / "classes.txt", "");
  EXPECT_THAT(error_of(root.path(), "training"),
              EndsWith("classes.txt names 0 classes: between 1 and 32768 are possible"));
}

TEST(Ade20k, TakesTheColoursOfClasses) {
  const test::TemporaryFolder root;
  make_layout(root.path());
  EXPECT_THAT(read_ade20k(root.path(), "training").palette, IsEmpty());
  write(root / "classes.txt", "wall\t#0080ff\r\nfloor, flooring\t#FFEE00 \n");
  const Ade20kSplit split = read_ade20k(root.path(), "training");
  EXPECT_THAT(split.classes, ElementsAre("wall", "floor, flooring"));
  EXPECT_THAT(split.palette, ElementsAre(image::Colour{0, 128, 255}, image::Colour{255, 238, 0}));
}

TEST(Ade20k, RefusesColoursThatAreNoneOrMissing) {
  const test::TemporaryFolder root;
  make_layout(root.path());
  for (const std::string broken : {"", "blue", "#0080f", "#0080f-", "0x80ff0", "#0080ff0", "#0080ff\t#0080ff"}) {
    write(root / "classes.txt", "wall\t#0080ff\nsky\t" + broken + "\n");
    EXPECT_THAT(error_of(root.path(), "training"), HasSubstr("classes.txt:2: ")) << broken;
    EXPECT_THAT(error_of(root.path(), "training"), EndsWith("behind the tab is no colour: write it as #rrggbb"));
  }
  for (const char* some : {"wall\t#0080ff\nsky\n", "wall\nsky\t#0080ff\n"}) {
    write(root / "classes.txt", some);
    EXPECT_THAT(error_of(root.path(), "training"),
                EndsWith("classes.txt:2: some classes have a colour and others none: give one to all of them or to "
                         "none"));
  }
  write(root / "classes.txt", "\t#0080ff\n");
  EXPECT_THAT(error_of(root.path(), "training"), EndsWith("classes.txt:1: the name of class 1 is empty"));
}

TEST(Ade20k, TakesMoreClassesThanBytesCount) {
  const test::TemporaryFolder root;
  make_layout(root.path());
  const auto with_classes = [&](int64_t count) {
    std::string names;
    for (int64_t k = 1; k <= count; ++k) names += "class " + std::to_string(k) + "\n";
    write(root / "classes.txt", names);
  };
  with_classes(32'768);
  EXPECT_EQ(read_ade20k(root.path(), "training").classes.back(), "class 32768");
  with_classes(32'769);
  EXPECT_THAT(error_of(root.path(), "training"),
              EndsWith("classes.txt names 32769 classes: between 1 and 32768 are possible"));
}

TEST(Ade20k, TakesTheNamesOfTheOfficialRelease) {
  const test::TemporaryFolder root;
  make_layout(root.path());
  fs::remove(root / "classes.txt");
  write(root / "objectInfo150.txt",
        "Idx\tRatio\tTrain\tVal\tName\n1\t0.1576\t11664\t1172\twall\n2 \t0.1072\t6046\t612\tbuilding, edifice \r\n");
  EXPECT_THAT(read_ade20k(root.path(), "training").classes, ElementsAre("wall", "building, edifice"));
  write(root / "objectInfo150.txt", "Idx\tRatio\tTrain\tVal\tStuff\tName\n1\t0.1576\t11664\t1172\t1\tsky\n");
  EXPECT_THAT(read_ade20k(root.path(), "training").classes, ElementsAre("sky"));
  write(root / "classes.txt", "own\n");
  EXPECT_THAT(read_ade20k(root.path(), "training").classes, ElementsAre("own")) << "classes.txt goes first";
}

TEST(Ade20k, RefusesATableThatIsNotTheOfficialOne) {
  const test::TemporaryFolder root;
  make_layout(root.path());
  fs::remove(root / "classes.txt");
  write(root / "objectInfo150.txt", "1,wall\n2,sky\n");
  EXPECT_THAT(error_of(root.path(), "training"),
              EndsWith("objectInfo150.txt:2: no table with tabs and columns Idx and Name, as ADE20K's"));
  write(root / "objectInfo150.txt", "Idx\tName\n1\twall\n3\tsky\n");
  EXPECT_THAT(error_of(root.path(), "training"), EndsWith("objectInfo150.txt:3: class 2 and its name are due"));
  write(root / "objectInfo150.txt", "");
  EXPECT_THAT(error_of(root.path(), "training"),
              EndsWith("objectInfo150.txt names 0 classes: between 1 and 32768 are possible"));
}

TEST(Ade20k, ReadsTheRealSet) {
  const auto data = test::shared_folder("data");
  if (!data) GTEST_SKIP() << "no photographs in ../shared/data";
  const Ade20kSplit training = read_ade20k(*data / "scenes-seg", "training");
  EXPECT_EQ(training.files.size(), 418U);
  EXPECT_EQ(training.classes.size(), 21U);
  EXPECT_EQ(read_ade20k(*data / "scenes-seg", "validation").files.size(), 129U);
}

}  // namespace
}  // namespace gtsa::data
