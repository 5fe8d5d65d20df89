// Features of pictures: what is seen, what is left out, what is kept for the next time.

#include "learn/probe/features.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "core/base/error.h"
#include "core/data/image_folder.h"
#include "learn/nn/flat.h"
#include "learn/nn/init.h"
#include "learn/probe/colour_classes.h"
#include "support/failing_files.h"
#include "support/golden_torch.h"

namespace gtsa::probe {
namespace {

namespace fs = std::filesystem;
using test::ColourClasses;
using test::ColourNetwork;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FeaturesTest : public ::testing::Test {
 protected:
  data::Photographs photographs() const {
    const fs::path root = pictures_.root();
    return data::ImageFolder(std::span(&root, 1)).files();
  }
  Features extract(const FeatureOptions& options) {
    return extract_features(real_files(), network_.frozen(), photographs(), options);
  }
  FeatureOptions cached() const { return {.batch = 4, .cache = cache_.path()}; }
  fs::path only_file() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(cache_.path())) found.push_back(entry.path());
    EXPECT_EQ(found.size(), 1U);
    return found.front();
  }

  ColourClasses pictures_{3, 2};  // 15 pictures
  ColourNetwork network_;
  test::TemporaryFolder cache_;
};

TEST_F(FeaturesTest, AreOfEveryPictureOnceInItsOrderWhateverBatchAndWorkers) {
  const Features one = extract({.batch = 1});
  ASSERT_EQ(one.values.sizes(), at::IntArrayRef({15, 3}));
  for (size_t i = 0; i < one.files.size(); ++i) EXPECT_EQ(one.files[i], static_cast<int64_t>(i));
  EXPECT_GT((one.values[0][0] - one.values[0][2]).item<float>(), 1) << "red first";
  const Features four = extract({.batch = 4, .workers = 3});
  EXPECT_LT(test::max_difference(four.values, one.values), 1e-6);
  EXPECT_TRUE(at::equal(extract({.batch = 100}).values, one.values));
}

TEST_F(FeaturesTest, LeaveOutAndNameWhatCannotBeRead) {
  write_atomically(real_files(), pictures_.path("train", 1, "p1"), "<html>404</html>");
  const Features features = extract({.batch = 4});
  EXPECT_THAT(features.files, ElementsAre(0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14));
  EXPECT_EQ(features.values.size(0), 14);
  ASSERT_EQ(features.skipped.size(), 1U);
  EXPECT_THAT(features.skipped[0], HasSubstr("green/p1.png: not an image"));
  warn_of_skipped(features);
}

TEST_F(FeaturesTest, OfNothingThatCanBeReadAreAnError) {
  const data::Photographs none(std::vector<fs::path>{cache_ / "absent.jpg", cache_ / "gone.jpg"});
  EXPECT_THROW(extract_features(real_files(), network_.frozen(), none, {}), Error);
}

TEST_F(FeaturesTest, ThatWereMadeBeforeAreReadInstead) {
  write_atomically(real_files(), pictures_.path("val", 2, "p1"), "torn");
  const Features made = extract(cached());
  const int64_t seen = network_.seen;
  const Features read = extract(cached());
  EXPECT_EQ(network_.seen, seen);
  EXPECT_TRUE(at::equal(read.values, made.values));
  EXPECT_EQ(read.files, made.files);
  EXPECT_EQ(read.skipped, made.skipped);
  only_file();
}

