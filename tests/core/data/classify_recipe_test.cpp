#include "core/data/classify_recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/data/sampler.h"
#include "core/image/normalize.h"
#include "core/image/turn.h"
#include "pictures.h"
#include "support/temporary_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int64_t kSide = 32, kValues = 3 * kSide * kSide;

/// Everything that can be drawn.
ClassifyOptions training() {
  ClassifyOptions options{.input_size = kSide, .randaugment = "rand-m9-mstd0.5-inc1"};
  options.erasing.probability = 0.5F;
  options.seed = 5;
  return options;
}

ClassifyOptions evaluation() { return {.input_size = kSide, .augment = false}; }

/// A batch of one sample.
Batch make_one(const ClassifyRecipe& recipe, const image::Image& photo, const SampleKey& key) {
  Batch batch;
  for (const BufferSpec& spec : recipe.buffers(1)) batch.buffers.push_back({spec, allocate_on_heap(spec.bytes())});
  batch.keys = {key};
  recipe.make(photo, key, 0, batch);
  return batch;
}

std::vector<float> pixels_of(const Batch& batch) {
  const auto* begin = batch["images"].as<float>();
  return {begin, begin + batch["images"].spec.bytes() / sizeof(float)};
}

std::vector<float> normalized(const image::Image& image) {
  std::vector<float> chw(static_cast<size_t>(3 * image.width() * image.height()));
  image::normalize_into(image, chw);
  return chw;
}

TEST(ClassifyRecipe, MakesPicturesAndLabels) {
  const ClassifyRecipe recipe({4, 2}, {});
  const auto specs = recipe.buffers(6);
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_EQ(specs[0].name, "images");
  EXPECT_EQ(specs[0].shape, (std::vector<int64_t>{6, 3, 224, 224}));
  EXPECT_EQ(specs[1].name, "labels");
  EXPECT_EQ(specs[1].shape, (std::vector<int64_t>{6}));
  const Batch batch = make_one(ClassifyRecipe({4, 2}, evaluation()), noisy_picture({50, 40}, 1), {.file = 1});
  EXPECT_EQ(batch["labels"].as<int64_t>()[0], 2);
}

TEST(ClassifyRecipe, EvaluatesTheResizedCentre) {
  for (const Size size : {Size{80, 61}, Size{45, 90}, Size{37, 37}, Size{20, 9}}) {
    const image::Image photo = noisy_picture(size, 3);
    // int(32 / 0.875) = 36.
    const int64_t longer = 36 * std::max(size.width, size.height) / std::min(size.width, size.height);
    const Size resized = size.width <= size.height ? Size{36, longer} : Size{longer, 36};
    const auto offset = [](int64_t side) { return std::llrint(static_cast<double>(side - kSide) / 2); };
    const Rect centre{offset(resized.width), offset(resized.height), kSide, kSide};
    const image::Image want = image::cropped(image::resized(photo, resized, image::Filter::bicubic), centre);
    EXPECT_TRUE(evaluation_view(photo, kSide) == want);
    EXPECT_EQ(pixels_of(make_one(ClassifyRecipe({0}, evaluation()), photo, {})), normalized(want));
  }
}

TEST(ClassifyRecipe, ResizesForEvaluationAsTheOriginalDoes) {
  EXPECT_EQ(evaluation_side(224), 256);
  EXPECT_EQ(evaluation_side(96), 109);
  EXPECT_EQ(evaluation_side(1), 1);
  EXPECT_EQ(evaluation_side(225), 225);
  EXPECT_EQ(evaluation_side(384), 384);
}

TEST(ClassifyRecipe, EvaluationDrawsNothing) {
  const image::Image photo = noisy_picture({70, 50}, 2);
  ClassifyOptions options = evaluation();
  const auto want = pixels_of(make_one(ClassifyRecipe({0}, options), photo, {}));
  options.seed = 9;
  options.randaugment = "rand-m9-mstd0.5-inc1";
  options.erasing.probability = 1;
  options.flip = 1;
  EXPECT_EQ(pixels_of(make_one(ClassifyRecipe({0}, options), photo, {.epoch = 3, .place = 4})), want);
}

