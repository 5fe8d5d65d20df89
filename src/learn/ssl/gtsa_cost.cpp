#include "learn/ssl/gtsa_cost.h"

namespace gtsa::ssl {
namespace {

/// Multiplies of the encoder on one view of g x g patches.
double encoder_products(const nn::VitOptions& o, int64_t g) {
  const auto c = static_cast<double>(o.embed_dim), t = static_cast<double>(g * g), n = t + 1;
  const double patch = t * 3 * static_cast<double>(o.patch_size * o.patch_size) * c;
  return patch + static_cast<double>(o.depth) * (12 * n * c * c + 2 * n * n * c);
}

double projector_products(const GtsaOptions& o) {
  const auto c = static_cast<double>(o.vit.embed_dim), p = static_cast<double>(o.projector_dim),
             d = static_cast<double>(o.out_dim);
  return 9 * c * p + 9 * p * p + p * d;
}

double predictor_products(const GtsaOptions& o) {
  const auto h = static_cast<double>(o.predictor_dim), d = static_cast<double>(o.out_dim);
  return 9 * d * h + h * d;
}

double rotation_products(const GtsaOptions& o) {
  const auto c = static_cast<double>(o.vit.embed_dim), h = static_cast<double>(o.rotation_hidden),
             b = static_cast<double>(o.rotation_bottleneck);
  return c * h + h * h + h * b + 4 * b;
}

}  // namespace

double gflop_per_image(const GtsaOptions& o) {
  double student = 0, tokens = 0, similarity = 0;
  const auto teachers = static_cast<double>(o.global.count);
  const auto teacher_tokens = static_cast<double>(o.grid(o.global) * o.grid(o.global));
  for (const ViewKind* kind : {&o.global, &o.local}) {
    const auto count = static_cast<double>(kind->count);
    const int64_t g = o.grid(*kind);
    student += count * encoder_products(o.vit, g);
    tokens += count * static_cast<double>(g * g);
    const double pairs = count * (kind == &o.global ? teachers - 1 : teachers);
    similarity += pairs * static_cast<double>(g * g) * teacher_tokens * static_cast<double>(o.out_dim);
  }
  student +=
      tokens * (projector_products(o) + predictor_products(o)) + static_cast<double>(o.views()) * rotation_products(o);
  const double teacher =
      teachers * (encoder_products(o.vit, o.grid(o.global)) + teacher_tokens * projector_products(o));
  return 2e-9 * (3 * student + teacher + similarity);
}

double memory_bytes(const GtsaOptions& o, int64_t micro_batch) {
  Student student = make_student(o);
  Teacher teacher = make_teacher(o);
  const auto trained = static_cast<double>(nn::count_parameters(student).values);
  const auto averaged = static_cast<double>(nn::count_parameters(teacher).values);
  const auto c = static_cast<double>(o.vit.embed_dim), depth = static_cast<double>(o.vit.depth);
  double kept = 0;  // floats that backward needs of one photograph
  for (const ViewKind* kind : {&o.global, &o.local}) {
    const auto count = static_cast<double>(kind->count), side = static_cast<double>(kind->size);
    const auto t = static_cast<double>(o.grid(*kind) * o.grid(*kind)), n = t + 1;
    // A block: two norms (in and out), q k v, attention's result and projection, the MLP's two sides of GELU; and the
    // softmax.
    const double block = 18 * n * c + 2 * static_cast<double>(o.vit.num_heads) * n * n;
    // A head's 3x3 convolution keeps its input unfolded nine times.
    const double heads =
        t * (9 * c + 14 * static_cast<double>(o.projector_dim) * 2 + 9 * static_cast<double>(o.out_dim) +
             5 * static_cast<double>(o.predictor_dim) + 4 * static_cast<double>(o.out_dim));
    kept += count * (depth * block + heads + 2 * 3 * side * side);
  }
  return 4 * (4 * trained + averaged + static_cast<double>(micro_batch) * kept) + 200e6;
}

}  // namespace gtsa::ssl
