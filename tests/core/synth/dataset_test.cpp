#include "core/synth/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "core/base/error.h"
#include "core/data/ade20k.h"
#include "core/data/coco.h"
#include "core/data/image_folder.h"
#include "core/data/inaturalist.h"
#include "core/image/decode.h"
#include "core/image/label_map.h"
#include "support/failing_files.h"
#include "support/temporary_folder.h"

namespace gtsa::synth {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

DatasetOptions small(int64_t images) { return {.images = images, .seed = 7, .scene = {128, 96}}; }

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = read_text(entry.path());
  return files;
}

std::string message(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(WriteDataset, GivesTheSameBytesForAnyThreadCount) {
  const test::TemporaryFolder one, four;
  DatasetOptions options = small(13);
  write_dataset(real_files(), one.path(), options);
  options.threads = 4;
  write_dataset(real_files(), four.path(), options);
  const auto first = contents(one.path());
  EXPECT_EQ(first.size(), 13u * 2 + 7);
  EXPECT_TRUE(first == contents(four.path()));
}

TEST(WriteDataset, SplitsByTheShare) {
  for (const auto& [images, share, wanted] :
       {std::tuple{10, 0.2, 2}, {1, 0.2, 0}, {2, 0.2, 1}, {7, 0.0, 0}, {8, 0.5, 4}, {3, 0.9, 2}}) {
    const test::TemporaryFolder folder;
    DatasetOptions options = small(images);
    options.scene = {32, 32};
    options.val_share = share;
    const DatasetSummary summary = write_dataset(real_files(), folder.path(), options);
    EXPECT_EQ(summary.validation, wanted) << images << " x " << share;
    EXPECT_EQ(summary.training + summary.validation, images);
  }
}

/// One set for the tests that only read.
class SyntheticSet : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    summary_ = write_dataset(real_files(), folder_->path(), small(40));
  }
  static void TearDownTestSuite() { delete folder_; }
  static const fs::path& folder() { return folder_->path(); }
  inline static test::TemporaryFolder* folder_ = nullptr;
  inline static DatasetSummary summary_;
};

TEST_F(SyntheticSet, IsReadAsAde20k) {
  const data::Ade20kSplit training = data::read_ade20k(folder(), "training"),
                          validation = data::read_ade20k(folder(), "validation");
  EXPECT_EQ(training.files.size(), 32u);
  EXPECT_EQ(validation.files.size(), 8u);
  ASSERT_EQ(training.classes.size(), static_cast<size_t>(kCategories));
  EXPECT_EQ(training.classes.front(), "sky");
  EXPECT_EQ(training.classes.back(), "crate");
  for (const data::LabelledFile& file : validation.files) {
    EXPECT_EQ(image::read_image(file.image).size(), (Size{128, 96}));
    EXPECT_EQ(image::read_label_map(file.annotation, 1 << 20).size(), (Size{128, 96}));
  }
}

TEST_F(SyntheticSet, HasMasksBoxesAndLabelsThatAgree) {
  int64_t things = 0, crowds = 0, polygons = 0, runs = 0;
  for (const auto& [split, layout] : {std::pair{"train", "training"}, {"val", "validation"}}) {
    const auto files = data::find_coco(folder(), split);
    ASSERT_TRUE(files);
    const data::CocoSplit coco = data::read_coco(*files);
    for (size_t i = 0; i < coco.images.size(); ++i) {
      const data::CocoImage& picture = coco.images[i];
      EXPECT_TRUE(fs::is_regular_file(picture.file)) << picture.file;
      const fs::path name = picture.file.stem().string() + ".png";
      const image::LabelMap labels = image::read_label_map(folder() / "annotations" / layout / name, 1 << 20);
      ASSERT_EQ(labels.size(), picture.size);
      std::vector<uint16_t> covered(labels.values.size());
      for (const data::CocoAnnotation& annotation : coco.of(i)) {
        ASSERT_TRUE(annotation.has_mask());
        const geometry::RunLengthMask mask = annotation.mask(picture.size);
        const Rect bounds = geometry::bounds(mask);
        EXPECT_EQ(annotation.box,
                  (geometry::BoxXywh{static_cast<double>(bounds.left), static_cast<double>(bounds.top),
                                     static_cast<double>(bounds.width), static_cast<double>(bounds.height)}));
        EXPECT_EQ(annotation.area, static_cast<double>(geometry::area(mask)));
        const auto pixels = geometry::decode_mask(mask);
        const auto label = static_cast<uint16_t>(coco.categories[annotation.label].id);
        for (size_t p = 0; p < pixels.size(); ++p) {
          if (pixels[p] == 0) continue;
          ASSERT_EQ(covered[p], 0) << "two masks on one pixel";
          covered[p] = label;
        }
        ++(annotation.crowd ? crowds : things);
        ++(annotation.runs ? runs : polygons);
      }
      for (size_t p = 0; p < covered.size(); ++p) {
        const uint16_t label = labels.values[p];
        ASSERT_EQ(covered[p], is_thing(static_cast<Category>(label)) ? label : 0) << picture.file << " pixel " << p;
      }
    }
  }
  EXPECT_EQ(things, summary_.things);
  EXPECT_EQ(crowds, summary_.crowds);
  EXPECT_GT(crowds, 0);
  EXPECT_GT(polygons, 10 * runs);
}

