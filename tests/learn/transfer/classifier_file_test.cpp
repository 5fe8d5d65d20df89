#include "learn/transfer/classifier_file.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/base/error.h"
#include "learn/model/encoder.h"
#include "learn/model/state.h"
#include "support/temporary_folder.h"

namespace gtsa::transfer {
namespace {

using ::testing::HasSubstr;

const nn::VitOptions kSmall{
    .image_size = 32, .patch_size = 8, .embed_dim = 24, .depth = 2, .num_heads = 3, .drop_path = 0};
const ClassNames kClasses{{"ant", "bee", "gnat \"x\""}, {4, 7, 9}};

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
  Classifier classifier;
  nn::Flat flat;
  explicit Saved(HeadKind head = HeadKind::original)
      : classifier(make_classifier({.vit = kSmall, .head = head, .classes = 3})), flat(nn::bind(classifier, false)) {
    init(classifier, 5);
    write(kClassifierFile);
  }
  void write(const std::filesystem::path& name) { write_classifier(real_files(), folder / name, classifier, kClasses); }
  /// The file again, with changes to names, shapes and metadata.
  std::filesystem::path changed(const std::function<void(formats::Safetensors&)>& change) {
    const formats::SafetensorsFile file(folder / kClassifierFile);
    formats::Safetensors content = file.content();
    change(content);
    formats::write_safetensors(real_files(), folder / "changed.safetensors", content.tensors, content.metadata);
    return folder / "changed.safetensors";
  }
};

TEST(ClassifierFile, BringsBackNetworkClassesAndSizes) {
  for (const HeadKind head : {HeadKind::original, HeadKind::global_pool, HeadKind::cls}) {
    const Saved saved(head);
    const LoadedClassifier loaded = load_classifier(saved.folder / kClassifierFile);
    EXPECT_EQ(loaded.classifier.options.head, head);
    EXPECT_EQ(loaded.classes, kClasses);
    const at::Tensor images = at::rand({2, 3, 40, 40});
    EXPECT_TRUE(at::equal(forward(loaded.classifier, images), forward(saved.classifier, images))) << name_of(head);
  }
}

TEST(ClassifierFile, OfARunIsTheBestOneElseTheLast) {
  Saved saved;
  EXPECT_EQ(load_classifier(saved.folder.path()).source, (saved.folder / kClassifierFile).string());
  saved.write(kBestClassifierFile);
  EXPECT_EQ(load_classifier(saved.folder.path()).source, (saved.folder / kBestClassifierFile).string());
}

TEST(ClassifierFile, WithoutMetadataIsReadOffItsTensors) {
  Saved saved(HeadKind::global_pool);
  const LoadedClassifier loaded = load_classifier(saved.changed([](auto& content) { content.metadata.clear(); }));
  EXPECT_EQ(loaded.classifier.options.head, HeadKind::global_pool);
  EXPECT_THAT(loaded.classes.names, testing::ElementsAre("0", "1", "2"));
}

TEST(ClassifierFile, RefusesMetadataThatContradictsTheTensors) {
  Saved saved;
  const auto message = [&](const std::string& key, const std::string& value) {
    const auto path = saved.changed([&](auto& content) { content.metadata[key] = value; });
    return message_of([&] { load_classifier(path); });
  };
  EXPECT_THAT(message("head", "cls"), HasSubstr("metadata says head cls, the tensors are of head original"));
  EXPECT_THAT(message("classes", "[\"a\"]"), HasSubstr("metadata classes is of 1 classes, the head has 3"));
  EXPECT_THAT(message("classes", "[1, 2"), HasSubstr("metadata classes is no JSON list"));
  EXPECT_THAT(message("category_ids", "[\"a\", \"b\", \"c\"]"), HasSubstr("metadata category_ids is no JSON list"));
}

TEST(ClassifierFile, RefusesWhatIsNoClassifier) {
  Saved saved;
  model::Encoder encoder = model::random_encoder(kSmall, std::nullopt, 1);
  model::write_encoder(real_files(), saved.folder / "encoder.safetensors", encoder.vit);
  EXPECT_THAT(message_of([&] { load_classifier(saved.folder / "encoder.safetensors"); }),
              HasSubstr("has an encoder but no classifier's head: gtsa finetune classify --weights"));
  EXPECT_THAT(message_of([&] { load_classifier(saved.folder / "none"); }), HasSubstr("no weights at"));
  const test::TemporaryFolder empty;
  EXPECT_THAT(message_of([&] { load_classifier(empty.path()); }),
              HasSubstr("has neither classifier_best.safetensors nor classifier.safetensors"));
  const auto nameless = saved.changed([](auto& content) {
    for (auto& tensor : content.tensors) tensor.name = "x." + tensor.name;
  });
  EXPECT_THAT(message_of([&] { load_classifier(nameless); }), HasSubstr("has no classifier"));
  const auto flat = saved.changed([](auto& content) {
    for (auto& tensor : content.tensors)
      if (tensor.name == "mlp_head.1.weight") tensor.shape = {72};
  });
  EXPECT_THAT(message_of([&] { load_classifier(flat); }), HasSubstr("mlp_head.1.weight has shape [72]"));
  Saved plain(HeadKind::cls);
  const auto narrow = plain.changed([](auto& content) {
    for (auto& tensor : content.tensors)
      if (tensor.name == "head.weight") tensor.shape = {6, 12};
  });
  EXPECT_THAT(message_of([&] { load_classifier(narrow); }),
              HasSubstr("head.weight has shape [6, 12], the network needs [6, 24]"));
}

TEST(ClassifierFile, BelongsToTheClassesOfItsData) {
  const Saved saved;
  const LoadedClassifier loaded = load_classifier(saved.folder.path());
  EXPECT_NO_THROW(check_classes(loaded, kClasses, "data"));
  EXPECT_THAT(message_of([&] {
                check_classes(loaded, {{"ant"}, {0}}, "data");
              }),
              HasSubstr("tells 3 classes apart, data has 1"));
  EXPECT_THAT(message_of([&] {
                check_classes(loaded, {{"ant", "wasp", "gnat \"x\""}, {0, 1, 2}}, "data");
              }),
              HasSubstr("class 1 of"));
}

}  // namespace
}  // namespace gtsa::transfer
