#include "core/base/options.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace gtsa {
namespace {

struct Model {
  int64_t patch_size = 16;
  double drop_path = 0.1;
  std::string name = "small";
  void describe(Fields& f) {
    f("patch_size", &patch_size, "side of a patch").in("pixels").between(1, 256).flagged("patch-size");
    f("drop_path", &drop_path, "rate").between(0, 0.99);
    f("name", &name, "size").one_of({"tiny", "small"}).flagged("model");
  }
};

struct Options {
  int64_t batch = 512;
  bool exif = true;
  std::vector<int64_t> sizes{224, 96};
  std::vector<std::string> folders;
  std::string out;
  Model model;
  void describe(Fields& f) {
    f("batch", &batch, "images a step").between(1).flagged("batch");
    f("data.exif", &exif, "apply orientation").switched_off_by("no-exif");
    f("data.sizes", &sizes, "sides").flagged("sizes");
    f("data.folders", &folders, "photographs").flagged("data");
    f("command.out", &out, "folder").flagged("out").only_flag();
    f.section("model", model);
  }
};

struct OptionsTest : testing::Test {
  Options options;
  Fields fields;
  OptionsTest() { options.describe(fields); }
  void toml(const std::string& text, int layer = 2) { assign(fields, read_toml(text, "my.toml", layer)); }
  std::string error(const std::function<void()>& what) {
    try {
      what();
      return "no error";
    } catch (const UsageError& e) {
      return e.what();
    }
  }
};

TEST_F(OptionsTest, AListMayBeEmptyIfItIsSoByDefault) {
  std::vector<double> optional{};
  fields("data.optional", &optional, "may be absent");
  toml("[data]\noptional = [0.5, 1]\n");
  EXPECT_EQ(optional, (std::vector<double>{0.5, 1}));
  toml("[data]\noptional = []\n");
  EXPECT_TRUE(optional.empty());
  EXPECT_NE(error([&] { toml("[data]\nsizes = []\n"); }), "no error");
}

TEST_F(OptionsTest, TomlSetsFieldsAndRemembersWhere) {
  toml("batch = 32\n[model]\npatch_size = 8\n[data]\nexif = false\nsizes = [64, 32]\nfolders = [\"a\", \"b\"]\n");
  EXPECT_EQ(options.batch, 32);
  EXPECT_EQ(options.model.patch_size, 8);
  EXPECT_FALSE(options.exif);
  EXPECT_EQ(options.sizes, (std::vector<int64_t>{64, 32}));
  EXPECT_EQ(options.folders, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(fields.at("model.patch_size").origin().text, "my.toml:3");
  EXPECT_EQ(fields.at("model.drop_path").origin().text, "default");
}

TEST_F(OptionsTest, UnknownKeysAreRefusedWithTheNearestName) {
  EXPECT_EQ(error([&] { toml("\n[model]\npatchsize = 8\n"); }),
            "unknown key model.patchsize (my.toml:3); did you mean model.patch_size?");
  EXPECT_EQ(error([&] { toml("patch_size = 8\n"); }),
            "unknown key patch_size (my.toml:1); did you mean model.patch_size?");
  EXPECT_EQ(error([&] { assign_set(fields, "batches=3", 3); }),
            "unknown key batches (--set batches); did you mean batch?");
  EXPECT_NE(error([&] { toml("command.out = \"x\"\n"); }).find("unknown key command.out"), std::string::npos);
}

TEST_F(OptionsTest, ValuesAreCheckedWithKeyOriginAndBound) {
  EXPECT_EQ(error([&] { toml("batch = 0\n"); }), "batch = 0 (my.toml:1): must be at least 1");
  EXPECT_EQ(error([&] { assign_set(fields, "model.drop_path=1.5", 3); }),
            "model.drop_path = 1.5 (--set model.drop_path): must lie in 0..0.99");
  EXPECT_EQ(error([&] { assign_set(fields, "model.patch_size=eight", 3); }),
            "model.patch_size = eight (--set model.patch_size): a whole number is wanted");
  EXPECT_EQ(error([&] { toml("[model]\nname = \"huge\"\n"); }),
            "model.name = huge (my.toml:2): must be one of tiny, small");
  EXPECT_EQ(error([&] { toml("batch = \"32\"\n"); }), "batch = 32 (my.toml:1): a value without quotes is wanted");
  EXPECT_EQ(error([&] { toml("[model]\nname = 3\n"); }), "model.name = 3 (my.toml:2): a text in quotes is wanted");
  EXPECT_NE(error([&] { toml("batch = \n"); }).find("my.toml:1"), std::string::npos);
  EXPECT_NE(error([&] { assign_set(fields, "batch", 3); }).find("key=value"), std::string::npos);
}

TEST_F(OptionsTest, DerivedValuesYieldToTheSameLayerOrALaterOne) {
  toml("[model]\npatch_size = 8\n", 2);
  fields.at("model.patch_size").derive(int64_t{4}, {2, "model.name"});
  EXPECT_EQ(options.model.patch_size, 8);
  fields.at("model.patch_size").derive(int64_t{4}, {4, "--model"});
  EXPECT_EQ(options.model.patch_size, 4);
}

TEST_F(OptionsTest, TomlOfTheFieldsReadsBackTheSame) {
  toml("batch = 7\n[model]\ndrop_path = 0.25\n[data]\nfolders = [\"with \\\"quotes\\\" and\\ttab\", \"b\"]\n");
  const std::string text = fields.toml();
  EXPECT_EQ(text.find("command"), std::string::npos) << "flags are no property of a run";
  Options again;
  Fields other;
  again.describe(other);
  assign(other, read_toml(text, "config.toml", 2));
  EXPECT_EQ(again.batch, 7);
  EXPECT_EQ(again.model.drop_path, 0.25);
  EXPECT_EQ(again.folders, options.folders);
}

TEST_F(OptionsTest, SetTakesWordsNumbersAndToml) {
  assign_set(fields, "data.folders=[\"a, b\", \"c\"]", 3);
  EXPECT_EQ(options.folders, (std::vector<std::string>{"a, b", "c"}));
  assign_set(fields, "data.folders=plain/path", 3);
  EXPECT_EQ(options.folders, (std::vector<std::string>{"plain/path"}));
  assign_set(fields, "data.sizes=[64, 32]", 3);
  EXPECT_EQ(options.sizes, (std::vector<int64_t>{64, 32}));
  assign_set(fields, "data.sizes=48,24", 3);
  EXPECT_EQ(options.sizes, (std::vector<int64_t>{48, 24}));
  EXPECT_NE(error([&] { assign_set(fields, "data.sizes=[64,", 3); }).find("--set data.sizes"), std::string::npos);
}

TEST_F(OptionsTest, ListsTakeSpacesOneValueAndNothingElse) {
  assign_set(fields, "data.sizes= 64 , 32 ", 3);
  EXPECT_EQ(options.sizes, (std::vector<int64_t>{64, 32}));
  toml("[data]\nsizes = 96\nfolders = \"one\"\n");
  EXPECT_EQ(options.sizes, (std::vector<int64_t>{96})) << "one value is a list of one";
  EXPECT_EQ(options.folders, (std::vector<std::string>{"one"}));
  EXPECT_EQ(error([&] { assign_set(fields, "data.sizes=64,,32", 3); }),
            "data.sizes = 64,,32 (--set data.sizes): a whole number is wanted");
  EXPECT_EQ(error([&] { toml("[data]\nsizes = [1, \"two\"]\n"); }),
            "data.sizes (my.toml:2): a list holds either numbers or texts");
  EXPECT_EQ(error([&] { toml("[data]\nsizes = [true]\n"); }),
            "data.sizes (my.toml:2): a list holds either numbers or texts");
  EXPECT_NE(error([&] { toml("[data]\nsizes = [1.5]\n"); }).find("a whole number is wanted"), std::string::npos);
}

TEST_F(OptionsTest, RealNumbersTakeWholeOnesAndNoWords) {
  toml("[model]\ndrop_path = 0\n");
  EXPECT_EQ(options.model.drop_path, 0);
  EXPECT_EQ(error([&] { assign_set(fields, "model.drop_path=much", 3); }),
            "model.drop_path = much (--set model.drop_path): a number is wanted");
  EXPECT_EQ(error([&] { assign_set(fields, "model.drop_path=nan", 3); }),
            "model.drop_path = nan (--set model.drop_path): not a number");
  EXPECT_EQ(error([&] { assign_set(fields, "data.exif=yes", 3); }),
            "data.exif = yes (--set data.exif): true or false is wanted");
  EXPECT_EQ(error([&] { toml("[data]\nexif = 2020-01-01\n"); }),
            "data.exif (my.toml:2): dates and times mean nothing here");
}

TEST_F(OptionsTest, FlagsAreFoundByTheirNames) {
  ASSERT_NE(fields.find_flag("no-exif"), nullptr);
  EXPECT_EQ(fields.find_flag("no-exif")->key(), "data.exif");
  EXPECT_EQ(fields.find_flag("exif"), nullptr);
  EXPECT_EQ(fields.find_flag(""), nullptr) << "most fields have none";
}

TEST_F(OptionsTest, KeysFarFromEveryKnownOneGetNoGuess) {
  EXPECT_EQ(error([&] { toml("xylophone = 3\n"); }), "unknown key xylophone (my.toml:1); --help lists the known ones");
}

TEST_F(OptionsTest, NamesAreDescribedOnceAndAskedForRight) {
  int64_t twice = 0;
  EXPECT_THROW(fields("batch", &twice, "again"), BugError);
  EXPECT_THROW(fields.at("bach"), BugError);
}

TEST_F(OptionsTest, DescriptionsGiveUnitAndBounds) {
  EXPECT_EQ(fields.at("model.patch_size").description(), "side of a patch (in pixels, 1..256)");
  EXPECT_EQ(fields.at("batch").description(), "images a step (at least 1)");
}

}  // namespace
}  // namespace gtsa
