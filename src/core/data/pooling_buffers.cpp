#include "core/data/pooling_buffers.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.h"
#include "core/geometry/pooling.h"

namespace gtsa::data {
namespace {

int64_t square(int64_t side) { return side * side; }

/// Writes both matrices of one pair.
struct PairWriter {
  const PoolingShape& shape;
  size_t kind;

  void operator()(const Box& teacher_box_in_view, const Box& student_box_in_view, Turn from_teacher_to_student,
                  int64_t place, std::span<float> teacher, std::span<float> student) const {
    const int64_t bins = shape.bins[kind];
    write(teacher_box_in_view, shape.grid[0], bins, from_teacher_to_student, place, teacher);
    write(student_box_in_view, shape.grid[kind], bins, Turn::none, place, student);
  }

 private:
  void write(const Box& box_in_view, int64_t grid, int64_t bins, Turn turn, int64_t place,
             std::span<float> buffer) const {
    const auto size = static_cast<size_t>(square(bins) * square(grid));
    geometry::pooling_matrix(geometry::box_in_map(box_in_view, shape.patch_size), {grid, grid}, bins, turn,
                             buffer.subspan(static_cast<size_t>(place) * size, size));
  }
};

}  // namespace

int64_t default_bins(int64_t grid) { return std::max<int64_t>(1, std::lround(0.7 * static_cast<double>(grid))); }

std::vector<BufferSpec> pooling_specs(const PoolingShape& shape, int64_t batch) {
  const int64_t global_tokens = square(shape.grid[0]);
  const int64_t local_tokens = square(shape.grid[1]);
  const auto spec = [&](std::string_view name, int64_t views, int64_t pairs, int64_t bins, int64_t tokens) {
    return BufferSpec{std::string(name), Element::f32, {views, batch, pairs, square(bins), tokens}};
  };
  return {spec(kStudentPoolGlobal, shape.globals, shape.globals - 1, shape.bins[0], global_tokens),
          spec(kTeacherPoolGlobal, shape.globals, shape.globals - 1, shape.bins[0], global_tokens),
          spec(kStudentPoolLocal, shape.locals, shape.globals, shape.bins[1], local_tokens),
          spec(kTeacherPoolLocal, shape.locals, shape.globals, shape.bins[1], global_tokens)};
}

PoolingBuffers pooling_buffers(const Batch& batch) {
  const auto span_of = [&](std::string_view name) {
    const Buffer& buffer = batch[name];
    return std::span<float>(buffer.as<float>(), buffer.spec.bytes() / sizeof(float));
  };
  return {span_of(kStudentPoolGlobal), span_of(kTeacherPoolGlobal), span_of(kStudentPoolLocal),
          span_of(kTeacherPoolLocal)};
}

void fill_pooling(const PoolingShape& shape, std::span<const Box> boxes_in_globals, std::span<const Box> boxes_in_views,
                  std::span<const Turn> turns, int64_t batch, int64_t slot, const PoolingBuffers& buffers) {
  const int64_t views = shape.views();
  const auto boxes = static_cast<size_t>(shape.globals * views);
  GTSA_CHECK(boxes_in_globals.size() == boxes && boxes_in_views.size() == boxes &&
                 turns.size() == static_cast<size_t>(views) && slot >= 0 && slot < batch,
             "{} and {} boxes and {} turns for {} global and {} local views, place {} of {}", boxes_in_globals.size(),
             boxes_in_views.size(), turns.size(), shape.globals, shape.locals, slot, batch);
  for (int64_t v = 0; v < views; ++v) {
    const bool global = v < shape.globals;
    const PairWriter write{shape, global ? size_t{0} : size_t{1}};
    const int64_t pairs = global ? shape.globals - 1 : shape.globals;
    int64_t place = ((global ? v : v - shape.globals) * batch + slot) * pairs;
    for (int64_t q = 0; q < shape.globals; ++q) {
      if (q == v) continue;
      const Turn turn = turn_between(turns[static_cast<size_t>(q)], turns[static_cast<size_t>(v)]);
      write(boxes_in_globals[static_cast<size_t>(q * views + v)],
            boxes_in_views[static_cast<size_t>(v * shape.globals + q)], turn, place++,
            global ? buffers.teacher_global : buffers.teacher_local,
            global ? buffers.student_global : buffers.student_local);
    }
  }
}

}  // namespace gtsa::data
