// The one loading path: names of several styles, position embeddings of other grids, and refusals that name the cause.

#include "learn/model/weights.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/base/error.h"
#include "learn/model/encoder.h"
#include "learn/model/state.h"
#include "support/golden_torch.h"
#include "support/temporary_folder.h"

namespace gtsa::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const nn::VitOptions kSmall{
    .image_size = 32, .patch_size = 8, .embed_dim = 24, .depth = 2, .num_heads = 3, .drop_path = 0};

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// A file in memory, made of one encoder's tensors under other names.
struct Content {
  Encoder encoder;
  Records records;
  formats::Safetensors file;

  explicit Content(const nn::VitOptions& options, const std::string& prefix = "")
      : encoder(random_encoder(options, std::nullopt, 3)) {
    records.add(nn::parameters(encoder.vit), prefix);
    file.tensors = records.records;
  }
  void rename(const std::string& from, const std::string& to) {
    for (auto& tensor : file.tensors) {
      if (const size_t at = tensor.name.find(from); at != std::string::npos) tensor.name.replace(at, from.size(), to);
    }
  }
  void remove(const std::string& part) {
    std::erase_if(file.tensors, [&](const auto& tensor) { return tensor.name.find(part) != std::string::npos; });
  }
  void add(const std::string& name) {
    records.add(name, encoder.vit.cls_token);
    file.tensors.push_back(records.records.back());
  }
};

LoadReport load(Encoder& into, const Content& content, bool allow_missing = false) {
  return load_weights(nn::parameters(into.vit), content.file, {"a file", encoder_prefixes(), allow_missing});
}

TEST(Weights, AreFoundUnderEveryKnownPrefix) {
  for (const std::string& prefix : encoder_prefixes()) {
    const Content content(kSmall, prefix);
    Encoder into = random_encoder(kSmall, std::nullopt, 4);
    const LoadReport report = load(into, content);
    EXPECT_EQ(report.prefix, prefix);
    EXPECT_EQ(report.matched.size(), content.file.tensors.size());
    EXPECT_THAT(report.left_over, IsEmpty());
    EXPECT_TRUE(at::equal(into.vit.blocks[1].mlp.fc2.weight, content.encoder.vit.blocks[1].mlp.fc2.weight));
  }
}

TEST(Weights, OfTheTeacherGoBeforeTheStudents) {
  Content content(kSmall, "base_encoder.");
  Encoder teacher = random_encoder(kSmall, std::nullopt, 8), into = random_encoder(kSmall, std::nullopt, 4);
  content.records.add(nn::parameters(teacher.vit), "momentum_encoder.");
  content.file.tensors = content.records.records;
  const LoadReport report = load(into, content);
  EXPECT_EQ(report.prefix, "momentum_encoder.");
  EXPECT_TRUE(at::equal(into.vit.cls_token, teacher.vit.cls_token));
  EXPECT_THAT(report.table(), HasSubstr("base_encoder.* (30)"));
}

TEST(Weights, ReportNamesThatAreLeftOver) {
  Content content(kSmall);
  content.add("head.weight");
  Encoder into = random_encoder(kSmall, std::nullopt, 4);
  EXPECT_THAT(load(into, content).left_over, ElementsAre("head.weight"));
}

TEST(Weights, OfOtherPrecisionAreConverted) {
  Content content(kSmall);
  const at::Tensor half = content.encoder.vit.cls_token.to(at::kHalf);
  content.records.add("cls_token", half);
  content.file.tensors.front() = content.records.records.back();
  Encoder into = random_encoder(kSmall, std::nullopt, 4);
  load(into, content);
  EXPECT_TRUE(at::equal(into.vit.cls_token, half.to(at::kFloat)));
}

TEST(Weights, BringAPositionEmbeddingToAnotherGrid) {
  const Content content(kSmall);
  nn::VitOptions larger = kSmall;
  larger.image_size = 56;
  Encoder into = random_encoder(larger, std::nullopt, 4);
  const LoadReport report = load(into, content);
  EXPECT_THAT(report.resized, ElementsAre("pos_embed 4x4 -> 7x7"));
  EXPECT_TRUE(at::equal(into.vit.pos_embed.select(1, 0), content.encoder.vit.pos_embed.select(1, 0)));
  EXPECT_THAT(report.table(), HasSubstr("pos_embed 4x4 -> 7x7"));
}

TEST(pos_embed_load_interp_GoldenTest, ResizedPositionsAreTheOriginals) {
  GTSA_REQUIRE_GOLDEN("pos_embed_load_interp");
  const test::Golden golden("pos_embed_load_interp");
  for (const auto& pair : golden.json().at("pairs")) {
    const int64_t from = pair.at(0), to = pair.at(1);
    const std::string name = fmt::format("{}to{}", from, to);
    const at::Tensor in = test::golden_tensor(golden, name + ".in"), want = test::golden_tensor(golden, name + ".out");
    const at::Tensor got = resized_pos_embed(in, to);
    EXPECT_TRUE(at::allclose(got, want, 1e-5, 1e-5)) << name;
    EXPECT_TRUE(at::equal(got.select(1, 0), in.select(1, 0))) << name;
  }
}

TEST(ResizedPosEmbed, KeepsItsGridAndConstants) {
  const Encoder encoder = random_encoder(kSmall, std::nullopt, 3);
  EXPECT_TRUE(at::allclose(resized_pos_embed(encoder.vit.pos_embed, 4), encoder.vit.pos_embed, 1e-6, 1e-7));
  EXPECT_TRUE(at::allclose(resized_pos_embed(at::ones({1, 17, 5}), 9), at::ones({1, 82, 5}), 1e-5, 1e-5));
}