TEST(ClassifyRecipe, TrainsOnTheDrawnCropMirroredOrNot) {
  const image::Image photo = noisy_picture({90, 70}, 2);
  for (uint64_t place = 0; place < 20; ++place) {
    Rng rng({0, 1, place, 0, Purpose::augment});
    const Rect crop = draw_resized_crop(rng, photo.size(), {});
    const image::Image view = image::resized_crop(photo, crop, {kSide, kSide}, image::Filter::bicubic);
    for (const float flip : {0.0F, 1.0F}) {
      const ClassifyRecipe recipe({0}, {.input_size = kSide, .flip = flip});
      const auto got = pixels_of(make_one(recipe, photo, {.epoch = 1, .place = place}));
      EXPECT_EQ(got, flip > 0 ? normalized(image::flipped(view)) : normalized(view)) << place;
    }
  }
}

TEST(ClassifyRecipe, AppliesRandAugmentAndErasingWithStreamsOfTheirOwn) {
  const image::Image photo = noisy_picture({90, 70}, 2);
  ClassifyOptions options = training();
  options.flip = 0;
  const ClassifyRecipe recipe({0}, options);
  int changed = 0;
  for (uint64_t place = 0; place < 30; ++place) {
    Rng crops({5, 0, place, 0, Purpose::augment}), operations({5, 0, place, 0, Purpose::randaugment});
    Rng boxes({5, 0, place, 0, Purpose::erasing});
    image::Planes view(
        image::resized_crop(photo, draw_resized_crop(crops, photo.size(), {}), {kSide, kSide}, image::Filter::bicubic));
    const auto plain = normalized(view.interleaved());
    for (const auto& step : draw_randaugment(operations, parse_randaugment(options.randaugment)))
      execute(step, image::Filter::bicubic, view);
    auto want = normalized(view.interleaved());
    erase_randomly(boxes, options.erasing, {kSide, kSide}, want);
    EXPECT_EQ(pixels_of(make_one(recipe, photo, {.place = place})), want);
    changed += want != plain;
  }
  EXPECT_GT(changed, 20);
}

TEST(ClassifyRecipe, DrawsAnewForEachEpochAndPlace) {
  const image::Image photo = noisy_picture({90, 70}, 2);
  const ClassifyRecipe recipe({0}, training());
  const auto first = pixels_of(make_one(recipe, photo, {.epoch = 1, .place = 7}));
  EXPECT_EQ(first, pixels_of(make_one(recipe, photo, {.epoch = 1, .place = 7})));
  EXPECT_NE(first, pixels_of(make_one(recipe, photo, {.epoch = 2, .place = 7})));
  EXPECT_NE(first, pixels_of(make_one(recipe, photo, {.epoch = 1, .place = 8})));
}

/// `count` photographs of several sizes, PNG and JPEG; those whose numbers are in `bad` end early.
std::vector<fs::path> write_photos(const fs::path& folder, int64_t count, const std::vector<int64_t>& bad = {}) {
  std::vector<fs::path> files;
  for (int64_t i = 0; i < count; ++i) {
    const image::Image photo = noisy_picture({60 + 7 * (i % 5), 50 + 11 * (i % 3)}, static_cast<uint64_t>(i));
    files.push_back(folder / (std::to_string(100 + i) + (i % 2 == 0 ? ".png" : ".jpg")));
    if (i % 2 == 0) {
      image::write_png(real_files(), files.back(), photo);
    } else {
      image::write_jpeg(real_files(), files.back(), photo, 90);
    }
    if (std::find(bad.begin(), bad.end(), i) != bad.end()) fs::resize_file(files.back(), 100);
  }
  return files;
}

std::vector<int64_t> labels_for(size_t count) {
  std::vector<int64_t> labels(count);
  for (size_t i = 0; i < count; ++i) labels[i] = static_cast<int64_t>(10 * i);
  return labels;
}

TEST(ClassifyRecipe, MakesTheSameBatchesForAnyNumberOfWorkers) {
  const test::TemporaryFolder folder;
  const auto files = write_photos(folder.path(), 11);
  const ClassifyRecipe recipe(labels_for(files.size()), training());
  std::vector<std::vector<float>> pixels;
  std::vector<std::vector<int64_t>> labels;
  for (const int workers : {1, 2, 7}) {
    Loader loader(files, EpochSampler(11, 4, 3), recipe, {.workers = workers});
    auto& all = pixels.emplace_back();
    auto& known = labels.emplace_back();
    for (int i = 0; i < 5; ++i) {
      const auto batch = loader.next();
      const auto some = pixels_of(*batch);
      all.insert(all.end(), some.begin(), some.end());
      for (size_t slot = 0; slot < 4; ++slot) {
        known.push_back((*batch)["labels"].as<int64_t>()[slot]);
        EXPECT_EQ(known.back(), static_cast<int64_t>(10 * batch->keys[slot].file));
      }
    }
  }
  for (size_t i = 1; i < pixels.size(); ++i) {
    EXPECT_TRUE(pixels[i] == pixels[0]) << "run " << i;
    EXPECT_EQ(labels[i], labels[0]);
  }
}

