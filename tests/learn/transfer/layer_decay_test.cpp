#include "learn/transfer/layer_decay.h"

#include <gtest/gtest.h>

#include "learn/transfer/classifier.h"
#include "support/golden.h"

namespace gtsa::transfer {
namespace {

TEST(layer_decay_vit_small_GoldenTest, EveryTensorHasTheReferencesScaleAndDecay) {
  GTSA_REQUIRE_GOLDEN("layer_decay_vit_small");
  const test::Golden golden("layer_decay_vit_small");
  const double weight_decay = golden.json().at("weight_decay");
  for (const auto& [variant, table] : golden.json().at("variants").items()) {
    // The tables are of 1010 classes and vit_small; sizes are read off them.
    std::map<std::string, std::vector<int64_t>> shapes;
    int64_t depth = 0;
    for (const auto& row : table) shapes[row.at("name")] = row.at("shape").get<std::vector<int64_t>>();
    while (shapes.contains("blocks." + std::to_string(depth) + ".norm1.weight")) ++depth;
    const int64_t width = shapes.at("cls_token").at(2), patch = golden.json().at("patch");
    const auto grid =
        static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(shapes.at("pos_embed").at(1) - 1))));
    Classifier classifier = make_classifier(
        {.vit = {.image_size = grid * patch, .patch_size = patch, .embed_dim = width, .depth = depth, .num_heads = 1},
         .head = head_named(variant),
         .classes = shapes.at("head.weight").at(0)});
    const nn::Layout layout = nn::lay_out(classifier);
    ASSERT_EQ(layout.slots.size(), table.size()) << variant;
    for (const auto& [key, unused] : table.at(0).items()) {
      if (!key.starts_with("lr_scale_")) continue;
      const auto rows = layer_decay_rows(layout, depth, std::stod(key.substr(9)));
      for (size_t i = 0; i < rows.size(); ++i) {
        const auto& want = table.at(i);
        EXPECT_EQ(layout.slots[i].name, want.at("name")) << "order of " << variant;
        EXPECT_EQ(layout.slots[i].shape, want.at("shape").get<std::vector<int64_t>>()) << want.at("name");
        EXPECT_NEAR(rows[i].lr_scale, want.at(key).get<double>(), 1e-12 * want.at(key).get<double>());
        EXPECT_EQ(rows[i].decay_scale * weight_decay, want.at("weight_decay").get<double>()) << want.at("name");
      }
    }
  }
}

TEST(LayerDecay, CountsLayersFromThePixels) {
  EXPECT_EQ(layer_of("cls_token", 12), 0);
  EXPECT_EQ(layer_of("patch_embed.proj.bias", 12), 0);
  EXPECT_EQ(layer_of("blocks.11.mlp.fc2.bias", 12), 12);
  EXPECT_EQ(layer_of("norm.weight", 12), 13);
  EXPECT_EQ(layer_of("mlp_head.1.weight", 12), 13);
}

}  // namespace
}  // namespace gtsa::transfer
