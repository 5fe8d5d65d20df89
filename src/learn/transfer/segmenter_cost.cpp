#include "learn/transfer/segmenter_cost.h"

#include <algorithm>
#include <functional>

#include "learn/nn/cost.h"

namespace gtsa::transfer {
namespace {

/// Calls unit(tokens, in) for each 3x3 convolution of the head with the tokens that it sees of one crop.
void for_each_unit(const SegmenterOptions& options, const std::function<void(int64_t tokens, int64_t in)>& unit) {
  const int64_t grid = options.vit.grid();
  for (const int64_t units : nn::kFpnUnits) {
    for (int64_t i = 0, side = grid; i < units; ++i, side *= 2) {
      unit(side * side, i == 0 ? options.neck_width : options.head_width);
    }
  }
}

}  // namespace

double gflop_per_image(const SegmenterOptions& options) {
  const int64_t grid = options.vit.grid(), tokens = grid * grid;
  nn::LayerProducts products(1, 1);
  products.encoder(options.vit, 1, grid);
  products.layer(tokens, options.vit.embed_dim, options.neck_width, nn::kFpnLevels);
  products.layer(tokens, 9 * options.neck_width, options.neck_width, nn::kFpnLevels);
  for_each_unit(options, [&](int64_t seen, int64_t in) { products.layer(seen, 9 * in, options.head_width); });
  products.layer(tokens, options.head_width, options.classes);
  return 1e-9 * (nn::flop(products.found()) + 3 * nn::attention_flop(options.vit, grid));
}

double memory_bytes(const SegmenterOptions& options, int64_t micro_batch) {
  Segmenter segmenter = make_segmenter(options);
  const auto parameters = static_cast<double>(nn::count_parameters(segmenter).values);
  const auto pixels = static_cast<double>(options.vit.image_size * options.vit.image_size);
  const auto tokens = static_cast<double>(options.vit.grid() * options.vit.grid());
  const auto neck = static_cast<double>(options.neck_width), head = static_cast<double>(options.head_width);
  constexpr double kMatricesOfMap = 4;  // floats of Winograd's transformed map over those of the map
  constexpr double kMapsAtWork = 3;     // gradients before and after the convolution, and what the allocator holds back
  double kept = nn::kFpnLevels * tokens * (static_cast<double>(options.vit.embed_dim) + neck);
  double at_work = 0;
  for_each_unit(options, [&](int64_t seen, int64_t in) {
    const double unit = static_cast<double>(seen) * (static_cast<double>(in) + head);
    kept += unit;
    at_work = std::max(at_work, (kMapsAtWork + kMatricesOfMap) * unit);
  });
  // The logits, their gradient and its parts for two rows of patches each.
  kept += 5 * tokens * static_cast<double>(options.classes);
  constexpr double kRoles = 4;            // values, gradients, two moments
  constexpr double kBatchesInMemory = 3;  // at work, and two ahead: 3 channels and a label each
  const double crop =
      nn::encoder_activations(options.vit, options.vit.grid()) + kept + at_work + kBatchesInMemory * 4 * pixels;
  return 4 * (kRoles * parameters + static_cast<double>(micro_batch) * crop) + 200e6;
}

}  // namespace gtsa::transfer
