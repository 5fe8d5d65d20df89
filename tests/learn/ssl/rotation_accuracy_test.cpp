// Rotation accuracy: photographs whose turn shows, a head that reads it, and one that cannot.

#include "learn/ssl/rotation_accuracy.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/image/encode.h"
#include "learn/nn/flat.h"
#include "learn/ssl/gtsa_task.h"
#include "support/temporary_folder.h"

namespace gtsa::ssl {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

GtsaOptions tiny() {
  GtsaOptions options;
  options.vit = {16, 8, 16, 1, 2, 0.1};
  options.projector_dim = options.predictor_dim = options.out_dim = 8;
  options.rotation_hidden = 16;
  options.rotation_bottleneck = 8;
  options.global = {2, 16};
  options.local = {3, 8};
  return options;
}

data::MultiCropOptions samples() {
  data::MultiCropOptions options;
  options.views.crop_sizes = {16, 8};
  options.views.num_crops = {2, 3};
  options.patch_size = 8;
  return options;
}

std::vector<fs::path> write_photographs(const test::TemporaryFolder& folder, int count) {
  std::vector<fs::path> paths;
  for (int i = 0; i < count; ++i) {
    image::Image picture(40 + i, 32);
    for (int64_t y = 0; y < picture.height(); ++y) {
      for (int64_t x = 0; x < 3 * picture.width(); ++x) picture.row(y)[x] = static_cast<uint8_t>(7 * y + x * (i % 3));
    }
    paths.push_back(folder / fmt::format("{:03}.png", i));
    image::write_png(real_files(), paths.back(), picture);
  }
  return paths;
}

/// A student that answers `turn` to everything.
void answer_always(Student& student, int64_t turn) {
  const at::NoGradGuard no_grad;
  student.rotation.linear8.weight.zero_();
  student.rotation.linear8.bias.zero_();
  student.rotation.linear8.bias[turn] = 1;
}

int64_t sum(const std::array<int64_t, 4>& row) { return std::accumulate(row.begin(), row.end(), int64_t{0}); }

TEST(RotationAccuracy, CountsEveryViewByItsTurnAndTheAnswer) {
  const test::TemporaryFolder folder;
  const auto photographs = write_photographs(folder, 40);
  GtsaTask task(tiny(), {}, samples());
  answer_always(task.student(), 2);
  const RotationResult result = rotation_accuracy(task.student(), samples(), photographs, {});
  EXPECT_EQ(result.photos, 40);
  int64_t global = 0, local = 0;
  for (size_t turn = 0; turn < 4; ++turn) {
    EXPECT_EQ(result.global[turn][2], sum(result.global[turn])) << "no other answer was given";
    EXPECT_GT(sum(result.global[turn]), 0) << "every turn is drawn";
    global += sum(result.global[turn]);
    local += sum(result.local[turn]);
  }
  EXPECT_EQ(global, 2 * 40);
  EXPECT_EQ(local, 3 * 40);
  EXPECT_DOUBLE_EQ(result.accuracy_global(), static_cast<double>(sum(result.global[2])) / 80);
  EXPECT_DOUBLE_EQ(result.accuracy(), static_cast<double>(sum(result.global[2]) + sum(result.local[2])) / 200);
  const auto json = to_json(result);
  EXPECT_EQ(json.at("views"), 200);
  EXPECT_EQ(json.at("confusion").at(2).at(2), sum(result.global[2]) + sum(result.local[2]));
}

TEST(RotationAccuracy, IsTheSameForAnyNumberOfThreadsAndLeavesOutWhatItCannotRead) {
  const test::TemporaryFolder folder;
  auto photographs = write_photographs(folder, 20);
  GtsaTask task(tiny(), {}, samples());
  const RotationResult all = rotation_accuracy(task.student(), samples(), photographs, {});
  set_threads(2);
  EXPECT_EQ(rotation_accuracy(task.student(), samples(), photographs, {}).global, all.global);
  set_threads(1);
  fs::resize_file(photographs[19], 30);
  const RotationResult most = rotation_accuracy(task.student(), samples(), photographs, {});
  const RotationResult first = rotation_accuracy(task.student(), samples(), photographs, {.photos = 19});
  EXPECT_EQ(most.photos, 19);
  ASSERT_EQ(most.skipped.size(), 1U);
  EXPECT_THAT(most.skipped[0], HasSubstr("019.png"));
  EXPECT_EQ(most.global, first.global);
  EXPECT_EQ(most.local, first.local);
  EXPECT_EQ(all.photos, 20);
}

TEST(RotationAccuracy, WithoutPhotographsIsAnError) {
  GtsaTask task(tiny(), {}, samples());
  EXPECT_THROW(rotation_accuracy(task.student(), samples(), {}, {}), Error);
  EXPECT_THROW(rotation_accuracy(task.student(), samples(), {}, {.photos = 0}), UsageError);
}

TEST(RotationEvaluator, GivesFiguresAndTheConfusionAndChangesNothing) {
  const test::TemporaryFolder folder;
  const auto photographs = write_photographs(folder, 10);
  GtsaTask task(tiny(), {}, samples());
  const at::Tensor before = task.trained().values.clone();
  run::Run run = run::Run::create(real_files(), folder / "run", false);
  const auto ranks = dist::one_rank();
  const auto evaluator = rotation_evaluator(task.student(), samples(), photographs, {});
  const auto figures = evaluator->evaluate({*ranks, &run});
  ASSERT_EQ(figures.size(), 3U);
  EXPECT_EQ(figures[0].name, "probe_rotation_accuracy");
  EXPECT_EQ(figures[0].value, rotation_accuracy(task.student(), samples(), photographs, {}).accuracy());
  EXPECT_TRUE(fs::exists(folder / "run" / "artefacts" / "probe_rotation.json"));
  EXPECT_TRUE(task.trained().values.equal(before));
}

}  // namespace
}  // namespace gtsa::ssl
