#include "learn/ssl/gtsa_cost.h"

#include <gtest/gtest.h>

namespace gtsa::ssl {
namespace {

/// Recipe gtsa_coco_small.
GtsaOptions small() {
  GtsaOptions o;
  o.vit = {.image_size = 224, .patch_size = 16, .embed_dim = 384, .depth = 12, .num_heads = 6};
  o.global = {2, 224};
  o.local = {8, 96};
  return o;
}

TEST(Cost, IsThatOfTheOriginalsNetworks) {
  EXPECT_NEAR(gflop_per_image(small()), 151.6, 0.005 * 151.6);
  EXPECT_NEAR(nn::encoder_gflop_per_image(small().vit), 9.2, 0.1) << "ViT-S/16 at 224 pixels: 4.6 GMAC";
}

TEST(Cost, GrowsWithTheBatchAlone) {
  const double one = nn::flop(layer_products(small(), 1));
  EXPECT_DOUBLE_EQ(nn::flop(layer_products(small(), 8)), 8 * one);
  EXPECT_LT(1e-9 * one, gflop_per_image(small())) << "attention and similarities are no layers";
  EXPECT_GT(1e-9 * one, 0.9 * gflop_per_image(small()));
}

TEST(Cost, OfNoLocalViewsHasNoneOfThem) {
  GtsaOptions globals = small();
  globals.local.count = 0;
  for (const nn::Product& p : layer_products(globals, 2)) EXPECT_GT(p.rows * p.inner * p.columns, 0);
  EXPECT_LT(gflop_per_image(globals), gflop_per_image(small()));
}

TEST(Cost, MemoryFallsWithCheckpointingAndRisesWithTheBatch) {
  GtsaOptions thrifty = small();
  thrifty.vit.checkpointing = true;
  EXPECT_LT(memory_bytes(thrifty, 8), memory_bytes(small(), 8));
  EXPECT_LT(memory_bytes(small(), 4), memory_bytes(small(), 8));
}

}  // namespace
}  // namespace gtsa::ssl
