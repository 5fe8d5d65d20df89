#include "learn/ssl/gtsa_cost.h"

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