TEST_F(SyntheticSet, IsReadAsINaturalist) {
  const data::ClassifiedSplit training = data::read_inaturalist(folder(), "train"),
                              validation = data::read_inaturalist(folder(), "val");
  EXPECT_EQ(training.files.size(), 32u);
  EXPECT_EQ(validation.files.size(), 8u);
  ASSERT_EQ(training.classes.size(), static_cast<size_t>(kSceneTypes));
  for (const data::ClassifiedFile& file : training.files) {
    EXPECT_TRUE(fs::is_regular_file(file.file)) << file.file;
    const uint64_t index = std::stoull(file.file.stem().string().substr(6));
    EXPECT_EQ(training.classes[file.label], name_of(render_scene(7, index, {128, 96}).type));
  }
}

TEST_F(SyntheticSet, IsPretrainedOnWithoutItsValidationPictures) {
  const std::vector<fs::path> arguments = {folder()};
  EXPECT_EQ(data::ImageFolder(arguments).size(), 32);
}

TEST(WriteDataset, RefusesWhatItCannotMake) {
  const test::TemporaryFolder folder;
  const auto refused = [&](const DatasetOptions& options) {
    return message([&] { write_dataset(real_files(), folder / "set", options); });
  };
  EXPECT_THAT(refused(small(0)), HasSubstr("a data set of 0 pictures"));
  EXPECT_THAT(refused(small(-3)), HasSubstr("a data set of -3 pictures"));
  EXPECT_THAT(refused(small(kMostImages + 1)), HasSubstr("1 to 1000000"));
  EXPECT_THAT(refused({.images = 1, .scene = {16, 16}}), HasSubstr("16 x 16"));
  EXPECT_THAT(refused({.images = 1, .val_share = 1.5}), HasSubstr("validation share of 1.5"));
  EXPECT_FALSE(fs::exists(folder / "set"));
}

TEST(WriteDataset, NeverOverwritesWhatIsNotItsOwn) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "photo.jpg") << "mine";
  DatasetOptions options = small(2);
  const auto refused = [&](const fs::path& path) {
    return message([&] { write_dataset(real_files(), path, options); });
  };
  EXPECT_THAT(refused(folder.path()), HasSubstr("is not empty"));
  EXPECT_THAT(refused(folder / "photo.jpg"), HasSubstr("is no folder"));
  options.overwrite = true;
  EXPECT_THAT(refused(folder.path()), HasSubstr("holds no synthetic set"));
  fs::remove(folder / "photo.jpg");
  options.overwrite = false;
  write_dataset(real_files(), folder.path(), options);
  const auto first = contents(folder.path());
  EXPECT_THAT(refused(folder.path()), HasSubstr("--overwrite"));
  options.overwrite = true;
  std::ofstream(folder / "notes.txt") << "mine";
  EXPECT_THAT(refused(folder.path()), HasSubstr("holds notes.txt"));
  fs::remove(folder / "notes.txt");
  EXPECT_TRUE(first == contents(folder.path()));
  options.images = 1;
  write_dataset(real_files(), folder.path(), options);
  EXPECT_LT(contents(folder.path()).size(), first.size());
}

TEST(WriteDataset, LeavesNoSetThatLooksFinishedWhenTheDiskIsFull) {
  DatasetOptions options = small(2);
  options.scene = {32, 32};
  const test::TemporaryFolder whole;
  write_dataset(real_files(), whole / "set", options);
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 200) << "there is no end of operations";
    const test::TemporaryFolder folder;
    test::FailingFiles files(n);
    if (message([&] { write_dataset(files, folder / "set", options); }) == "no error") {
      EXPECT_FALSE(files.failed());
      EXPECT_GT(n, 20);
      break;
    }
    const auto left = contents(folder.path());
    if (left.count("set/classes.txt") != 0) {
      EXPECT_TRUE(left == contents(whole.path())) << "finished but for the folder's own record, operation " << n;
    }
    for (const auto& [name, text] : left) EXPECT_THAT(name, ::testing::Not(HasSubstr(".part"))) << "operation " << n;
    if (left.count("set/synthetic.json") == 0 || n % 8 != 0) continue;
    DatasetOptions again = options;
    again.overwrite = true;
    write_dataset(real_files(), folder / "set", again);
    EXPECT_TRUE(contents(folder.path()) == contents(whole.path())) << "operation " << n;
  }
}

}  // namespace
}  // namespace gtsa::synth
