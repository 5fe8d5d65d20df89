#include "core/data/pooling_buffers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/data/view_plan.h"
#include "core/geometry/pooling.h"

namespace gtsa::data {
namespace {

Batch make_batch(const PoolingShape& shape, int64_t size) {
  Batch batch;
  for (const BufferSpec& spec : pooling_specs(shape, size)) {
    batch.buffers.push_back({spec, allocate_on_heap(spec.bytes())});
    std::fill_n(batch.buffers.back().as<float>(), spec.bytes() / sizeof(float), -1.0F);
  }
  return batch;
}

std::vector<Turn> turns_of(const MultiCropPlan& plan) {
  std::vector<Turn> turns;
  for (const ViewPlan& view : plan.views) turns.push_back(view.turn);
  return turns;
}

void fill(const PoolingShape& shape, const MultiCropPlan& plan, int64_t size, int64_t slot, const Batch& batch) {
  fill_pooling(shape, plan.global_boxes, plan.all_boxes, turns_of(plan), size, slot, pooling_buffers(batch));
}

TEST(PoolingBuffers, HaveTheShapesOfTheOriginalsSizes) {
  const auto specs = pooling_specs(PoolingShape{}, 5);
  EXPECT_EQ(specs.at(0).shape, (std::vector<int64_t>{2, 5, 1, 100, 196}));
  EXPECT_EQ(specs.at(1).shape, (std::vector<int64_t>{2, 5, 1, 100, 196}));
  EXPECT_EQ(specs.at(2).shape, (std::vector<int64_t>{8, 5, 2, 16, 36}));
  EXPECT_EQ(specs.at(3).shape, (std::vector<int64_t>{8, 5, 2, 16, 196}));
}

TEST(PoolingBuffers, TakeSevenTenthsOfTheGridAsBins) {
  EXPECT_EQ(default_bins(14), 10);
  EXPECT_EQ(default_bins(6), 4);
  EXPECT_EQ(default_bins(8), 6);
  EXPECT_EQ(default_bins(4), 3);
  EXPECT_EQ(default_bins(1), 1);
}

TEST(PoolingBuffers, HoldTheMatrixOfEveryPairAtItsPlace) {
  const PoolingShape shape{.globals = 3, .locals = 2, .patch_size = 8, .grid = {6, 4}, .bins = {4, 3}};
  const ViewOptions options{.crop_sizes = {48, 32}, .num_crops = {3, 2}};
  const int64_t size = 2;
  const Batch batch = make_batch(shape, size);
  for (int64_t slot = 0; slot < size; ++slot) {
    const MultiCropPlan plan = plan_views({200, 150}, options, 1, 0, static_cast<uint64_t>(slot));
    fill(shape, plan, size, slot, batch);
    const auto expect_pair = [&](std::string_view name, int64_t offset, const Box& box, int64_t grid, int64_t bins,
                                 Turn turn) {
      std::vector<float> want(static_cast<size_t>(bins * bins * grid * grid));
      geometry::pooling_matrix(geometry::box_in_map(box, 8), {grid, grid}, bins, turn, want);
      const float* got = batch[name].as<float>() + offset * static_cast<int64_t>(want.size());
      EXPECT_TRUE(std::equal(want.begin(), want.end(), got)) << name << ", place " << offset;
    };
    const auto box = [](const std::vector<Box>& boxes, int64_t i) { return boxes[static_cast<size_t>(i)]; };
    for (int64_t v = 0; v < 5; ++v) {
      int64_t pair = 0;
      for (int64_t q = 0; q < 3; ++q) {
        if (q == v) continue;
        const Turn turn =
            turn_between(plan.views[static_cast<size_t>(q)].turn, plan.views[static_cast<size_t>(v)].turn);
        const Box teacher = box(plan.global_boxes, q * 5 + v);
        const Box student = box(plan.all_boxes, v * 3 + q);
        if (v < 3) {
          const int64_t offset = (v * size + slot) * 2 + pair++;
          expect_pair(kTeacherPoolGlobal, offset, teacher, 6, 4, turn);
          expect_pair(kStudentPoolGlobal, offset, student, 6, 4, Turn::none);
        } else {
          const int64_t offset = ((v - 3) * size + slot) * 3 + pair++;
          expect_pair(kTeacherPoolLocal, offset, teacher, 6, 3, turn);
          expect_pair(kStudentPoolLocal, offset, student, 4, 3, Turn::none);
        }
      }
    }
  }
  for (const Buffer& buffer : batch.buffers) {
    const auto* begin = buffer.as<float>();
    EXPECT_EQ(std::count(begin, begin + buffer.spec.bytes() / sizeof(float), -1.0F), 0)
        << buffer.spec.name << " has gaps";
  }
}

TEST(PoolingBuffers, AreEmptyWithOneGlobalViewAndNoLocalOnes) {
  const PoolingShape shape{.globals = 1, .locals = 0, .patch_size = 8, .grid = {4, 4}, .bins = {3, 3}};
  const Batch batch = make_batch(shape, 2);
  const MultiCropPlan plan = plan_views({60, 60}, ViewOptions{.crop_sizes = {32}, .num_crops = {1}}, 0, 0, 0);
  EXPECT_NO_THROW(fill(shape, plan, 2, 1, batch));
  EXPECT_TRUE(pooling_buffers(batch).student_global.empty());
  EXPECT_THROW(fill(shape, plan, 2, 2, batch), BugError);
}

/// Where the centres of a view's patches lie in the photograph: x and y, row by row in the turned view.
std::vector<std::array<double, 2>> patch_centres(const ViewPlan& view, int64_t grid) {
  std::vector<std::array<double, 2>> centres;
  for (int64_t row = 0; row < grid; ++row) {
    for (int64_t column = 0; column < grid; ++column) {
      const int64_t source = geometry::source_of_turned(row, column, grid, view.turn);
      const auto along = [&](int64_t patch, int64_t origin, int64_t extent) {
        return static_cast<double>(origin) +
               (static_cast<double>(patch) + 0.5) / static_cast<double>(grid) * static_cast<double>(extent);
      };
      centres.push_back({along(source % grid, view.crop.left, view.crop.width),
                         along(source / grid, view.crop.top, view.crop.height)});
    }
  }
  return centres;
}

/// True if cell `cell` (row by row) of the pooled box reads nothing from the outer half of a border patch, where the
/// map is held constant.
bool reads_inside_only(const Box& box_in_map, int64_t grid, int64_t bins, int64_t cell) {
  const auto inside = [&](float low, float high, int64_t bin) {
    const float extent = (high - low) / static_cast<float>(bins);
    const float margin = 0.5F * extent / std::ceil(extent);  // from the cell's border to its first sample
    const float begin = low + static_cast<float>(bin) * extent;
    return begin + margin >= 0.5F && begin + extent - margin <= static_cast<float>(grid) - 0.5F;
  };
  return inside(box_in_map.x1, box_in_map.x2, cell % bins) && inside(box_in_map.y1, box_in_map.y2, cell / bins);
}

/// weights [tokens] * map [tokens]
std::array<double, 2> pooled(std::span<const float> weights, const std::vector<std::array<double, 2>>& map) {
  std::array<double, 2> sum{};
  for (size_t t = 0; t < map.size(); ++t) {
    for (size_t axis = 0; axis < 2; ++axis) sum[axis] += weights[t] * map[t][axis];
  }
  return sum;
}

TEST(PoolingBuffers, BringStudentAndTeacherToTheSamePlacesOfThePhotograph) {
  // Maps whose features are where their patch lies in the photograph: both pooled maps of a pair must agree. So the
  // crop loss is at its minimum when student and teacher are the same source seen through their views.
  const PoolingShape shape{.globals = 2, .locals = 4, .patch_size = 8, .grid = {14, 6}, .bins = {10, 4}};
  const ViewOptions options{.crop_sizes = {112, 48}, .num_crops = {2, 4}};
  const Batch batch = make_batch(shape, 1);
  const PoolingBuffers buffers = pooling_buffers(batch);
  int compared = 0;
  for (uint64_t photo = 0; photo < 60; ++photo) {
    const MultiCropPlan plan = plan_views({640, 480}, options, 9, 0, photo);
    fill(shape, plan, 1, 0, batch);
    for (size_t v = 2; v < 6; ++v) {
      for (size_t q = 0; q < 2; ++q) {
        const auto student_map = patch_centres(plan.views[v], 6);
        const auto teacher_map = patch_centres(plan.views[q], 14);
        const Turn turn = turn_between(plan.views[q].turn, plan.views[v].turn);
        for (int64_t cell = 0; cell < 16; ++cell) {
          const int64_t teacher_cell = geometry::source_of_turned(cell / 4, cell % 4, 4, turn);
          if (!reads_inside_only(geometry::box_in_map(plan.all_boxes[v * 2 + q], 8), 6, 4, cell) ||
              !reads_inside_only(geometry::box_in_map(plan.global_boxes[q * 6 + v], 8), 14, 4, teacher_cell)) {
            continue;
          }
          const size_t row = ((v - 2) * 2 + q) * 16 + static_cast<size_t>(cell);
          const auto from_student = pooled(buffers.student_local.subspan(row * 36, 36), student_map);
          const auto from_teacher = pooled(buffers.teacher_local.subspan(row * 196, 196), teacher_map);
          EXPECT_NEAR(from_student[0], from_teacher[0], 0.01) << "photo " << photo << ", views " << q << " and " << v;
          EXPECT_NEAR(from_student[1], from_teacher[1], 0.01) << "photo " << photo << ", views " << q << " and " << v;
          ++compared;
        }
      }
    }
  }
  EXPECT_GT(compared, 1000);
}

}  // namespace
}  // namespace gtsa::data
