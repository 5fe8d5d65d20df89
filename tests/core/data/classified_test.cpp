#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/error.h"
#include "core/data/class_folder.h"
#include "core/data/classified.h"
#include "core/data/inaturalist.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

void write(const fs::path& path, std::string_view content = "") {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

template <class Read>
std::string error_of(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

std::vector<int64_t> labels_of(const ClassifiedSplit& split) {
  std::vector<int64_t> labels;
  for (const ClassifiedFile& file : split.files) labels.push_back(file.label);
  return labels;
}

void make_folders(const fs::path& root) {
  for (const char* name :
       {"train/b/1.jpg", "train/a b/1.jpg", "train/a/2.png", "train/a/sub/1.JPG", "train/a/notes.txt", "val/b/3.jpg"}) {
    write(root / name);
  }
}

TEST(ClassFolder, NamesClassesByTheFoldersOfTraining) {
  const test::TemporaryFolder root;
  make_folders(root.path());
  EXPECT_TRUE(is_class_folder_layout(root.path()));
  const ClassifiedSplit train = read_class_folders(root.path(), "train");
  EXPECT_THAT(train.classes, ElementsAre("a", "a b", "b"));
  EXPECT_THAT(labels_of(train), ElementsAre(0, 0, 1, 2));
  EXPECT_EQ(train.files[0].file, root / "train/a/2.png");
  EXPECT_THAT(labels_of(read_class_folders(root.path(), "val")), ElementsAre(2));
}

TEST(ClassFolder, RefusesWhatBelongsToNoClass) {
  const test::TemporaryFolder root;
  EXPECT_THAT(error_of([&] { read_class_folders(root.path(), "train"); }), EndsWith("/train is missing"));
  make_folders(root.path());
  write(root / "val/c/1.jpg");
  EXPECT_THAT(error_of([&] { read_class_folders(root.path(), "val"); }), HasSubstr("is of class c, which "));
  write(root / "train/1.jpg");
  EXPECT_FALSE(is_class_folder_layout(root.path()));
  EXPECT_THAT(error_of([&] { read_class_folders(root.path(), "train"); }), HasSubstr("lies in no class's folder"));
}

constexpr const char* kSmall = R"({"images": [{"id": 4, "file_name": "train_val2019/b.jpg", "width": 5, "height": 6},
 {"id": 3, "file_name": "train_val2019/a.jpg", "width": 7, "height": 8}],
 "categories": [{"id": 9, "name": "Pinus"}, {"id": 2, "name": "Quercus"}],
 "annotations": [{"id": 3, "image_id": 3, "category_id": 9}, {"id": 4, "image_id": 4, "category_id": 2}]})";

std::string inaturalist_error(const std::string& what, const std::string& by) {
  const test::TemporaryFolder root;
  std::string json = kSmall;
  write(root / "train2019.json", json.replace(json.find(what), what.size(), by));
  return error_of([&] { read_inaturalist(root.path(), "train"); });
}

TEST(Inaturalist, JoinsAnnotationsToImages) {
  const test::TemporaryFolder root;
  EXPECT_FALSE(is_inaturalist_layout(root.path()));
  write(root / "train2019.json", kSmall);
  EXPECT_TRUE(is_inaturalist_layout(root.path()));
  const ClassifiedSplit split = read_inaturalist(root.path(), "train");
  EXPECT_THAT(split.classes, ElementsAre("Quercus", "Pinus"));
  EXPECT_THAT(split.category_ids, ElementsAre(2, 9));
  EXPECT_THAT(labels_of(split), ElementsAre(0, 1));
  EXPECT_EQ(split.files[0].file, root / "train_val2019/b.jpg");
  EXPECT_EQ(split.files[0].size, (Size{5, 6}));
}

TEST(Inaturalist, WantsOneClassAPicture) {
  EXPECT_THAT(inaturalist_error("\"image_id\": 4", "\"image_id\": 3"), HasSubstr("image 3 has a second annotation, 4"));
  EXPECT_THAT(inaturalist_error(", {\"id\": 4, \"image_id\": 4, \"category_id\": 2}", ""),
              HasSubstr("image 4 has no annotation (byte "));
  EXPECT_THAT(inaturalist_error("\"id\": 4, \"image_id\"", "\"id\": 3, \"image_id\""),
              HasSubstr("annotation 3 occurs twice"));
  EXPECT_THAT(inaturalist_error("{\"id\": 3,", "{\"id\": 4,"), HasSubstr("image 4 occurs twice"));
  EXPECT_THAT(inaturalist_error("\"category_id\": 9", "\"category_id\": 1"),
              HasSubstr("has category 1, which there is not"));
  EXPECT_THAT(inaturalist_error("\"image_id\": 3", "\"image_id\": 5"), HasSubstr("is of image 5, which there is not"));
  EXPECT_THAT(inaturalist_error("{\"id\": 9", "{\"id\": 2"), HasSubstr("category 2 occurs twice"));
  EXPECT_THAT(inaturalist_error("train_val2019/a.jpg", "../a.jpg"), HasSubstr("which is no file below"));
  EXPECT_THAT(inaturalist_error("\"image_id\": 3, ", ""), HasSubstr("the annotation has no image_id"));
}

