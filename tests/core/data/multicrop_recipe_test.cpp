#include "core/data/multicrop_recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/data/image_folder.h"
#include "pictures.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

MultiCropOptions small_options() {
  MultiCropOptions options;
  options.views.crop_sizes = {32, 16};
  options.views.num_crops = {2, 3};
  options.patch_size = 8;
  options.seed = 6;
  return options;
}

/// `count` photographs of several sizes, PNG and JPEG.
void write_photos(const fs::path& folder, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const image::Image photo = noisy_picture({40 + 7 * (i % 5), 30 + 11 * (i % 3)}, static_cast<uint64_t>(i));
    const std::string name = "photo-" + std::to_string(100 + i);
    if (i % 2 == 0) {
      image::write_png(real_files(), folder / (name + ".png"), photo);
    } else {
      image::write_jpeg(real_files(), folder / (name + ".jpg"), photo, 90);
    }
  }
}

std::vector<std::byte> bytes_of(const Batch& batch) {
  std::vector<std::byte> bytes;
  for (const Buffer& buffer : batch.buffers)
    bytes.insert(bytes.end(), buffer.data.get(), buffer.data.get() + buffer.spec.bytes());
  for (const SampleKey& key : batch.keys) {
    for (const uint64_t word : {key.epoch, key.place, key.file, uint64_t{key.replaced}}) {
      for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<std::byte>(word >> shift));
    }
  }
  return bytes;
}

Loader make_loader(const fs::path& folder, const MultiCropRecipe& recipe, int64_t batch, LoaderOptions options) {
  const std::vector<fs::path> arguments{folder};
  const ImageFolder photos(arguments);
  return {photos.files(), EpochSampler(photos.size(), batch, 0), recipe, std::move(options)};
}

std::vector<std::vector<std::byte>> load(const fs::path& folder, int workers, int64_t first, int64_t count) {
  const MultiCropRecipe recipe(small_options());
  LoaderOptions options;
  options.workers = workers;
  options.first_iteration = first;
  options.max_bad_share = 0.5;
  Loader loader = make_loader(folder, recipe, 3, options);
  std::vector<std::vector<std::byte>> batches;
  for (int64_t i = 0; i < count; ++i) batches.push_back(bytes_of(*loader.next()));
  return batches;
}

