#include "learn/transfer/classifier_cost.h"

#include "learn/nn/cost.h"

namespace gtsa::transfer {

double gflop_per_image(const ClassifierOptions& options) {
  nn::LayerProducts products(1, 1);
  products.encoder(options.vit, 1, options.vit.grid());
  products.layer(1, options.vit.embed_dim, options.classes);
  return 1e-9 * (nn::flop(products.found()) + 3 * nn::attention_flop(options.vit, options.vit.grid()));
}

double memory_bytes(const ClassifierOptions& options, int64_t micro_batch) {
  Classifier classifier = make_classifier(options);
  const auto parameters = static_cast<double>(nn::count_parameters(classifier).values);
  const auto pixels = 3 * static_cast<double>(options.vit.image_size * options.vit.image_size);
  constexpr double kRoles = 4;            // values, gradients, two moments
  constexpr double kBatchesInMemory = 4;  // at work, mixed, and two ahead
  const double picture = nn::encoder_activations(options.vit, options.vit.grid()) +
                         4 * static_cast<double>(options.classes) + kBatchesInMemory * pixels;
  return 4 * (kRoles * parameters + static_cast<double>(micro_batch) * picture) + 200e6;
}

}  // namespace gtsa::transfer
