#include "core/data/segment_recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/data/sampler.h"
#include "core/image/encode.h"
#include "pictures.h"
#include "support/temporary_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;
using image::LabelMap;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int64_t kSide = 32;

SegmentOptions options() { return {.crop = kSide, .scale = {128, 32}, .labels = {.classes = 3}, .seed = 5}; }

LabelMap stripes(Size size, int numbers = 4) {
  LabelMap map{size.width, size.height, {}};
  for (int64_t i = 0; i < size.width * size.height; ++i) {
    map.values.push_back(static_cast<uint16_t>(i % size.width / 5 % numbers));
  }
  return map;
}

void write_labels(const fs::path& path, const LabelMap& map) {
  const auto png = image::encode_png(map);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(png.data()), static_cast<std::streamsize>(png.size()));
}

/// A photograph and its annotation.
struct Pair {
  fs::path photo, annotation;
};

Pair write_pair(const test::TemporaryFolder& folder, const std::string& stem, Size photo, const LabelMap& labels) {
  const Pair pair{folder / (stem + ".jpg"), folder / (stem + ".png")};
  image::write_jpeg(real_files(), pair.photo, noisy_picture(photo, photo.width), 90);
  write_labels(pair.annotation, labels);
  return pair;
}

Batch make_batch(const SegmentRecipe& recipe, int64_t samples) {
  Batch batch;
  for (const BufferSpec& spec : recipe.buffers(samples)) {
    batch.buffers.push_back({spec, allocate_on_heap(spec.bytes())});
  }
  batch.keys.resize(static_cast<size_t>(samples));
  return batch;
}

template <class T>
std::vector<T> values_of(const Batch& batch, const char* name) {
  const auto* begin = batch[name].as<T>();
  return {begin, begin + batch[name].spec.bytes() / sizeof(T)};
}

std::string refusal(const Pair& pair) {
  const SegmentRecipe recipe({pair.annotation}, options());
  Batch batch = make_batch(recipe, 1);
  try {
    recipe.make(pair.photo, {}, 0, batch);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(SegmentRecipe, MakesPicturesAndClasses) {
  const test::TemporaryFolder folder;
  const Pair pair = write_pair(folder, "a", {60, 50}, stripes({60, 50}));
  const SegmentRecipe recipe({pair.annotation}, options());
  const auto specs = recipe.buffers(2);
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_EQ(specs[0].shape, (std::vector<int64_t>{2, 3, kSide, kSide}));
  EXPECT_EQ(specs[1].shape, (std::vector<int64_t>{2, kSide, kSide}));
  EXPECT_EQ(specs[1].element, Element::i32);
  Batch batch = make_batch(recipe, 2);
  for (int64_t slot = 0; slot < 2; ++slot) {
    recipe.make(pair.photo, {.epoch = 1, .place = static_cast<uint64_t>(slot)}, slot, batch);
  }
  const LabelledPhoto labelled = read_labelled(pair.photo, pair.annotation, {.classes = 3}, {});
  std::vector<float> images;
  std::vector<int32_t> classes;
  for (uint64_t place = 0; place < 2; ++place) {
    const SegmentPlan plan = plan_segment(labelled.labels, options(), 1, place);
    std::vector<float> chw(3 * kSide * kSide);
    execute_into(labelled.photo, plan, kSide, chw);
    images.insert(images.end(), chw.begin(), chw.end());
    std::vector<int32_t> some(kSide * kSide);
    execute_into(labelled.labels, options().labels, plan, kSide, some);
    classes.insert(classes.end(), some.begin(), some.end());
  }
  EXPECT_EQ(values_of<float>(batch, "images"), images);
  EXPECT_EQ(values_of<int32_t>(batch, "labels"), classes);
}

TEST(SegmentRecipe, TakesAPictureOfOnePixelAndOneWithoutLabels) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(refusal(write_pair(folder, "small", {1, 1}, {1, 1, {2}})), "nothing");
  EXPECT_EQ(refusal(write_pair(folder, "bare", {50, 40}, stripes({50, 40}, 1))), "nothing");
}

TEST(SegmentRecipe, TakesAPictureOfTwentyMegapixels) {
  const image::Image photo(5000, 4000);
  const LabelledPhoto labelled{photo.clone(), stripes(photo.size())};
  const SegmentRecipe recipe({"unread.png"}, options());
  Batch batch = make_batch(recipe, 1);
  recipe.make(labelled, {}, 0, batch);
  EXPECT_NE(values_of<int32_t>(batch, "labels"), std::vector<int32_t>(kSide * kSide, kIgnored));
}

TEST(SegmentRecipe, NamesBothFilesWhereTheirSizesDiffer) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(refusal(write_pair(folder, "a", {60, 50}, stripes({50, 60}))),
              AllOf(HasSubstr("a.png has 50 x 60 pixels, its picture"), HasSubstr("a.jpg has 60 x 50")));
}

TEST(SegmentRecipe, NamesTheFileOfALabelBeyond) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(refusal(write_pair(folder, "a", {60, 50}, stripes({60, 50}, 6))),
              AllOf(HasSubstr("a.png has label 4 on 500 pixels, first at (20, 0)"), HasSubstr("to 3")));
}

TEST(SegmentRecipe, RefusesAnnotationsThatAreNoLabelMaps) {
  const test::TemporaryFolder folder;
  Pair pair = write_pair(folder, "a", {60, 50}, stripes({60, 50}));
  image::write_png(real_files(), pair.annotation, noisy_picture({60, 50}, 1));
  EXPECT_THAT(refusal(pair), AllOf(HasSubstr("a.png"), HasSubstr("3 channels")));
  pair.annotation = folder / "absent.png";
  EXPECT_THAT(refusal(pair), HasSubstr("absent.png"));
}

TEST(SegmentRecipe, MakesTheSameBatchesForAnyNumberOfWorkers) {
  const test::TemporaryFolder folder;
  std::vector<fs::path> photos, annotations;
  for (int64_t i = 0; i < 7; ++i) {
    const Size size{60 + 7 * (i % 5), 50 + 11 * (i % 3)};
    // The third one's label map has another size: a stand-in takes its place.
    const auto [photo, annotation] =
        write_pair(folder, std::to_string(i), size, stripes(i == 2 ? Size{size.height + 1, size.width} : size));
    photos.push_back(photo);
    annotations.push_back(annotation);
  }
  const SegmentRecipe recipe(annotations, options());
  std::vector<std::vector<float>> images;
  std::vector<std::vector<int32_t>> classes;
  for (const int workers : {1, 3}) {
    Loader loader(photos, EpochSampler(7, 2, 3), recipe, {.workers = workers, .max_bad_share = 0.5});
    auto& all = images.emplace_back();
    auto& known = classes.emplace_back();
    for (int i = 0; i < 6; ++i) {
      const auto batch = loader.next();
      const auto some = values_of<float>(*batch, "images");
      all.insert(all.end(), some.begin(), some.end());
      const auto labels = values_of<int32_t>(*batch, "labels");
      known.insert(known.end(), labels.begin(), labels.end());
    }
    EXPECT_EQ(loader.bad_files().size(), 1U);
  }
  EXPECT_TRUE(images[0] == images[1]);
  EXPECT_EQ(classes[0], classes[1]);
}

TEST(SegmentRecipe, RefusesOptionsOutOfRange) {
  EXPECT_THROW(SegmentRecipe({}, {.crop = 0, .labels = {.classes = 3}}), UsageError);
}

}  // namespace
}  // namespace gtsa::data