TEST(Weights, OfAnotherArchitectureAreRefusedWithBothShapes) {
  nn::VitOptions wide = kSmall;
  wide.embed_dim = 48;
  const Content content(wide);
  Encoder into = random_encoder(kSmall, std::nullopt, 4);
  const at::Tensor before = into.flat.values.clone();
  EXPECT_THAT(
      message_of([&] { load(into, content); }),
      HasSubstr("a file: tensor cls_token has shape [1, 1, 48], the network needs [1, 1, 24]: weights of another "
                "architecture (embed_dim 48 instead of 24)"));
  EXPECT_TRUE(at::equal(before, into.flat.values)) << "a refused file changed the network";
}

TEST(Weights, OfAnotherPatchSizeAreRefusedByName) {
  nn::VitOptions coarse = kSmall;
  coarse.image_size = 64;
  coarse.patch_size = 16;
  const Content content(coarse);
  Encoder into = random_encoder(kSmall, std::nullopt, 4);
  EXPECT_THAT(message_of([&] { load(into, content); }), HasSubstr("(patch_size 16 instead of 8)"));
}

TEST(Weights, OfAnotherDepthAreRefusedBothWays) {
  nn::VitOptions deep = kSmall;
  deep.depth = 3;
  const Content shallow_content(kSmall), deep_content(deep);
  Encoder shallow_network = random_encoder(kSmall, std::nullopt, 4),
          deep_network = random_encoder(deep, std::nullopt, 4);
  EXPECT_THAT(message_of([&] { load(deep_network, shallow_content); }), HasSubstr("lacks 12 of 42 tensors"));
  EXPECT_THAT(message_of([&] { load(deep_network, shallow_content); }), HasSubstr("a network of another depth"));
  EXPECT_THAT(message_of([&] { load(shallow_network, deep_content); }),
              HasSubstr("a file has blocks.2.norm1.weight, the network does not: weights of a deeper architecture"));
}

TEST(Weights, ThatAreMissingAreAnErrorUnlessAllowed) {
  Content content(kSmall);
  content.remove("fc1.bias");
  Encoder into = random_encoder(kSmall, std::nullopt, 4);
  EXPECT_THAT(
      message_of([&] { load(into, content); }),
      HasSubstr("a file lacks 2 of 30 tensors that the network needs (blocks.0.mlp.fc1.bias, blocks.1.mlp.fc1.bias);"));
  EXPECT_EQ(load(into, content, true).missing.size(), 2U);
}

TEST(Weights, OfADetectorsBackboneAreNamedAsSuch) {
  Content content(kSmall, "backbone.");
  content.remove("backbone.norm.");
  content.add("roi_head.bbox_head.fc_cls.weight");
  Encoder into = random_encoder(kSmall, std::nullopt, 4);
  EXPECT_THAT(message_of([&] { load(into, content); }), HasSubstr("a detector's backbone"));
}

TEST(Weights, WithNothingUsefulAreRefusedWithTheLikelyCause) {
  Encoder into = random_encoder(kSmall, std::nullopt, 4);
  const auto refusal = [&](const std::function<void(Content&)>& change) {
    Content content(kSmall);
    change(content);
    return message_of([&] { load(into, content); });
  };
  EXPECT_THAT(refusal([](Content& c) { c.file.tensors.clear(); }),
              HasSubstr("a file has no weights for this network: the file holds no tensors"));
  EXPECT_THAT(refusal([](Content& c) {
                for (auto& tensor : c.file.tensors) tensor.name = "net.vit." + tensor.name;
              }),
              HasSubstr("its names begin with \"net.vit.\""));
  EXPECT_THAT(refusal([](Content& c) {
                for (auto& tensor : c.file.tensors) tensor.name = "layers." + tensor.name;
                c.rename("patch_embed.proj.", "patch_embed.projection.");
              }),
              HasSubstr("mmsegmentation"));
  EXPECT_THAT(refusal([](Content& c) {
                c.file.tensors.resize(1);
                c.rename("cls_token", "layer1.0.conv1.weight");
              }),
              HasSubstr("names of a ResNet"));
  EXPECT_THAT(refusal([](Content& c) {
                c.file.tensors.resize(1);
                c.rename("cls_token", "roi_head.bbox_head.fc_cls.weight");
              }),
              HasSubstr("a detector without a ViT"));
  EXPECT_THAT(refusal([](Content& c) {
                c.file.tensors.resize(1);
                c.rename("cls_token", "decode_head.conv_seg.weight");
              }),
              HasSubstr("a segmentation network (decode_head.*), whose encoder has no final norm"));
}

TEST(MmsegmentationNames, AreThoseOfItsTransformerAndLeadBack) {
  for (const auto& [ours, theirs] : {std::pair("cls_token", "cls_token"),
                                     {"pos_embed", "pos_embed"},
                                     {"patch_embed.proj.weight", "patch_embed.projection.weight"},
                                     {"norm.bias", "ln1.bias"},
                                     {"blocks.11.norm1.weight", "layers.11.ln1.weight"},
                                     {"blocks.0.norm2.bias", "layers.0.ln2.bias"},
                                     {"blocks.0.attn.qkv.weight", "layers.0.attn.attn.in_proj_weight"},
                                     {"blocks.3.attn.proj.bias", "layers.3.attn.attn.out_proj.bias"},
                                     {"blocks.3.mlp.fc1.bias", "layers.3.ffn.layers.0.0.bias"},
                                     {"blocks.3.mlp.fc2.weight", "layers.3.ffn.layers.1.weight"},
                                     {"blocks.3.other", "layers.3.other"}}) {
    EXPECT_EQ(mmsegmentation_name(ours), theirs);
    EXPECT_EQ(name_from_mmsegmentation(theirs), ours);
  }
}

}  // namespace
}  // namespace gtsa::model
