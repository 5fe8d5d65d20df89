#pragma once
// GTSA's three losses (docs/method.md 3), in float32 whatever the maps' type.
//
// A pair (q, v) is a teacher's map of global view q and a student's map of another view v; all pairs weigh the same.
// Losses come one kind of student's view at a time, so that each is a few large products instead of one small one a
// pair. In a kind of K views, a pair is (v, slot): v within the kind; slot counts the teacher's views q in ascending
// order, v itself left out among the globals. So S = G - 1 slots for global views, G for local ones, and P = K * S
// pairs, v-major.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace gtsa::ssl {

enum class Kind : uint8_t { global, local };

/// Weights that pool the overlap of every pair of a kind to o x o bins: F32 [K, B, S, o*o, T], T the tokens of the map
/// they pool. Rows of `teacher` are permuted by the turn from view q's orientation to view v's.
struct Pooling {
  at::Tensor student;  ///< T of the student's maps of this kind
  at::Tensor teacher;  ///< T of the global views' maps
};

/// Dense loss of one kind's pairs.
struct CropTerms {
  at::Tensor pair_losses;     ///< [K, S]: mean of -cos over photographs and bins
  at::Tensor student_pooled;  ///< [K, B, S, o*o, D]
  at::Tensor teacher_pooled;  ///< the same shape, turned into the student's view's orientation; no gradient
};

/// student [K * B, T, D] (predictor), teacher [G * B, T_global, D] (projector, no gradient); view-major. Vectors are
/// divided by max(norm, 1e-12).
CropTerms crop_terms(Kind kind, const at::Tensor& student, const at::Tensor& teacher, const Pooling& pooling);

/// Which positions are matched: I64 [P, B, n], kept positions ascending, candidates as they come.
struct Matches {
  at::Tensor student;            ///< kept positions of the student's map, and
  at::Tensor teacher_candidate;  ///< the teacher's position most similar to each
  at::Tensor teacher;            ///< kept positions of the teacher's map, and
  at::Tensor student_candidate;  ///< the student's position most similar to each
};

/// For every position of either map its most similar one in the other (cosine, norms floored at 1e-12), then the
/// `matches` positions whose best similarity is highest (all of them, if the map has fewer); equal similarities: the
/// lowest index first. student [K * B, T, D], teacher [G * B, T_global, D], `views` = K, `teachers` = G. No gradient.
Matches find_matches(Kind kind, const at::Tensor& student, const at::Tensor& teacher, int64_t views, int64_t teachers,
                     int64_t matches);

/// Correspondence loss of one kind's pairs.
struct CorrespondenceTerms {
  at::Tensor student_losses;  ///< [P]: input student's positions, candidates the teacher's: mean of -cos over
                              ///< photographs and matches
  at::Tensor teacher_losses;  ///< [P]: input teacher's positions
  Matches found;
  /// [P]: half the sum.
  at::Tensor pair_losses() const;
};

/// Arguments as for find_matches. The cosine's product of norms is floored at 1e-8; gradients reach the student in both
/// directions.
CorrespondenceTerms correspondence_terms(Kind kind, const at::Tensor& student, const at::Tensor& teacher, int64_t views,
                                         int64_t teachers, int64_t matches);

/// What one kind's pair losses add to the mean over all `pairs` of both kinds.
at::Tensor share_of_mean(const at::Tensor& pair_losses, int64_t pairs);

/// logits [V * B, 4] and turns I64 [V * B] (0..3 quarters): mean cross-entropy, so that every view weighs the same.
at::Tensor rotation_loss(const at::Tensor& logits, const at::Tensor& turns);

}  // namespace gtsa::ssl
