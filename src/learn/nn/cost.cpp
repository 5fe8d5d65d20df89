#include "learn/nn/cost.h"

namespace gtsa::nn {

double flop(std::span<const Product> products) {
  double sum = 0;
  for (const Product& p : products) {
    sum += 2 * p.times * static_cast<double>(p.rows) * static_cast<double>(p.inner) * static_cast<double>(p.columns);
  }
  return sum;
}

void LayerProducts::layer(int64_t rows, int64_t in, int64_t out, double times) {
  found_.push_back({rows, in, out, times * forwards_});
  if (backwards_ == 0) return;
  found_.push_back({rows, out, in, times * backwards_});
  found_.push_back({out, rows, in, times * backwards_});
}

void LayerProducts::encoder(const VitOptions& o, int64_t views, int64_t g) {
  const int64_t c = o.embed_dim, rows = views * (g * g + 1);
  const auto depth = static_cast<double>(o.depth);
  layer(views * g * g, 3 * o.patch_size * o.patch_size, c);
  layer(rows, c, 3 * c, depth);
  layer(rows, c, c, depth);
  layer(rows, c, o.mlp_ratio * c, depth);
  layer(rows, o.mlp_ratio * c, c, depth);
}

double attention_flop(const VitOptions& o, int64_t g) {
  const auto tokens = static_cast<double>(g * g + 1);
  return 4 * static_cast<double>(o.depth) * tokens * tokens * static_cast<double>(o.embed_dim);
}

std::vector<Product> encoder_products(const VitOptions& o, int64_t batch, int64_t g) {
  LayerProducts forward(1, 0);
  forward.encoder(o, batch, g);
  return forward.found();
}

double encoder_gflop_per_image(const VitOptions& o) {
  return 1e-9 * (flop(encoder_products(o, 1, o.grid())) + attention_flop(o, o.grid()));
}

double encoder_activations(const VitOptions& o, int64_t g) {
  const auto c = static_cast<double>(o.embed_dim), n = static_cast<double>(g * g + 1);
  const double block =
      n *
      (2 * c + (o.checkpointing ? 0 : (3 + static_cast<double>(o.mlp_ratio)) * c + static_cast<double>(o.num_heads)));
  return static_cast<double>(o.depth) * block;
}

}  // namespace gtsa::nn