TEST_F(FeaturesTest, AreMadeAnewForOtherWeightsPicturesOrViews) {
  extract(cached());
  const auto is_new = [&](const FeatureOptions& options) {
    const int64_t seen = network_.seen;
    extract(options);
    return network_.seen > seen;
  };
  network_.weights = 2;
  EXPECT_TRUE(is_new(cached()));
  auto options = cached();
  options.pool = Pool::mean;
  EXPECT_TRUE(is_new(options));
  options.views.input_size = 8;
  EXPECT_TRUE(is_new(options));
  options.views.augment = true;
  EXPECT_TRUE(is_new(options));
  options.draw = 1;
  EXPECT_TRUE(is_new(options));
  EXPECT_FALSE(is_new(options));
  pictures_.add("val", 0, "p1");
  fs::last_write_time(pictures_.path("val", 0, "p1"), fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_TRUE(is_new(options));
}

TEST_F(FeaturesTest, AreMadeAnewWhereTheirFileIsDamaged) {
  const Features made = extract(cached());
  const fs::path file = only_file();
  const std::string whole = read_text(file);
  const auto expect_anew = [&](const std::string& content) {
    write_atomically(real_files(), file, content);
    const int64_t seen = network_.seen;
    EXPECT_TRUE(at::equal(extract(cached()).values, made.values));
    EXPECT_GT(network_.seen, seen);
    EXPECT_EQ(read_text(only_file()), whole);
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = whole;
    const size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return changed.replace(at, from.size(), to);
  };
  expect_anew(whole.substr(0, whole.size() / 2));
  expect_anew(with("\\\"pool\\\":\\\"cls\\\"", "\\\"pool\\\":\\\"xxx\\\""));
  expect_anew(with("\"files\":", "\"fiels\":"));
  expect_anew(with("[]", "[1"));
  std::string disordered = whole;
  disordered[whole.size() - 8] = 0;  // the last picture's number
  expect_anew(disordered);
}

TEST_F(FeaturesTest, DrawTheSameViewsForANumberAndOthersForAnother) {
  FeatureOptions options{.batch = 4};
  options.views.augment = true;
  options.draw = 5;
  const Features five = extract(options);
  EXPECT_TRUE(at::equal(extract(options).values, five.values));
  options.draw = 6;
  EXPECT_FALSE(at::equal(extract(options).values, five.values));
}

TEST_F(FeaturesTest, TellHowFarTheyAre) {
  std::vector<int64_t> told;
  extract({.batch = 4, .progress = [&](int64_t done, int64_t all) {
             EXPECT_EQ(all, 15);
             told.push_back(done);
           }});
  EXPECT_THAT(told, ElementsAre(4, 8, 12, 15));
}

TEST_F(FeaturesTest, AreKeptWholeOrNotAtAll) {
  for (int fail_at = 1;; ++fail_at) {
    test::FailingFiles files(fail_at);
    try {
      extract_features(files, network_.frozen(), photographs(), cached());
    } catch (const Error&) {
    }
    if (!files.failed()) break;
    for (const auto& entry : fs::directory_iterator(cache_.path())) {
      if (entry.path().extension() == ".safetensors") {
        EXPECT_NO_THROW(extract(cached()));
      }
    }
    fs::remove_all(cache_.path());
  }
  only_file();
}

TEST(CacheFolder, FollowsTheEnvironment) {
  const auto folder_with = [](const char* cache, const char* home) {
    ::setenv("XDG_CACHE_HOME", cache, 1);
    ::setenv("HOME", home, 1);
    return default_cache_folder();
  };
  EXPECT_EQ(folder_with("/c", "/h"), "/c/gtsa/features");
  EXPECT_EQ(folder_with("relative", "/h"), "/h/.cache/gtsa/features");
  EXPECT_EQ(folder_with("", ""), std::nullopt);
  ::unsetenv("HOME");
  EXPECT_EQ(default_cache_folder(), std::nullopt);
}

TEST(Pools, HaveNames) {
  for (const std::string& name : pool_names()) EXPECT_EQ(name_of(pool_named(name)), name);
  EXPECT_THROW(pool_named("max"), UsageError);
}

TEST(FrozenVit, DescribesByClassTokensAndMeans) {
  nn::Vit vit = nn::make_vit({.image_size = 16, .patch_size = 8, .embed_dim = 12, .depth = 5, .num_heads = 3});
  const nn::Flat memory = nn::bind(vit, false);
  nn::InitStreams streams{3};
  nn::init(vit, streams);
  const Frozen network = freeze(vit, nullptr);
  const at::Tensor images = at::rand({2, 3, 16, 16});
  const nn::VitOutput output = nn::forward_features(vit, images);
  EXPECT_TRUE(at::equal(network.describe(images, Pool::cls), output.class_token));
  const at::Tensor mean = output.tokens.mean(1);
  EXPECT_TRUE(at::equal(network.describe(images, Pool::mean), mean));
  EXPECT_TRUE(at::equal(network.describe(images, Pool::cls_mean), at::cat({output.class_token, mean}, 1)));
  const at::Tensor four = network.describe(images, Pool::last4);
  ASSERT_EQ(four.sizes(), at::IntArrayRef({2, 48}));
  EXPECT_LT(test::max_difference(four.narrow(1, 36, 12), output.class_token), 1e-6) << "the last block's is the last";
  // A network of the first blocks alone ends with the token of the block before.
  const uint64_t whole = network.fingerprint();
  vit.blocks.pop_back();
  vit.options.depth = 4;
  EXPECT_LT(test::max_difference(four.narrow(1, 24, 12), freeze(vit, nullptr).describe(images, Pool::cls)), 1e-6);
  EXPECT_NE(freeze(vit, nullptr).fingerprint(), whole);
  vit.blocks.pop_back();
  vit.options.depth = 3;
  EXPECT_THROW(freeze(vit, nullptr).describe(images, Pool::last4), Error);
}

}  // namespace
}  // namespace gtsa::probe
