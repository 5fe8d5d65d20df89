#include "learn/ssl/gtsa_losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "core/base/error.h"

namespace gtsa::ssl {
namespace {

constexpr double kNormFloor = 1e-12;
constexpr double kNormProductFloor = 1e-8;

/// Pairs of a kind, in order: the student's view within the kind and the teacher's view.
struct Pairs {
  std::vector<int64_t> student, teacher;
};

Pairs pairs_of(Kind kind, int64_t views, int64_t teachers) {
  Pairs pairs;
  for (int64_t v = 0; v < views; ++v) {
    for (int64_t q = 0; q < teachers; ++q) {
      if (kind == Kind::global && q == v) continue;
      pairs.student.push_back(v);
      pairs.teacher.push_back(q);
    }
  }
  return pairs;
}

at::Tensor indices(const std::vector<int64_t>& values, at::Device device) { return at::tensor(values).to(device); }

at::Tensor norms(const at::Tensor& x) { return at::linalg_vector_norm(x, 2, at::IntArrayRef{-1}); }

at::Tensor normalised(const at::Tensor& x) { return x / norms(x).clamp_min(kNormFloor).unsqueeze(-1); }

/// Pools teacher's maps [G * B, T, D] with weights [K, B, S, bins, T] -> [K, B, S, bins, D].
at::Tensor pool_teacher(Kind kind, const at::Tensor& teacher, const at::Tensor& weights) {
  const int64_t views = weights.size(0), batch = weights.size(1), slots = weights.size(2), bins = weights.size(3);
  const int64_t tokens = teacher.size(1), width = teacher.size(2), teachers = teacher.size(0) / batch;
  if (kind == Kind::local) {
    // Every view meets every teacher's map, so the bins of all views stack up under each map.
    const at::Tensor stacked = weights.permute({2, 1, 0, 3, 4}).reshape({teachers * batch, views * bins, tokens});
    return at::bmm(stacked, teacher).view({slots, batch, views, bins, width}).permute({2, 1, 0, 3, 4});
  }
  const at::Tensor of_pair = indices(pairs_of(kind, views, teachers).teacher, teacher.device());
  const at::Tensor maps = teacher.view({teachers, batch, tokens, width}).index_select(0, of_pair).flatten(0, 1);
  const at::Tensor stacked = weights.transpose(1, 2).reshape({views * slots * batch, bins, tokens});
  return at::bmm(stacked, maps).view({views, slots, batch, bins, width}).transpose(1, 2);
}

/// Ascending positions of the n highest values along the last axis; equal values: the lowest position first.
at::Tensor positions_of_highest(const at::Tensor& values, int64_t n) {
  const at::Tensor order = std::get<1>(values.sort(/*stable=*/true, /*dim=*/-1, /*descending=*/true));
  return std::get<0>(order.narrow(-1, 0, std::min(n, values.size(-1))).sort(-1));
}

/// Rows of a view-major stack of maps [.., T, D]: the maps of `view_of_pair`, positions [P, B, n] -> [P, B, n, D].
at::Tensor gather(const at::Tensor& maps, const std::vector<int64_t>& view_of_pair, const at::Tensor& positions) {
  const int64_t batch = positions.size(1), tokens = maps.size(1);
  const at::Tensor views = indices(view_of_pair, maps.device()).view({-1, 1, 1});
  const at::Tensor photographs = at::arange(batch, positions.options()).view({1, -1, 1});
  const at::Tensor rows = (views * batch + photographs) * tokens + positions;
  return maps.flatten(0, 1).index_select(0, rows.flatten()).unflatten(0, positions.sizes());
}

/// Mean of -cos over photographs and matches, one a pair: [P, B, n, D] twice -> [P].
at::Tensor match_losses(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor cosine = (a * b).sum(-1) / (norms(a) * norms(b)).clamp_min(kNormProductFloor);
  return -cosine.mean({1, 2});
}

}  // namespace

CropTerms crop_terms(Kind kind, const at::Tensor& student, const at::Tensor& teacher, const Pooling& pooling) {
  const at::IntArrayRef shape = pooling.student.sizes();
  GTSA_CHECK(shape.size() == 5 && shape[0] * shape[1] == student.size(0) && shape[4] == student.size(1),
             "pooling weights do not fit the student's maps");
  CropTerms terms;
  const at::Tensor maps = student.to(at::kFloat);
  const at::Tensor weights = pooling.student.view({shape[0] * shape[1], shape[2] * shape[3], shape[4]});
  terms.student_pooled = at::bmm(weights, maps).view({shape[0], shape[1], shape[2], shape[3], maps.size(2)});
  at::Tensor target_norms;
  {
    const at::NoGradGuard no_grad;
    terms.teacher_pooled = pool_teacher(kind, teacher.to(at::kFloat), pooling.teacher);
    target_norms = norms(terms.teacher_pooled).clamp_min(kNormFloor);
  }
  const at::Tensor dot = (terms.student_pooled * terms.teacher_pooled).sum(-1);
  const at::Tensor cosine = dot / (norms(terms.student_pooled).clamp_min(kNormFloor) * target_norms);
  terms.pair_losses = -cosine.mean({1, 3});
  return terms;
}

Matches find_matches(Kind kind, const at::Tensor& student, const at::Tensor& teacher, int64_t views, int64_t teachers,
                     int64_t matches) {
  const at::NoGradGuard no_grad;
  const int64_t batch = student.size(0) / views, tokens = student.size(1), teacher_tokens = teacher.size(1);
  // A photograph's maps side by side: one product a photograph holds the similarities of all its pairs.
  const auto side_by_side = [batch](const at::Tensor& maps, int64_t count) {
    return normalised(maps.to(at::kFloat))
        .unflatten(0, {count, batch})
        .transpose(0, 1)
        .reshape({batch, -1, maps.size(2)});
  };
  const at::Tensor similarity = at::bmm(side_by_side(student, views), side_by_side(teacher, teachers).transpose(1, 2))
                                    .view({batch, views, tokens, teachers, teacher_tokens});
  const Pairs pairs = pairs_of(kind, views, teachers);
  std::vector<int64_t> flat;
  for (size_t p = 0; p < pairs.student.size(); ++p) flat.push_back(pairs.student[p] * teachers + pairs.teacher[p]);
  const at::Tensor chosen = indices(flat, student.device());
  // [B, K, G, positions] -> [P, B, positions]
  const auto of_pairs = [&](const at::Tensor& best) {
    return best.permute({1, 2, 0, 3}).flatten(0, 1).index_select(0, chosen);
  };
  const auto for_student = similarity.max(4);  // [B, K, T, G]
  const auto for_teacher = similarity.max(2);  // [B, K, G, T_global]
  Matches found;
  found.student = positions_of_highest(of_pairs(std::get<0>(for_student).transpose(2, 3)), matches);
  found.teacher_candidate = of_pairs(std::get<1>(for_student).transpose(2, 3)).gather(-1, found.student);
  found.teacher = positions_of_highest(of_pairs(std::get<0>(for_teacher)), matches);
  found.student_candidate = of_pairs(std::get<1>(for_teacher)).gather(-1, found.teacher);
  return found;
}

at::Tensor CorrespondenceTerms::pair_losses() const { return (student_losses + teacher_losses) * 0.5; }

CorrespondenceTerms correspondence_terms(Kind kind, const at::Tensor& student, const at::Tensor& teacher, int64_t views,
                                         int64_t teachers, int64_t matches) {
  const Pairs pairs = pairs_of(kind, views, teachers);
  const at::Tensor input = student.to(at::kFloat), target = teacher.detach().to(at::kFloat);
  CorrespondenceTerms terms;
  terms.found = find_matches(kind, input, target, views, teachers, matches);
  terms.student_losses = match_losses(gather(input, pairs.student, terms.found.student),
                                      gather(target, pairs.teacher, terms.found.teacher_candidate));
  terms.teacher_losses = match_losses(gather(input, pairs.student, terms.found.student_candidate),
                                      gather(target, pairs.teacher, terms.found.teacher));
  return terms;
}

at::Tensor share_of_mean(const at::Tensor& pair_losses, int64_t pairs) {
  return pair_losses.sum() / static_cast<double>(pairs);
}

at::Tensor rotation_loss(const at::Tensor& logits, const at::Tensor& turns) {
  return at::cross_entropy_loss(logits.to(at::kFloat), turns);
}

}  // namespace gtsa::ssl
