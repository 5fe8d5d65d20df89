#include "core/data/coco.h"

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
using ::testing::HasSubstr;

constexpr const char* kSmall = R"({"info": {"year": 2017}, "annotations": [
 {"id": 5, "image_id": 20, "category_id": 7, "bbox": [1, 1, 2, 2.0], "area": 4, "iscrowd": 0,
  "segmentation": [[1, 1, 3, 1, 3, 3, 1, 3]]},
 {"id": 6, "image_id": 10, "category_id": 3, "bbox": [0, 0, 4, 3], "area": 1.2e1, "iscrowd": 1,
  "segmentation": {"size": [3, 4], "counts": [0, 12]}},
 {"id": 900100449263, "image_id": 20, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 1, "ignore": 1,
  "segmentation": {"counts": "<", "size": [3, 4]}}],
 "images": [{"id": 10, "file_name": "a.jpg", "width": 4, "height": 3, "license": 2},
            {"id": 20, "file_name": "sub/b.jpg", "width": 4, "height": 3}, {"id": 30, "file_name": "c.jpg"}],
 "categories": [{"id": 7, "name": "dog", "supercategory": "animal"}, {"id": 3, "name": "caf\u00e9"}]})";

/// A folder with one JSON for the training split.
class CocoFolder {
 public:
  explicit CocoFolder(std::string_view json) {
    fs::create_directories(root_ / "annotations");
    fs::create_directories(root_ / "train");
    std::ofstream(root_ / "annotations/instances_train.json") << json;
  }
  const fs::path& path() const { return root_.path(); }
  CocoSplit read() const { return read_coco(*find_coco(path(), "train")); }
  std::string error() const {
    try {
      read();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing";
  }

 private:
  test::TemporaryFolder root_;
};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

std::string error_with(const std::string& what, const std::string& by) {
  return CocoFolder(replaced(kSmall, what, by)).error();
}

TEST(Coco, ReadsObjectsOfEveryForm) {
  const CocoFolder folder(kSmall);
  const CocoSplit split = folder.read();
  EXPECT_THAT(split.categories, ElementsAre(CocoCategory{3, "café"}, CocoCategory{7, "dog"}));
  ASSERT_EQ(split.images.size(), 3U);
  EXPECT_EQ(split.images[1].file, folder.path() / "train/sub/b.jpg");
  EXPECT_EQ(split.images[1].size, (Size{4, 3}));
  EXPECT_EQ(split.images[2].size, Size{});
  EXPECT_THAT(split.first_of_image, ElementsAre(0, 1, 3, 3));
  const CocoAnnotation& crowd = split.of(0)[0];
  EXPECT_TRUE(crowd.crowd);
  EXPECT_EQ(crowd.label, 0);
  EXPECT_EQ(geometry::area(crowd.mask({4, 3})), 12);
  const CocoAnnotation& dog = split.of(1)[0];
  EXPECT_EQ(dog.id, 5);
  EXPECT_EQ(dog.label, 1);
  EXPECT_EQ(dog.box, (geometry::BoxXywh{1, 1, 2, 2}));
  EXPECT_EQ(geometry::area(dog.mask({4, 3})), 4);
  const CocoAnnotation& last = split.of(1)[1];
  EXPECT_EQ(last.id, 900100449263);
  EXPECT_TRUE(last.ignored);
  EXPECT_TRUE(last.has_mask());
}

TEST(Coco, FindsFilesWithAndWithoutTheYear) {
  const test::TemporaryFolder root;
  EXPECT_FALSE(is_coco_layout(root.path()));
  fs::create_directories(root / "annotations");
  std::ofstream(root / "annotations/instances_val2017.json") << "{}";
  EXPECT_TRUE(is_coco_layout(root.path()));
  EXPECT_FALSE(find_coco(root.path(), "train").has_value());
  EXPECT_THROW(find_coco(root.path(), "val"), Error) << "no pictures";
  fs::create_directories(root / "val");
  EXPECT_EQ(find_coco(root.path(), "val")->pictures, root / "val");
  fs::create_directories(root / "val2017");
  EXPECT_EQ(find_coco(root.path(), "val")->pictures, root / "val2017");
  EXPECT_EQ(find_coco(root.path(), "val")->annotations, root / "annotations/instances_val2017.json");
}

TEST(Coco, NamesTheRecordThatCannotBe) {
  EXPECT_THAT(error_with("\"id\": 6", "\"id\": 5"), HasSubstr("annotation 5 occurs twice (byte "));
  EXPECT_THAT(error_with("\"id\": 30", "\"id\": 10"), HasSubstr("image 10 occurs twice"));
  EXPECT_THAT(error_with("\"c.jpg\"", "\"a.jpg\""), HasSubstr("image 30 has the file_name \"a.jpg\" of another image"));
  EXPECT_THAT(error_with("\"id\": 7", "\"id\": 3"), HasSubstr("category 3 occurs twice"));
  EXPECT_THAT(error_with("\"image_id\": 20", "\"image_id\": 21"),
              HasSubstr("annotation 5 is of image 21, which there is not"));
  EXPECT_THAT(error_with("\"category_id\": 7", "\"category_id\": 8"),
              HasSubstr("annotation 5 has category 8, which there is not"));
  EXPECT_THAT(error_with("\"<\"", "\"=\""), HasSubstr("reaches beyond its 4 x 3 pixels (character 0) (byte "));
  EXPECT_THAT(error_with("[0, 12]", "[0, 13]"), HasSubstr("run 1 of the mask reaches beyond"));
  EXPECT_THAT(error_with("\"size\": [3, 4]", "\"size\": [4, 3]"),
              HasSubstr("annotation 6 has a mask of 3 x 4, its image 10 has 4 x 3"));
  EXPECT_THAT(error_with("[[1, 1, 3, 1, 3, 3, 1, 3]]", "[[1, 1, 3, 1]]"), HasSubstr("a polygon of 4 numbers"));
  EXPECT_THAT(error_with("[[1, 1, 3, 1, 3, 3, 1, 3]]", "[[1, 1, 3, 1, 3, 3, 1]]"), HasSubstr("a polygon of 7 numbers"));
  EXPECT_THAT(error_with("[[1, 1, 3, 1,", "[[1e9, 1, 3, 1,"), HasSubstr("a coordinate beyond"));
  for (const char* name : {"/etc/a.jpg", "../a.jpg", "sub/../../a.jpg", "", "a\\u0000.jpg"}) {
    EXPECT_THAT(error_with("a.jpg", name), HasSubstr("which is no file below")) << name;
  }
}

TEST(Coco, RefusesWhatIsNotOfItsForm) {
  EXPECT_THAT(CocoFolder("").error(), HasSubstr("instances_train.json: no COCO annotations: the file is empty"));
  EXPECT_THAT(CocoFolder("[]").error(), HasSubstr("the JSON is not an object (byte 0)"));
  EXPECT_THAT(CocoFolder("{}").error(), HasSubstr("no COCO annotations: \"images\" is missing"));
  EXPECT_THAT(CocoFolder("\xff{}").error(), HasSubstr("not UTF-8 (byte 0)"));
  EXPECT_THAT(error_with("\"categories\"", "\"kinds\""), HasSubstr("\"categories\" is missing"));
  EXPECT_THAT(error_with("\"info\": {\"year\": 2017}", "\"images\": []"), HasSubstr("\"images\" occurs twice"));
  EXPECT_THAT(error_with("\"bbox\": [1, 1, 2, 2.0]", "\"bbox\": [1, 1, 2]"),
              HasSubstr("bbox has 3 numbers instead of 4"));
  EXPECT_THAT(error_with("\"bbox\": [1, 1, 2, 2.0], ", ""), HasSubstr("the annotation has no bbox (byte "));
  EXPECT_THAT(error_with("\"area\": 4,", ""), HasSubstr("the annotation has no area"));
  EXPECT_THAT(error_with("\"area\": 4", "\"area\": 1e999"), HasSubstr("a number beyond all doubles"));
  EXPECT_THAT(error_with("\"id\": 5", "\"id\": \"5\""), HasSubstr("not a whole number from 0 up"));
  EXPECT_THAT(error_with("\"id\": 5", "\"id\": 18446744073709551615"), HasSubstr("a number beyond 63 bits"));
  EXPECT_THAT(error_with("\"counts\": [0, 12]", "\"count\": 1"), HasSubstr("a run-length mask wants"));
}

TEST(Coco, RefusesEveryTornFile) {
  const std::string whole = kSmall;
  for (size_t length = 0; length < whole.size(); length += 7) {
    EXPECT_NE(CocoFolder(whole.substr(0, length)).error(), "nothing") << length;
  }
}

TEST(Coco, GoesOnPastFaultsThatAreTold) {
  const CocoFolder folder(replaced(replaced(kSmall, "\"id\": 6", "\"id\": 5"), "\"<\"", "\"=\""));
  std::vector<std::string> kinds;
  const CocoSplit split = read_coco(*find_coco(folder.path(), "train"),
                                    [&](std::string_view kind, const std::string&) { kinds.emplace_back(kind); });
  EXPECT_THAT(kinds, ElementsAre("broken mask", "duplicate id"));
  ASSERT_EQ(split.annotations.size(), 2U);
  EXPECT_FALSE(split.annotations[1].has_mask());
}

TEST(Coco, TrainsOnWhatTheOriginalKeeps) {
  const auto trains = [](geometry::BoxXywh box, double area, bool ignored) {
    CocoAnnotation annotation;
    annotation.box = box;
    annotation.area = area;
    annotation.ignored = ignored;
    return is_trainable(annotation, {10, 10});
  };
  EXPECT_TRUE(trains({0, 0, 1, 1}, 0.5, false));
  EXPECT_TRUE(trains({9, 9, 5, 5}, 1, false));
  EXPECT_FALSE(trains({0, 0, 1, 1}, 1, true));
  EXPECT_FALSE(trains({0, 0, 1, 1}, 0, false));
  EXPECT_FALSE(trains({0, 0, 0.9, 5}, 4, false));
  EXPECT_FALSE(trains({10, 0, 3, 3}, 9, false));
  EXPECT_FALSE(trains({-3, 0, 3, 3}, 9, false));
}

TEST(Coco, ReadsTheRealSet) {
  const auto data = test::shared_folder("data");
  if (!data) GTEST_SKIP() << "no photographs in ../shared/data";
  const CocoSplit train = read_coco(*find_coco(*data / "scenes-det", "train"));
  EXPECT_EQ(train.images.size(), 75U);
  EXPECT_EQ(train.annotations.size(), 651U);
  EXPECT_EQ(train.categories.size(), 80U);
  EXPECT_EQ(train.categories[79].id, 90);
  for (size_t i = 0; i < train.images.size(); ++i) {
    for (const CocoAnnotation& annotation : train.of(i)) {
      if (annotation.crowd) continue;
      const auto area = static_cast<double>(geometry::area(annotation.mask(train.images[i].size)));
      EXPECT_NEAR(area, annotation.area, 0.05 * annotation.area + 100) << annotation.id;
    }
  }
}

}  // namespace
}  // namespace gtsa::data
