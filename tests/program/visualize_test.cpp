// gtsa visualize as a process: the files it leaves and what their pages hold.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/files.h"
#include "program/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Visualize : public ::testing::Test {
 protected:
  Visualize() { make_photographs(photographs_, 8); }

  nlohmann::json run(std::vector<std::string> words) const {
    words.insert(words.begin(), "visualize");
    words.insert(words.end(), {"--out", out_.string(), "--json"});
    const Ended ended = run_gtsa({words});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return nlohmann::json::parse(ended.out, nullptr, /*allow_exceptions=*/false);
  }

  TemporaryFolder folder_;
  const fs::path photographs_ = folder_ / "photographs";
  const fs::path out_ = folder_ / "pictures";
};

TEST_F(Visualize, ShowsTheViewsOfAPhotographWithoutWeights) {
  const auto json = run({"crops", "--images", (photographs_ / "photo-000.jpg").string(),
                         (photographs_ / "photo-001.jpg").string(), "--crop-sizes", "32,16", "--num-crops", "2,3"});
  ASSERT_EQ(json.at("pictures").at("photos").size(), 2U) << "one flag takes several photographs";
  EXPECT_EQ(json.at("pictures").at("photos")[0].at("views").size(), 5U);
  EXPECT_THAT(read_text(out_ / "index.html"), HasSubstr("data:image/jpeg;base64,"));
}

TEST_F(Visualize, DrawsFeaturesAttentionAndMatchesOfAnEncoder) {
  const fs::path trained = folder_ / "run";
  ASSERT_EQ(run_gtsa({small_pretrain(photographs_, trained, {"--steps", "1"})}).exit_code, 0);
  const std::vector<std::string> of{"--images", photographs_.string(), "--photos", "3", "--weights", trained.string()};
  const auto with = [&](const char* kind) {
    std::vector<std::string> words{kind};
    words.insert(words.end(), of.begin(), of.end());
    return run(words).at("pictures");
  };
  const auto pca = with("pca");
  EXPECT_EQ(pca.at("photos").size(), 3U);
  EXPECT_TRUE(fs::exists(out_ / pca.at("snapshots")[0].at("photos")[2].at("pca").get<std::string>()));
  EXPECT_TRUE(pca.at("snapshots")[0].at("photos")[0].at("attention").empty());
  const auto attention = with("attention");
  EXPECT_TRUE(attention.at("snapshots")[0].at("photos")[0].at("pca").is_null());
  EXPECT_FALSE(attention.at("snapshots")[0].at("photos")[0].at("attention").empty());
  const auto matched = with("correspondence");
  EXPECT_EQ(matched.at("snapshots")[0].at("correspondences").size(), 3U);
  EXPECT_TRUE(fs::exists(out_ / "correspondence.html"));
}

}  // namespace
}  // namespace gtsa::test
