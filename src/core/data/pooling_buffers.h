#pragma once
// The pooling matrices of the crop loss, as buffers of a batch: for every pair (q, v) of a global view q (teacher) and
// another view v (student) the weights that pool both maps over their overlap (docs/method.md 3.1). Made by the
// loader, so the training step is matrix products of fixed shapes.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/data/batch.h"
#include "core/geometry/types.h"

namespace gtsa::data {

/// Sizes of the pooling. A view's kind (0 global, 1 local) decides its grid and the bins of the pairs in which it is
/// the student's.
struct PoolingShape {
  int64_t globals = 2;                 ///< G
  int64_t locals = 8;                  ///< L; V = G + L
  int64_t patch_size = 16;             ///< pixels
  std::array<int64_t, 2> grid{14, 6};  ///< patches along a side of the map, by kind
  std::array<int64_t, 2> bins{10, 4};  ///< side of the pooled map, by kind
  int64_t views() const { return globals + locals; }
};

/// Side of the pooled map by default: max(1, round(0.7 grid)): 10 of 14 and 4 of 6, as in the original.
int64_t default_bins(int64_t grid);

inline constexpr std::string_view kStudentPoolGlobal = "student_pool_global";
inline constexpr std::string_view kTeacherPoolGlobal = "teacher_pool_global";
inline constexpr std::string_view kStudentPoolLocal = "student_pool_local";
inline constexpr std::string_view kTeacherPoolLocal = "teacher_pool_local";

/// The four buffers for batches of `batch` (o, T = bins and tokens of the kind; q ascends, skipping v among the
/// globals):
///   student_pool_global f32 [G (view v), B, G-1 (q), o*o, T_global]    teacher_pool_global: the same shape
///   student_pool_local  f32 [L (view v), B, G (q), o'*o', T_local]     teacher_pool_local  f32 [L, B, G, o'*o',
///   T_global]
/// Shapes without elements are kept (one global view, no local ones). Rows of the teacher's are permuted by the turn
/// that leads from q to v, so pooled student and teacher maps stand in the same orientation.
std::vector<BufferSpec> pooling_specs(const PoolingShape& shape, int64_t batch);

/// The memory of the four buffers, whole batch.
struct PoolingBuffers {
  std::span<float> student_global;
  std::span<float> teacher_global;
  std::span<float> student_local;
  std::span<float> teacher_local;
};
/// Those of a batch whose specs include pooling_specs().
PoolingBuffers pooling_buffers(const Batch& batch);

/// Fills place `slot` of `batch` from one photograph's boxes and turns: `boxes_in_globals` [G, V] in global q's pixels,
/// `boxes_in_views` [V, G] in view v's pixels, `turns` [V].
void fill_pooling(const PoolingShape& shape, std::span<const Box> boxes_in_globals, std::span<const Box> boxes_in_views,
                  std::span<const Turn> turns, int64_t batch, int64_t slot, const PoolingBuffers& buffers);

}  // namespace gtsa::data
