#include "learn/ssl/dino_cost.h"

#include <algorithm>

#include "learn/nn/cost.h"

namespace gtsa::ssl {
namespace {

int64_t grid(const DinoOptions& o, const DinoOptions::Views& views) { return views.size / o.vit.patch_size; }

void add_head(nn::LayerProducts& products, const nn::DinoHeadOptions& head, int64_t views) {
  products.layer(views, head.in, head.hidden);
  products.layer(views, head.hidden, head.hidden);
  products.layer(views, head.hidden, head.bottleneck);
  products.layer(views, head.bottleneck, head.out);
}

}  // namespace

double gflop_per_image(const DinoOptions& o) {
  nn::LayerProducts student(1, 1), teacher(1, 0);
  double attention = static_cast<double>(o.global.count) * nn::attention_flop(o.vit, grid(o, o.global));
  for (const auto* views : {&o.global, &o.local}) {
    if (views->count == 0) continue;
    student.encoder(o.vit, views->count, grid(o, *views));
    add_head(student, o.head, views->count);
    attention += 3 * static_cast<double>(views->count) * nn::attention_flop(o.vit, grid(o, *views));
  }
  teacher.encoder(o.vit, o.global.count, grid(o, o.global));
  add_head(teacher, o.head, o.global.count);
  return 1e-9 * (nn::flop(student.found()) + nn::flop(teacher.found()) + attention);
}

double memory_bytes(const DinoOptions& o, int64_t micro_batch) {
  DinoNetwork network = make_dino_network(o);
  const auto parameters = static_cast<double>(nn::count_parameters(network).values);
  double views = 0;  // floats of a photograph's views
  double most = 0;   // floats that backward needs of one photograph; the kinds of views come one after the other
  for (const auto* kind : {&o.global, &o.local}) {
    const auto count = static_cast<double>(kind->count);
    views += 3 * count * static_cast<double>(kind->size * kind->size);
    // The head: its hidden layers before and after GELU; logits, their softmax and its gradient.
    const double head = 4 * static_cast<double>(o.head.hidden) + 4 * static_cast<double>(o.head.out);
    most = std::max(most, count * (nn::encoder_activations(o.vit, grid(o, *kind)) + head));
  }
  const double targets = 2 * static_cast<double>(o.global.count * o.head.out);
  constexpr double kRoles = 5;            // values, gradients, two moments, teacher
  constexpr double kBatchesInMemory = 3;  // at work, and two ahead
  return 4 * (kRoles * parameters + static_cast<double>(micro_batch) * (most + targets + kBatchesInMemory * views)) +
         200e6;
}

}  // namespace gtsa::ssl
