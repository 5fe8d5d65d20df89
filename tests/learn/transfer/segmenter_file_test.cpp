#include "learn/transfer/segmenter_file.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <span>

#include "core/base/error.h"
#include "core/formats/safetensors.h"
#include "learn/model/encoder.h"
#include "learn/model/state.h"
#include "learn/transfer/classifier_file.h"
#include "support/temporary_folder.h"

namespace gtsa::transfer {
namespace {

using ::testing::HasSubstr;

const nn::VitOptions kSmall{
    .image_size = 32, .patch_size = 8, .embed_dim = 24, .depth = 3, .num_heads = 3, .drop_path = 0};
const SegmentClasses kClasses{{"sky", "wall \"x\"", "floor"}, {{1, 2, 3}, {4, 5, 6}, {255, 0, 9}}, false, {256, 64}};

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

struct Saved {
  test::TemporaryFolder folder;
  Segmenter segmenter;
  nn::Flat flat;
  Saved()
      : segmenter(make_segmenter(
            {.vit = kSmall, .taps = {0, 0, 1, 2}, .neck_width = 10, .head_width = 6, .classes = 3, .dropout = 0.1})),
        flat(nn::bind(segmenter, false)) {
    init(segmenter, 5);
    segmenter.head.levels[2][1].bn.running_mean.fill_(0.25);
    write(kSegmenterFile);
  }
  void write(const std::filesystem::path& name) { write_segmenter(real_files(), folder / name, segmenter, kClasses); }
  /// The file again, with changes to names, shapes and metadata.
  std::filesystem::path changed(const std::function<void(formats::Safetensors&)>& change) {
    const formats::SafetensorsFile file(folder / kSegmenterFile);
    formats::Safetensors content = file.content();
    change(content);
    formats::write_safetensors(real_files(), folder / "changed.safetensors", content.tensors, content.metadata);
    return folder / "changed.safetensors";
  }
  std::string message_with(const std::function<void(formats::Safetensors&)>& change) {
    const auto path = changed(change);
    return message_of([&] { load_segmenter(path); });
  }
};

TEST(SegmenterFile, BringsBackNetworkStatisticsClassesAndSizes) {
  const Saved saved;
  const LoadedSegmenter loaded = load_segmenter(saved.folder / kSegmenterFile);
  EXPECT_EQ(loaded.classes, kClasses);
  EXPECT_TRUE(loaded.says_reduce_zero);
  EXPECT_EQ(loaded.segmenter.options.taps, saved.segmenter.options.taps);
  EXPECT_EQ(loaded.segmenter.options.vit.num_heads, 3);
  EXPECT_TRUE(loaded.report.left_over.empty());
  const at::NoGradGuard no_grad;
  const at::Tensor images = at::rand({1, 3, 40, 21});
  EXPECT_TRUE(at::equal(forward(loaded.segmenter, images), forward(saved.segmenter, images)));
}

TEST(SegmenterFile, OfARunIsTheBestOneElseTheLast) {
  Saved saved;
  EXPECT_EQ(load_segmenter(saved.folder.path()).source, (saved.folder / kSegmenterFile).string());
  saved.write(kBestSegmenterFile);
  EXPECT_EQ(load_segmenter(saved.folder.path()).source, (saved.folder / kBestSegmenterFile).string());
}

TEST(SegmenterFile, OfMmsegmentationIsReadOffItsTensors) {
  Saved saved;
  const int64_t batches = 7;
  const LoadedSegmenter loaded = load_segmenter(saved.changed([&](formats::Safetensors& content) {
    content.metadata.clear();
    content.metadata["num_heads"] = "3";
    content.tensors.push_back({"decode_head.scale_heads.0.0.bn.num_batches_tracked",
                               formats::Dtype::i64,
                               {},
                               std::as_bytes(std::span(&batches, 1))});
  }));
  EXPECT_THAT(loaded.classes.names, testing::ElementsAre("0", "1", "2"));
  EXPECT_TRUE(loaded.classes.reduce_zero);
  EXPECT_FALSE(loaded.says_reduce_zero);
  EXPECT_EQ(loaded.classes.scale, (Size{2048, 512}));
  EXPECT_EQ(loaded.segmenter.options.taps, default_taps(3));
  EXPECT_EQ(loaded.segmenter.options.vit.image_size, 32);
  EXPECT_THAT(loaded.report.left_over, testing::ElementsAre("decode_head.scale_heads.0.0.bn.num_batches_tracked"));
}

TEST(SegmenterFile, RefusesMetadataThatContradictsTheTensors) {
  Saved saved;
  const auto message = [&](const std::string& key, const std::string& value) {
    return saved.message_with([&](auto& content) { content.metadata[key] = value; });
  };
  EXPECT_THAT(message("classes", "[\"a\"]"), HasSubstr("metadata classes is of 1 classes, the head has 3"));
  EXPECT_THAT(message("classes", "[1, 2"), HasSubstr("metadata classes is no JSON list of names"));
  EXPECT_THAT(message("palette", "[[1,2,3]]"), HasSubstr("metadata palette is of 1 classes, the head has 3"));
  EXPECT_THAT(message("palette", "[]"), HasSubstr("no error"));
  EXPECT_THAT(message("reduce_zero", "perhaps"), HasSubstr("metadata reduce_zero is no true or false"));
  EXPECT_THAT(message("scale", "[0, 512]"), HasSubstr("metadata scale has a side below 1"));
  EXPECT_THAT(message("scale", "[512]"), HasSubstr("metadata scale is no JSON list of two sides"));
  EXPECT_THAT(message("taps", "[0, 1, 2, 3]"), HasSubstr("taps [0, 1, 2, 3] are not 4 of the blocks 0 to 2"));
  EXPECT_THAT(message("depth", "4"), HasSubstr("metadata says depth 4"));
}

TEST(SegmenterFile, SaysWhatOtherWeightsAre) {
  Saved saved;
  const std::filesystem::path other = saved.folder / "other.safetensors";
  const auto message = [&] { return message_of([&] { load_segmenter(other); }); };
  model::Encoder encoder = model::random_encoder(kSmall, std::nullopt, 1);
  model::write_encoder(real_files(), other, encoder.vit);
  EXPECT_THAT(message(), HasSubstr("is no segmenter: it is an encoder; gtsa finetune segment --weights"));
  Classifier classifier = make_classifier({.vit = kSmall, .head = HeadKind::cls, .classes = 2});
  const nn::Flat flat = nn::bind(classifier, false);
  write_classifier(real_files(), other, classifier, {{"a", "b"}, {0, 1}});
  EXPECT_THAT(message(), HasSubstr("is no segmenter: it is a classifier"));
  EXPECT_THAT(message_of([&] { load_segmenter(saved.folder / "none"); }), HasSubstr("no weights at"));
  const test::TemporaryFolder empty;
  EXPECT_THAT(message_of([&] { load_segmenter(empty.path()); }),
              HasSubstr("has neither segmenter_best.safetensors nor segmenter.safetensors"));
}

TEST(SegmenterFile, SaysWhichTensorIsAtFault) {
  Saved saved;
  const auto with_each = [&](const std::function<void(formats::TensorRecord&)>& change) {
    return saved.message_with([&](auto& content) {
      for (auto& tensor : content.tensors) change(tensor);
    });
  };
  EXPECT_THAT(with_each([](auto& tensor) {
                if (tensor.name.starts_with("neck.")) tensor.name = "x." + tensor.name;
              }),
              HasSubstr("a segmentation network, but none of Semantic FPN on a ViT"));
  EXPECT_THAT(with_each([](auto& tensor) { tensor.name = "x." + tensor.name; }), HasSubstr("is no segmenter"));
  EXPECT_THAT(with_each([](auto& tensor) {
                if (tensor.name == "decode_head.conv_seg.weight") tensor.shape = {18};
              }),
              HasSubstr("decode_head.conv_seg.weight has shape [18], a segmenter's has 4 dimensions"));
  EXPECT_THAT(with_each([](auto& tensor) {
                if (tensor.name == "decode_head.conv_seg.bias") tensor.name = "decode_head.conv_seg.other";
              }),
              HasSubstr("lacks 1 of"));
}

TEST(SegmenterFile, RefusesWidthsBeyondReasonByTheFilesName) {
  Saved saved;
  const std::vector<std::byte> many(4 * 40'000);  // as if a hostile file had that many channels
  const auto with = [&](const std::string& name, std::vector<int64_t> shape) {
    return saved.message_with([&](auto& content) {
      for (auto& tensor : content.tensors) {
        if (tensor.name == name) tensor = {name, formats::Dtype::f32, shape, many};
      }
    });
  };
  EXPECT_THAT(
      with("decode_head.conv_seg.weight", {40'000, 1, 1, 1}),
      testing::AllOf(HasSubstr("changed.safetensors: "), HasSubstr("classes 40000 is not between 1 and 32768")));
  EXPECT_THAT(
      with("decode_head.conv_seg.weight", {8, 5000, 1, 1}),
      testing::AllOf(HasSubstr("changed.safetensors: "), HasSubstr("head_width 5000 is not between 1 and 4096")));
  EXPECT_THAT(
      with("neck.fpn_convs.0.conv.weight", {5000, 8, 1, 1}),
      testing::AllOf(HasSubstr("changed.safetensors: "), HasSubstr("neck_width 5000 is not between 1 and 4096")));
}

TEST(SegmenterFile, BelongsToTheClassesOfItsData) {
  const Saved saved;
  const LoadedSegmenter loaded = load_segmenter(saved.folder.path());
  SegmentClasses classes = kClasses;
  classes.palette.clear();
  EXPECT_NO_THROW(check_classes(loaded, classes, "data"));
  const auto message = [&] { return message_of([&] { check_classes(loaded, classes, "data"); }); };
  classes.reduce_zero = true;
  EXPECT_THAT(message(), HasSubstr("do not keep 0 for no class, those of data keep it"));
  classes.names[1] = "door";
  EXPECT_THAT(message(), HasSubstr("class 1 of"));
  classes.names.pop_back();
  EXPECT_THAT(message(), HasSubstr("tells 3 classes apart, data has 2"));
}

}  // namespace
}  // namespace gtsa::transfer
