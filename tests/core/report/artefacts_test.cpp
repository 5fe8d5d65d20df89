#include "core/report/artefacts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/files.h"
#include "support/temporary_folder.h"

namespace gtsa::report {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using test::TemporaryFolder;
using ::testing::HasSubstr;

/// Artefacts of one file with this content.
Json artefacts_with(const TemporaryFolder& folder, const std::string& name, const std::string& content) {
  write_atomically(real_files(), folder / name, content);
  Pictures pictures;
  Json all = read_artefacts(folder.path(), pictures);
  fs::remove(folder / name);
  return all;
}

TEST(Artefacts, ThatCannotBeUnderstoodAreNamedAndLeftOut) {
  const TemporaryFolder folder;
  const std::string photo = R"("picture": "p.png", "width": 9, "height": 9)";
  write_atomically(real_files(), folder / "p.png", std::string_view("\x89PNG\r\n\x1a\n"));
  struct Case {
    const char* file;
    std::string content;
    const char* says;
  };
  const Case kCases[] = {
      {"crops.json", "", "is no JSON"},
      {"crops.json", "[]", "photos is missing"},
      {"crops.json", R"({"photos": 3})", "photos is no list"},
      {"crops.json", R"({"photos": [{"picture": "absent.png"}]})", "views is missing"},
      {"crops.json", R"({"photos": [{"views": [], "overlaps": [], "picture": "absent.png"}]})", "absent.png"},
      {"crops.json", R"({"photos": [{"views": [], "overlaps": [{"first": 0}], )" + photo + "}]}",
       "first is no whole number"},
      {"crops.json", R"({"photos": [{"views": [{"kind": 1}], "overlaps": []}]})", "kind is no text"},
      {"crops.json",
       R"({"photos": [{"views": [{"kind": "global", "picture": "p.png", "size": 8, "box_in_photo": [1, 2, 3]}]}]})",
       "box_in_photo holds 3 numbers instead of 4"},
      {"crops.json",
       R"({"photos": [{"views": [{"kind": "global", "picture": "p.png", "size": 8, "box_in_photo": [1, 2, 3, 4], "turn": 4}]}]})",
       "turn is no whole number of 0 to 3"},
      {"pictures.json", R"({"photos": [{)" + photo + R"(}], "snapshots": [{"step": -1, "photos": []}]})",
       "0 of 1 photos"},
      {"pictures.json", R"({"photos": [{"picture": "../p.png"}], "snapshots": []})",
       "does not lie in the run's artefacts"},
      {"probe_rotation.json", R"({"accuracy": 1, "confusion": [[1], [2], [3]]})", "confusion has 3 rows instead of 4"},
      {"probe_rotation.json", R"({"accuracy": null, "confusion": [[1,1,1,1],[1,1,1,1],[1,1,1,1],[1,1,1,1]]})",
       "accuracy is no number"},
      {"probe_segment.json", R"({"miou": 0.1, "classes": ["a"], "per_class_iou": []})", "classes holds 1 names"},
      {"probe_segment.json", R"({"miou": 0.1, "classes": [1], "per_class_iou": [1]})", "classes holds what is no text"},
      {"probe_correspondence.json", R"({"chance": "x"})", "chance is no number"},
  };
  for (const Case& c : kCases) {
    const Json all = artefacts_with(folder, c.file, c.content);
    EXPECT_EQ(all.size(), 1u) << all.dump();
    ASSERT_EQ(all["notes"].size(), 1u) << c.content;
    EXPECT_THAT(all["notes"][0].get<std::string>(), HasSubstr(c.says)) << c.content;
    EXPECT_THAT(all["notes"][0].get<std::string>(), HasSubstr(c.file));
  }
}

TEST(Artefacts, ThatAreAbsentAreNothing) {
  const TemporaryFolder folder;
  Pictures pictures;
  EXPECT_EQ(read_artefacts(folder / "nowhere", pictures), Json::parse(R"({"notes": []})"));
}

}  // namespace
}  // namespace gtsa::report
