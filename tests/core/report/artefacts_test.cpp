#include "core/report/artefacts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/files.h"
#include "core/report/scores.h"
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
  const std::string sample = R"({"truth": "p.png", "prediction": "p.png", "miou": null, )" + photo + ", ";
  const auto accuracy = [](const std::string& rest) {
    return R"({"top1": 1, "top5": null, "loss": 1, "mean_class_accuracy": 1, "classes": ["a", "b"], )"
           R"("per_class_accuracy": [1, null], )" +
           rest + "}";
  };
  const auto segmentation = [](const std::string& palette, const std::string& samples) {
    return R"({"miou": 1, "mean_accuracy": null, "pixel_accuracy": 1, "pictures": 1, "classes": ["a", "b"], )"
           R"("per_class_iou": [1, null], "per_class_accuracy": [1, null], "palette": )" +
           palette + R"(, "samples": [)" + samples + "]}";
  };
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
      {"accuracy.json", R"({"top1": "x"})", "top1 is no number"},
      {"accuracy.json", accuracy(R"("images": -1)"), "images is no whole number"},
      {"accuracy.json", accuracy(R"("images": 1, "confusion": [[0, 0]])"), "confusion holds what is no cell"},
      {"accuracy.json", accuracy(R"("images": 1, "confusion": [[0, 0, -1]])"), "confusion holds what is no cell"},
      {"accuracy.json", accuracy(R"("images": 1, "confusion": [3])"), "confusion holds what is no cell"},
      {"accuracy.json", accuracy(R"("images": 1, "confusion": [[0, 2, 1]])"), "confusion has class 2 of 2"},
      {"segmentation.json", segmentation("[]", ""), "palette holds 0 colours of 2 classes"},
      {"segmentation.json", segmentation("[[0, 0], 1]", ""), "palette holds what is no [red, green, blue]"},
      {"segmentation.json", segmentation("[[0, 0, 256], [0, 0, 0]]", ""), "palette holds what is no byte"},
      {"segmentation.json", segmentation("[[0, 0, 0], [0, 0, 0]]", R"({"width": 0})"), "width is no whole number"},
      {"segmentation.json", segmentation("[[0, 0, 0], [0, 0, 0]]", sample + R"("classes": [2]})"),
       "hold what is no class"},
      {"segmentation.json", segmentation("[[0, 0, 0], [0, 0, 0]]", sample + R"("classes": ["sky"]})"),
       "hold what is no class"},
  };
  for (const Case& c : kCases) {
    const Json all = artefacts_with(folder, c.file, c.content);
    EXPECT_EQ(all.size(), 1u) << all.dump();
    ASSERT_EQ(all["notes"].size(), 1u) << c.content;
    EXPECT_THAT(all["notes"][0].get<std::string>(), HasSubstr(c.says)) << c.content;
    EXPECT_THAT(all["notes"][0].get<std::string>(), HasSubstr(c.file));
  }
}

TEST(Artefacts, OfALargeConfusionKeepTheLargestCells) {
  const TemporaryFolder folder;
  constexpr int64_t kClasses = 250;
  Json file{{"classes", Json::array()}, {"confusion", Json::array()}};
  for (int64_t truth = 0; truth < kClasses; ++truth) {
    for (int64_t predicted = 0; predicted < kClasses; ++predicted) {
      file["confusion"].push_back({truth, predicted, truth == predicted ? 7 : 1});
    }
  }
  const Json confusion = confusion_of(file, kClasses);
  EXPECT_EQ(confusion["cells"].size(), 3u * 40'000);
  EXPECT_EQ(confusion["left_out"], kClasses * kClasses - 40'000);
  EXPECT_EQ(confusion["rows"][3], kClasses - 1 + 7);
  EXPECT_EQ(confusion["cells"][3 * (kClasses - 1) + 2], 7) << "the diagonal comes first";
  EXPECT_EQ(confusion["cells"][3 * kClasses + 2], 1);
}

TEST(Artefacts, ThatAreAbsentAreNothing) {
  const TemporaryFolder folder;
  Pictures pictures;
  EXPECT_EQ(read_artefacts(folder / "nowhere", pictures), Json::parse(R"({"notes": []})"));
}

}  // namespace
}  // namespace gtsa::report
