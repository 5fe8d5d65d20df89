#include "learn/ssl/dino_cost.h"

#include <gtest/gtest.h>

#include "learn/nn/cost.h"

namespace gtsa::ssl {
namespace {

/// Recipe dino_coco_small.
DinoOptions small() {
  DinoOptions o;
  o.vit = {.image_size = 224, .patch_size = 16, .embed_dim = 384, .depth = 12, .num_heads = 6};
  o.head.in = 384;
  return o;
}

TEST(DinoCost, IsTheEncodersAndTheHeads) {
  const double global = nn::encoder_gflop_per_image(small().vit);
  nn::VitOptions local = small().vit;
  local.image_size = 96;
  const double encoders = 2 * global + 3 * (2 * global + 8 * nn::encoder_gflop_per_image(local));
  // 384 x 2048, 2048 x 2048, 2048 x 256, 256 x 65536: 22.3 million multiplications a view.
  const double heads = 2e-9 * (384 * 2048 + 2048 * 2048 + 2048 * 256 + 256 * 65536) * (2 + 3 * 10);
  EXPECT_NEAR(gflop_per_image(small()), encoders + heads, 1e-3 * encoders);
}

TEST(DinoCost, OfNoLocalViewsHasNoneOfThem) {
  DinoOptions globals = small();
  globals.local.count = 0;
  EXPECT_LT(gflop_per_image(globals), gflop_per_image(small()));
}

TEST(DinoCost, MemoryGrowsByTheSameForEveryPhotograph) {
  const double one = memory_bytes(small(), 1);
  const double step = memory_bytes(small(), 2) - one;
  EXPECT_GT(step, 0);
  EXPECT_NEAR(memory_bytes(small(), 8) - one, 7 * step, 1);
}

}  // namespace
}  // namespace gtsa::ssl
