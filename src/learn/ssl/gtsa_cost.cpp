#include "learn/ssl/gtsa_cost.h"

#include <algorithm>

namespace gtsa::ssl {
namespace {

/// Products of GTSA's heads.
class GtsaProducts : public nn::LayerProducts {
 public:
  using nn::LayerProducts::LayerProducts;

  void projector(const GtsaOptions& o, int64_t tokens) {
    layer(tokens, 9 * o.vit.embed_dim, o.projector_dim);
    layer(tokens, 9 * o.projector_dim, o.projector_dim);
    layer(tokens, o.projector_dim, o.out_dim);
  }
  void predictor(const GtsaOptions& o, int64_t tokens) {
    layer(tokens, 9 * o.out_dim, o.predictor_dim);
    layer(tokens, o.predictor_dim, o.out_dim);
  }
  void rotation(const GtsaOptions& o, int64_t views) {
    layer(views, o.vit.embed_dim, o.rotation_hidden);
    layer(views, o.rotation_hidden, o.rotation_hidden);
    layer(views, o.rotation_hidden, o.rotation_bottleneck);
    layer(views, o.rotation_bottleneck, 4);
  }
};

}  // namespace

std::vector<nn::Product> layer_products(const GtsaOptions& o, int64_t batch) {
  GtsaProducts student(1, 1), teacher(1, 0);
  for (const ViewKind* kind : {&o.global, &o.local}) {
    const int64_t views = kind->count * batch, g = o.grid(*kind);
    if (views == 0) continue;
    student.encoder(o.vit, views, g);
    student.projector(o, views * g * g);
    student.predictor(o, views * g * g);
    student.rotation(o, views);
  }
  const int64_t views = o.global.count * batch, g = o.grid(o.global);
  teacher.encoder(o.vit, views, g);
  teacher.projector(o, views * g * g);
  std::vector<nn::Product> products = student.found();
  for (const nn::Product& product : teacher.found()) products.push_back(product);
  return products;
}

double gflop_per_image(const GtsaOptions& o) {
  const auto teachers = static_cast<double>(o.global.count);
  const int64_t teacher_grid = o.grid(o.global);
  double others = teachers * nn::attention_flop(o.vit, teacher_grid);
  for (const ViewKind* kind : {&o.global, &o.local}) {
    const auto count = static_cast<double>(kind->count);
    const int64_t g = o.grid(*kind);
    const double pairs = count * (kind == &o.global ? teachers - 1 : teachers);
    const double similarities = pairs * static_cast<double>(g * g * teacher_grid * teacher_grid);
    others += 3 * count * nn::attention_flop(o.vit, g) + 2 * similarities * static_cast<double>(o.out_dim);
  }
  return 1e-9 * (nn::flop(layer_products(o, 1)) + others);
}

double memory_bytes(const GtsaOptions& o, int64_t micro_batch) {
  Student student = make_student(o);
  Teacher teacher = make_teacher(o);
  const auto trained = static_cast<double>(nn::count_parameters(student).values);
  const auto averaged = static_cast<double>(nn::count_parameters(teacher).values);
  const auto c = static_cast<double>(o.vit.embed_dim);
  const auto p = static_cast<double>(o.projector_dim), d = static_cast<double>(o.out_dim),
             e = static_cast<double>(o.predictor_dim);
  double views = 0;  // floats of a photograph's views
  double most = 0;   // floats that backward needs of one photograph; the kinds of views come one after the other
  for (const ViewKind* kind : {&o.global, &o.local}) {
    const auto count = static_cast<double>(kind->count);
    const auto t = static_cast<double>(o.grid(*kind) * o.grid(*kind));
    views += 3 * count * static_cast<double>(kind->size * kind->size);
    // The heads: inputs of convolutions, norms and products, and the predictor's transformed maps at work.
    const double heads = t * (c + 5 * p + 2 * d + 3 * e + 8 * (d + e));
    most = std::max(most, count * (nn::encoder_activations(o.vit, o.grid(*kind)) + heads));
  }
  constexpr double kBatchesInMemory = 3;  // at work, and two ahead
  return 4 * (4 * trained + averaged + static_cast<double>(micro_batch) * (most + kBatchesInMemory * views)) + 200e6;
}

}  // namespace gtsa::ssl
