#pragma once
// GTSA's two networks (docs/method.md 2): the student with its predictor and rotation head, and the teacher, an
// average of the student's encoder and projector that is never trained.
//
// A batch has V = G + L views of B photographs: G global ones, seen by both networks, and L local ones, seen by the
// student. Views of a kind stand view-major in one tensor: row v * B + b. Maps are tokens [n, T, channels], row by row.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/data/pooling_buffers.h"
#include "learn/nn/flat.h"
#include "learn/nn/heads.h"
#include "learn/nn/vit.h"

namespace gtsa::ssl {

/// Matches kept a pair where the student's map has `grid` x `grid` patches: half of them, 98 at 14 and 18 at 6, as the
/// original's.
int64_t default_matches(int64_t grid);

/// What one kind of view (global or local) is like.
struct ViewKind {
  int64_t count = 0;  ///< views a photograph
  int64_t size = 0;   ///< side in pixels
  int64_t bins =
      0;  ///< bins a side of the pooled overlap where the student sees this kind; 0 = data::default_bins(grid)
  int64_t matches = 0;  ///< matches kept a pair where the student sees this kind; 0 = default_matches(grid)
};

struct GtsaOptions {
  nn::VitOptions vit;
  int64_t projector_dim = 384;
  int64_t predictor_dim = 768;
  int64_t out_dim = 768;
  int64_t rotation_hidden = 768;
  int64_t rotation_bottleneck = 128;
  ViewKind global{2, 224};
  ViewKind local{8, 96};

  int64_t grid(const ViewKind& kind) const { return kind.size / vit.patch_size; }
  int64_t bins(const ViewKind& kind) const { return kind.bins > 0 ? kind.bins : data::default_bins(grid(kind)); }
  int64_t matches(const ViewKind& kind) const { return kind.matches > 0 ? kind.matches : default_matches(grid(kind)); }
  int64_t views() const { return global.count + local.count; }
  /// Pairs of a teacher's map and a student's map of another view, all of equal weight: V * G - G.
  int64_t pairs() const { return (views() - 1) * global.count; }
  /// What the loader needs to know to make pooling matrices.
  data::PoolingShape pooling_shape() const;
  /// Throws UsageError naming all that cannot be: among it views that a patch does not divide.
  void check() const;
};

struct Student {
  nn::Vit encoder;
  nn::ConvHead projector, predictor;
  nn::RotationHead rotation;
  /// The order of the flat buffer. Names base_encoder., base_projector., base_predictor., rot_predictor.
  void walk(const nn::Walk& visit);
};

struct Teacher {
  nn::Vit encoder;
  nn::ConvHead projector;
  /// Names momentum_encoder., momentum_projector. Its layout is a prefix of the student's.
  void walk(const nn::Walk& visit);
};

/// On the meta device: nn::bind them.
Student make_student(const GtsaOptions& options);
Teacher make_teacher(const GtsaOptions& options);

/// The original's initial weights (nn/init.h), of a bound student.
void init(Student& student, uint64_t seed);
/// The teacher starts as a copy of the student. Asserts that its layout is a prefix of the student's.
void copy_to_teacher(const nn::Flat& student, nn::Flat& teacher);

/// All parameters in the order of the original's files, where the teacher stands before the rotation head.
void walk_as_in_files(Student& student, Teacher& teacher, const nn::Walk& visit);

/// Factor of the weight decay for a parameter: 0 for biases and whatever has one dimension, else 1 (class token and
/// position embedding too).
double decay_scale(const nn::Slot& slot);

/// Throws UsageError unless `views` is [count * B, 3, size, size] as `kind` says: pooling boxes and turns speak of
/// square views that patches cover wholly.
void check_views(const GtsaOptions& options, const ViewKind& kind, const at::Tensor& views);

struct StudentMaps {
  at::Tensor encoder;    ///< [n, T, C]
  at::Tensor projector;  ///< [n, T, out]
  at::Tensor predictor;  ///< [n, T, out]
};

struct TeacherMaps {
  at::Tensor encoder;    ///< [n, T, C]
  at::Tensor projector;  ///< [n, T, out]
};

/// Views of one kind [n, 3, side, side] through the student; `drop_path` may be null.
StudentMaps forward(const Student& student, const at::Tensor& views, const nn::DropPath* drop_path = nullptr);

/// Global views through the teacher, without gradients.
TeacherMaps forward(const Teacher& teacher, const at::Tensor& views);

/// Logits of the four turns [n, 4], from the mean of the encoder's patch tokens [n, T, C].
at::Tensor rotation_logits(const Student& student, const at::Tensor& encoder_tokens);

}  // namespace gtsa::ssl