std::string classified_error(const fs::path& root, const std::string& split = "train") {
  return error_of([&] { read_classified(root, split); });
}

TEST(ReadClassified, ReadsEitherLayout) {
  const test::TemporaryFolder folders, json;
  make_folders(folders.path());
  EXPECT_EQ(read_classified(folders.path(), "train").files.size(), 4U);
  EXPECT_THAT(labels_of(read_classified(folders.path(), "val")), ElementsAre(2));
  write(json / "train2019.json", kSmall);
  write(json / "val2019.json", kSmall);
  write(json / "train_val2019/a.jpg");
  write(json / "train_val2019/b.jpg");
  EXPECT_THAT(labels_of(read_classified(json.path(), "train")), ElementsAre(0, 1));
  EXPECT_THAT(labels_of(read_classified(json.path(), "val")), ElementsAre(0, 1));
}

TEST(ReadClassified, NamesBothLayoutsWhereItFindsNeither) {
  const test::TemporaryFolder root;
  const std::string error = classified_error(root.path());
  EXPECT_THAT(error, HasSubstr("train2019.json and val2019.json (iNaturalist's layout)"));
  EXPECT_THAT(error, HasSubstr("train/CLASS and val/CLASS (class folders)"));
  EXPECT_THAT(error, ::testing::Not(HasSubstr("\n")));
}

TEST(ReadClassified, LabelsValidationByTheClassesOfTraining) {
  const test::TemporaryFolder root;
  for (const char* name : {"a.jpg", "b.jpg"}) write(root / "train_val2019" / name);
  write(root / "train2019.json", kSmall);
  // Validation lists other categories in another order, with gaps; only 9 has a picture.
  write(root / "val2019.json", R"({"images": [{"id": 1, "file_name": "train_val2019/a.jpg"}],
    "categories": [{"id": 30, "name": "Abies"}, {"id": 9, "name": "Pinus"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 9}]})");
  const ClassifiedSplit val = read_classified(root.path(), "val");
  EXPECT_THAT(labels_of(val), ElementsAre(1));
  EXPECT_THAT(val.classes, ElementsAre("Quercus", "Pinus"));
  EXPECT_THAT(val.category_ids, ElementsAre(2, 9));
  write(root / "val2019.json", R"({"images": [{"id": 1, "file_name": "train_val2019/a.jpg"}],
    "categories": [{"id": 30, "name": "Abies"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 30}]})");
  EXPECT_THAT(classified_error(root.path(), "val"), HasSubstr("a.jpg is of category 30 (Abies), which "));
  write(root / "val2019.json", R"({"images": [{"id": 1, "file_name": "train_val2019/a.jpg"}],
    "categories": [{"id": 5, "name": "Picea"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 5}]})");
  EXPECT_THAT(classified_error(root.path(), "val"), HasSubstr("which " + (root / "train2019.json").string()));
}

TEST(ReadClassified, CountsMissingPicturesBeforeAnythingIsTrained) {
  const test::TemporaryFolder root;
  write(root / "train2019.json", kSmall);
  write(root / "train_val2019/b.jpg");
  EXPECT_THAT(classified_error(root.path()), HasSubstr("1 of the 2 pictures"));
  EXPECT_THAT(classified_error(root.path()), EndsWith("the first is " + (root / "train_val2019/a.jpg").string()));
}

TEST(ReadClassified, WantsTwoClassesPicturesAndAnnotations) {
  const test::TemporaryFolder one, json;
  write(one / "train/cat/1.jpg");
  write(one / "val/cat/1.jpg");
  EXPECT_THAT(classified_error(one.path()), HasSubstr("has one class only, cat"));
  write(json / "train2019.json", R"({"images": [], "categories": [{"id": 1}, {"id": 2}], "annotations": []})");
  EXPECT_THAT(classified_error(json.path()), EndsWith("has no pictures for train"));
  write(json / "train2019.json", R"({"images": [], "categories": [{"id": 1}, {"id": 2}]})");
  EXPECT_THAT(classified_error(json.path()), HasSubstr("\"annotations\" is missing"));
  EXPECT_THAT(classified_error(json.path(), "val"), HasSubstr("val2019.json"));
}

TEST(Inaturalist, AgreesWithClassFoldersOnTheRealSet) {
  const auto data = test::shared_folder("data");
  if (!data) GTEST_SKIP() << "no photographs in ../shared/data";
  for (const char* name : {"train", "val"}) {
    const ClassifiedSplit json = read_inaturalist(*data / "fine-cls", name);
    const ClassifiedSplit folders = read_class_folders(*data / "fine-cls", name);
    EXPECT_EQ(json.classes.size(), folders.classes.size());
    std::map<fs::path, int64_t> labels;
    for (const ClassifiedFile& file : folders.files) labels[file.file] = file.label;
    ASSERT_EQ(json.files.size(), labels.size());
    for (const ClassifiedFile& file : json.files) EXPECT_EQ(labels.at(file.file), file.label) << file.file;
  }
}

}  // namespace
}  // namespace gtsa::data
