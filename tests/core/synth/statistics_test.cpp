#include "core/synth/statistics.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "core/image/decode.h"
#include "core/image/encode.h"
#include "core/synth/scene.h"
#include "support/golden.h"

namespace gtsa::synth {
namespace {

namespace fs = std::filesystem;

/// Left part black, the rest grey of `value`.
image::Image halves(int64_t width, int64_t height, int64_t split, uint8_t value) {
  image::Image image(width, height);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < 3 * width; ++x) image.row(y)[x] = x < 3 * split ? 0 : value;
  return image;
}

TEST(EdgeDensity, CountsThePixelsBesideAStep) {
  // A step of 21 gives 21 on both of its sides, one of 41 gives 41.
  EXPECT_EQ(measure(halves(12, 6, 6, 21)).edge_density, 0);
  EXPECT_DOUBLE_EQ(measure(halves(12, 6, 6, 41)).edge_density, 2.0 / 10);
}

TEST(ColourEntropy, IsTheLogarithmOfEquallyFrequentColours) {
  EXPECT_EQ(measure(halves(12, 6, 0, 200)).colour_entropy, 0);
  EXPECT_DOUBLE_EQ(measure(halves(12, 6, 6, 200)).colour_entropy, 1);
}

TEST(MeasureAt, NeverEnlarges) {
  const image::Image image = halves(40, 20, 10, 250);
  EXPECT_EQ(measure_at(image, 100).edge_density, measure(image).edge_density);
  EXPECT_GT(measure_at(image, 10).edge_density, measure(image).edge_density);
}

TEST(SyntheticScenes, AreAsRichAsPhotographs) {
  const auto photographs = test::shared_folder("data/scenes-unlabeled/train");
  if (!photographs) GTEST_SKIP() << "no photographs";
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(*photographs)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  constexpr size_t kPictures = 100;
  PictureStatistics real, made;
  for (size_t i = 0; i < kPictures; ++i) {
    const PictureStatistics photo = measure_at(image::read_image(files[i * files.size() / kPictures]), 144);
    const Scene scene = render_scene(0, i);
    const PictureStatistics picture =
        measure_at(image::decode(image::encode_jpeg(scene.image, scene.jpeg_quality)), 144);
    real.edge_density += photo.edge_density / kPictures;
    real.colour_entropy += photo.colour_entropy / kPictures;
    made.edge_density += picture.edge_density / kPictures;
    made.colour_entropy += picture.colour_entropy / kPictures;
  }
  EXPECT_NEAR(made.edge_density, real.edge_density, 0.25 * real.edge_density);
  EXPECT_NEAR(made.colour_entropy, real.colour_entropy, 0.25 * real.colour_entropy);
}

}  // namespace
}  // namespace gtsa::synth