TEST(ClassifyRecipe, SaysInEvaluationWhichFilesCouldNotBeRead) {
  const test::TemporaryFolder folder;
  const auto files = write_photos(folder.path(), 10, {3, 9});
  const ClassifyRecipe recipe(labels_for(files.size()), evaluation());
  const auto sampler = EpochSampler::in_order(10, 4);
  Loader loader(files, sampler, recipe, {.workers = 2, .max_bad_share = 0.5, .end_iteration = 3});
  std::vector<int64_t> counted(10);
  std::vector<uint64_t> unreadable;
  for (int64_t k = 0; k < sampler.iterations_per_epoch(); ++k) {
    const auto batch = loader.next();
    for (size_t slot = 0; slot < batch->keys.size(); ++slot) {
      const SampleKey& key = batch->keys[slot];
      if (key.place >= 10) continue;  // fills up the batch
      if (key.replaced) {
        unreadable.push_back(key.place);
        continue;
      }
      EXPECT_EQ(key.file, key.place);
      ++counted[key.place];
      const image::Image photo = PhotoRef(files[key.file]).read({.apply_exif = false});
      const auto want = normalized(evaluation_view(photo, kSide));
      const auto got = pixels_of(*batch);
      EXPECT_TRUE(std::equal(want.begin(), want.end(), got.begin() + static_cast<int64_t>(slot) * kValues));
    }
  }
  EXPECT_EQ(unreadable, (std::vector<uint64_t>{3, 9}));
  EXPECT_EQ(counted, (std::vector<int64_t>{1, 1, 1, 0, 1, 1, 1, 1, 1, 0}));
  EXPECT_EQ(loader.bad_files().size(), 2U);
}

TEST(ClassifyRecipe, TakesPicturesOfOneChannelAsGrey) {
  const test::TemporaryFolder folder;
  image::LabelMap grey{.width = 48, .height = 40, .values = {}};
  for (uint16_t i = 0; i < 48 * 40; ++i) grey.values.push_back(static_cast<uint16_t>(i % 251));
  const auto png = image::encode_png(grey);
  std::ofstream(folder / "grey.png", std::ios::binary)
      .write(reinterpret_cast<const char*>(png.data()), static_cast<std::streamsize>(png.size()));
  image::Image rgb(48, 40);
  for (int64_t i = 0; i < 3 * 48 * 40; ++i) rgb.row(0)[i] = static_cast<uint8_t>(i / 3 % 251);
  for (const ClassifyOptions& options : {training(), evaluation()}) {
    const ClassifyRecipe recipe({0}, options);
    Batch batch = make_one(recipe, rgb, {.place = 1});
    const auto want = pixels_of(batch);
    recipe.make(PhotoRef(folder / "grey.png"), {.place = 1}, 0, batch);
    EXPECT_EQ(pixels_of(batch), want);
  }
}

std::string refusal(const ClassifyOptions& options) {
  try {
    const ClassifyRecipe recipe({0}, options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing";
}

TEST(ClassifyOptions, RefuseWhatIsOutOfRange) {
  EXPECT_EQ(refusal({}), "nothing");
  for (const int64_t size : {0, 5000}) EXPECT_THAT(refusal({.input_size = size}), HasSubstr("an input size of"));
  EXPECT_THAT(refusal({.flip = 2}), HasSubstr("flips with a probability of 2"));
  EXPECT_THAT(refusal({.crop = {.area_share = {0, 0}}}), HasSubstr("shares lie"));
  EXPECT_THAT(refusal({.erasing = {.probability = -1}}), HasSubstr("erasing with a probability"));
  EXPECT_THAT(refusal({.randaugment = "rand-q3"}), HasSubstr("there is no key \"q\""));
}

}  // namespace
}  // namespace gtsa::data
