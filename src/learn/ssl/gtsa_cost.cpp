#include "learn/ssl/gtsa_cost.h"

#include <algorithm>
#include <utility>

namespace gtsa::ssl {
namespace {

/// Collects the products of layers: each forward, and backward (for input and weight) as often as it learns.
class LayerProducts {
 public:
  LayerProducts(double forwards, double backwards) : forwards_(forwards), backwards_(backwards) {}

  void layer(int64_t rows, int64_t in, int64_t out, double times = 1) {
    found_.push_back({rows, in, out, times * forwards_});
    if (backwards_ == 0) return;
    found_.push_back({rows, out, in, times * backwards_});
    found_.push_back({out, rows, in, times * backwards_});
  }
  void encoder(const nn::VitOptions& o, int64_t views, int64_t g) {
    const int64_t c = o.embed_dim, rows = views * (g * g + 1);
    const auto depth = static_cast<double>(o.depth);
    layer(views * g * g, 3 * o.patch_size * o.patch_size, c);
    layer(rows, c, 3 * c, depth);
    layer(rows, c, c, depth);
    layer(rows, c, 4 * c, depth);
    layer(rows, 4 * c, c, depth);
  }
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
  std::vector<Product> take() { return std::move(found_); }

 private:
  double forwards_, backwards_;
  std::vector<Product> found_;
};

/// Attention's two products of one view of g x g patches, forward: operations.
double attention_flop(const nn::VitOptions& o, int64_t g) {
  const auto tokens = static_cast<double>(g * g + 1);
  return 4 * static_cast<double>(o.depth) * tokens * tokens * static_cast<double>(o.embed_dim);
}

}  // namespace

std::vector<Product> layer_products(const GtsaOptions& o, int64_t batch) {
  LayerProducts student(1, 1), teacher(1, 0);
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
  std::vector<Product> products = student.take();
  for (const Product& product : teacher.take()) products.push_back(product);
  return products;
}

std::vector<Product> encoder_products(const nn::VitOptions& o, int64_t batch, int64_t g) {
  LayerProducts forward(1, 0);
  forward.encoder(o, batch, g);
  return forward.take();
}

double flop(std::span<const Product> products) {
  double sum = 0;
  for (const Product& p : products) {
    sum += 2 * p.times * static_cast<double>(p.rows) * static_cast<double>(p.inner) * static_cast<double>(p.columns);
  }
  return sum;
}

double gflop_per_image(const GtsaOptions& o) {
  const auto teachers = static_cast<double>(o.global.count);
  const int64_t teacher_grid = o.grid(o.global);
  double others = teachers * attention_flop(o.vit, teacher_grid);
  for (const ViewKind* kind : {&o.global, &o.local}) {
    const auto count = static_cast<double>(kind->count);
    const int64_t g = o.grid(*kind);
    const double pairs = count * (kind == &o.global ? teachers - 1 : teachers);
    const double similarities = pairs * static_cast<double>(g * g * teacher_grid * teacher_grid);
    others += 3 * count * attention_flop(o.vit, g) + 2 * similarities * static_cast<double>(o.out_dim);
  }
  return 1e-9 * (flop(layer_products(o, 1)) + others);
}

double encoder_gflop_per_image(const nn::VitOptions& o) {
  return 1e-9 * (flop(encoder_products(o, 1, o.grid())) + attention_flop(o, o.grid()));
}

double memory_bytes(const GtsaOptions& o, int64_t micro_batch) {
  Student student = make_student(o);
  Teacher teacher = make_teacher(o);
  const auto trained = static_cast<double>(nn::count_parameters(student).values);
  const auto averaged = static_cast<double>(nn::count_parameters(teacher).values);
  const auto c = static_cast<double>(o.vit.embed_dim), depth = static_cast<double>(o.vit.depth);
  const auto p = static_cast<double>(o.projector_dim), d = static_cast<double>(o.out_dim),
             e = static_cast<double>(o.predictor_dim);
  double views = 0;  // floats of a photograph's views
  double most = 0;   // floats that backward needs of one photograph; the kinds of views come one after the other
  for (const ViewKind* kind : {&o.global, &o.local}) {
    const auto count = static_cast<double>(kind->count);
    const auto t = static_cast<double>(o.grid(*kind) * o.grid(*kind)), n = t + 1;
    views += 3 * count * static_cast<double>(kind->size * kind->size);
    // A block: the inputs of its branches; q, k, v with the sums of the softmax's rows; the MLP before GELU.
    const double block = n * (2 * c + (o.vit.checkpointing ? 0 : 7 * c + static_cast<double>(o.vit.num_heads)));
    // The heads: inputs of convolutions, norms and products, and the predictor's transformed maps at work.
    const double heads = t * (c + 5 * p + 2 * d + 3 * e + 8 * (d + e));
    most = std::max(most, count * (depth * block + heads));
  }
  constexpr double kBatchesInMemory = 3;  // at work, and two ahead
  return 4 * (4 * trained + averaged + static_cast<double>(micro_batch) * (most + kBatchesInMemory * views)) + 200e6;
}

}  // namespace gtsa::ssl