/// What next() throws.
std::string error_of(Loader& loader) {
  try {
    for (int i = 0; i < 100; ++i) loader.next();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(MultiCropRecipe, FillsEveryBufferOfItsSpecs) {
  MultiCropOptions options = small_options();
  const MultiCropRecipe recipe(options);
  Batch batch;
  for (const BufferSpec& spec : recipe.buffers(2)) batch.buffers.push_back({spec, allocate_on_heap(spec.bytes())});
  const image::Image photo = noisy_picture({60, 50}, 1);
  batch.keys = {{1, 5, 0, false}, {1, 6, 0, false}};
  std::vector<std::vector<std::byte>> made;
  for (const auto fill : {std::byte{0}, std::byte{0xA5}}) {
    for (const Buffer& buffer : batch.buffers) std::fill_n(buffer.data.get(), buffer.spec.bytes(), fill);
    for (int64_t slot = 0; slot < 2; ++slot) recipe.make(photo, batch.keys[static_cast<size_t>(slot)], slot, batch);
    made.push_back(bytes_of(batch));
  }
  EXPECT_EQ(made[0], made[1]) << "what was there before does not show";

  const MultiCropPlan plan = plan_views({60, 50}, options.views, options.seed, 1, 6);
  EXPECT_EQ(batch["turns"].as<int64_t>()[4 * 2 + 1], static_cast<int64_t>(plan.views[4].turn)) << "[V, B]";
  std::vector<float> view(3 * 16 * 16);
  execute_into(photo, plan.views[3], view);
  EXPECT_TRUE(std::equal(view.begin(), view.end(), batch["local"].as<float>() + (1 * 2 + 1) * 3 * 16 * 16))
      << "[L, B, 3, s, s]";
  EXPECT_EQ(batch["boxes_global"].as<float>()[((1 * 2 + 1) * 5 + 4) * 4 + 2], plan.global_boxes[1 * 5 + 4].x2)
      << "[B, G, V, 4]";
  EXPECT_EQ(batch["boxes_all"].as<float>()[((1 * 5 + 4) * 2 + 1) * 4 + 3], plan.all_boxes[4 * 2 + 1].y2)
      << "[B, V, G, 4]";
}

TEST(MultiCropRecipe, WorksWithoutLocalViewsAndWithOneGlobalView) {
  MultiCropOptions options = small_options();
  options.views.crop_sizes = {32};
  options.views.num_crops = {1};
  const MultiCropRecipe recipe(options);
  Batch batch;
  for (const BufferSpec& spec : recipe.buffers(1)) batch.buffers.push_back({spec, allocate_on_heap(spec.bytes())});
  batch.keys.resize(1);
  recipe.make(noisy_picture({60, 50}, 1), batch.keys[0], 0, batch);
  EXPECT_EQ(batch["local"].spec.bytes(), 0U);
  EXPECT_EQ(batch["student_pool_global"].spec.bytes(), 0U);
}

TEST(MultiCropRecipe, MarksPhotographsWhoseCropsRanOut) {
  const MultiCropRecipe recipe(small_options());
  Batch batch;
  for (const BufferSpec& spec : recipe.buffers(2)) batch.buffers.push_back({spec, allocate_on_heap(spec.bytes())});
  batch.keys.resize(2);
  recipe.make(noisy_picture({60, 50}, 1), batch.keys[0], 0, batch);
  recipe.make(noisy_picture({10, 650}, 1), batch.keys[1], 1, batch);
  EXPECT_EQ(batch["capped"].as<uint8_t>()[0], 0);
  EXPECT_EQ(batch["capped"].as<uint8_t>()[1], 1);
}

TEST(MultiCropRecipe, RefusesSizesThatDoNotFitTogether) {
  const auto message = [](auto change) -> std::string {
    MultiCropOptions options = small_options();
    change(options);
    try {
      MultiCropRecipe recipe(options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_EQ(message([](MultiCropOptions&) {}), "nothing");
  EXPECT_EQ(message([](MultiCropOptions& o) { o.patch_size = 24; }),
            "a crop of 32 pixels is no whole number of patches of 24: the "
            "nearest are 24 and 48");
  EXPECT_EQ(message([](MultiCropOptions& o) { o.patch_size = 32; }),
            "a crop of 16 pixels is smaller than a patch of 32");
  EXPECT_EQ(message([](MultiCropOptions& o) { o.bins = {3}; }), "1 numbers of bins for 2 kinds of views");
}

TEST(MultiCrop, GivesTheSameViewsForAnyWorkerCount) {
  const test::TemporaryFolder folder;
  write_photos(folder.path(), 11);
  std::ofstream(folder / "photo-103.jpg", std::ios::binary) << "no picture any more";
  const auto one = load(folder.path(), 1, 0, 8);
  EXPECT_EQ(one, load(folder.path(), 2, 0, 8));
  EXPECT_EQ(one, load(folder.path(), 7, 0, 8));
  const auto later = load(folder.path(), 2, 5, 3);
  EXPECT_TRUE(std::equal(later.begin(), later.end(), one.begin() + 5)) << "begun at iteration 5";
}

TEST(MultiCrop, NamesFilesThatAreTruncatedOrHaveVanished) {
  const test::TemporaryFolder folder;
  write_photos(folder.path(), 9);
  const std::string whole = read_text(folder / "photo-101.jpg");
  std::ofstream(folder / "photo-101.jpg", std::ios::binary) << whole.substr(0, whole.size() / 2);
  fs::create_symlink("circle.png", folder / "circle.png");
  std::ofstream(folder / "empty.png");

  const MultiCropRecipe recipe(small_options());
  LoaderOptions options;
  options.max_bad_share = 0.5;
  const std::vector<fs::path> arguments{folder.path()};
  const ImageFolder photos(arguments);
  ASSERT_EQ(photos.size(), 11);
  fs::remove(folder / "photo-104.png");
  Loader loader(photos.files(), EpochSampler(11, 11, 0), recipe, options);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(loader.next()->keys.size(), 11U);
  std::vector<std::string> bad;
  for (const BadFile& file : loader.bad_files()) {
    EXPECT_FALSE(file.reason.empty());
    bad.push_back(fs::path(file.name).filename().string());
  }
  EXPECT_THAT(bad, ::testing::UnorderedElementsAre("photo-101.jpg", "photo-104.png", "circle.png", "empty.png"));
}

TEST(MultiCrop, StopsWithTheListOfCorruptFiles) {
  const test::TemporaryFolder folder;
  write_photos(folder.path(), 9);
  std::ofstream(folder / "broken.jpg", std::ios::binary) << "\xFF\xD8 no more";
  const MultiCropRecipe recipe(small_options());
  Loader loader = make_loader(folder.path(), recipe, 10, {});
  const std::string message = error_of(loader);
  EXPECT_THAT(message, HasSubstr("1 of 10 files cannot be used"));
  EXPECT_THAT(message, HasSubstr((folder / "broken.jpg").string()));
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(MultiCrop, PassesOverTheFilesOfRealLifeThatCannotBeRead) {
  const auto nasty = test::shared_folder("nasty");
  if (!nasty) GTEST_SKIP() << "no files in ../shared/nasty";
  const MultiCropRecipe recipe(small_options());
  LoaderOptions options;
  options.workers = 2;
  options.max_bad_share = 0.6;
  Loader loader = make_loader(*nasty / "files", recipe, 10, options);
  for (int i = 0; i < 8; ++i) loader.next();
  EXPECT_GE(loader.bad_files().size(), 15U);
  EXPECT_LE(loader.bad_files().size(), 30U);
}

TEST(MultiCrop, ReadsRealPhotographs) {
  const auto data = test::shared_folder("data");
  if (!data) GTEST_SKIP() << "no photographs in ../shared/data";
  const MultiCropRecipe recipe(small_options());
  LoaderOptions options;
  options.workers = 2;
  Loader loader = make_loader(*data / "scenes-unlabeled" / "train", recipe, 32, options);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(loader.next()->keys.size(), 32U);
  EXPECT_TRUE(loader.bad_files().empty());
}

}  // namespace
}  // namespace gtsa::data
