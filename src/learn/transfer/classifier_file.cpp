#include "learn/transfer/classifier_file.h"

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/formats/safetensors.h"
#include "learn/model/encoder.h"
#include "learn/model/state.h"
#include "learn/transfer/network_file.h"

namespace gtsa::transfer {
namespace {

namespace fs = std::filesystem;
using formats::Safetensors;

/// Which head the tensors are of, and its linear layer's name.
std::pair<HeadKind, std::string> head_of(const Safetensors& file, const std::string& prefix,
                                         const std::string& source) {
  const auto has = [&](const char* name) { return file.find(prefix + name) != nullptr; };
  if (has("mlp_head.1.weight")) return {HeadKind::original, prefix + "mlp_head.1.weight"};
  if (!has("head.weight")) {
    throw Error("{} has an encoder but no classifier's head: gtsa finetune classify --weights {} trains one", source,
                source);
  }
  return {has("fc_norm.weight") ? HeadKind::global_pool : HeadKind::cls, prefix + "head.weight"};
}

ClassNames classes_of(const Safetensors& file, int64_t size, const std::string& source) {
  ClassNames classes{.names = class_names(file, size, source), .category_ids = {}};
  if (auto ids = class_list<int64_t>(file, "category_ids", size, "JSON list of numbers", source)) {
    classes.category_ids = std::move(*ids);
  } else {
    for (int64_t i = 0; i < size; ++i) classes.category_ids.push_back(i);
  }
  return classes;
}

}  // namespace

std::map<std::string, std::string> metadata_of(const ClassifierOptions& options, const ClassNames& classes) {
  GTSA_CHECK(classes.size() == options.classes && std::ssize(classes.category_ids) == options.classes,
             "{} names of {} classes", classes.size(), options.classes);
  auto facts = model::metadata_of(options.vit);
  facts["head"] = name_of(options.head);
  facts["classes"] = metadata_text(classes.names);
  facts["category_ids"] = metadata_text(classes.category_ids);
  return facts;
}

void write_classifier(FileSystem& files, const fs::path& path, Classifier& classifier, const ClassNames& classes) {
  const model::Records tensors = model::records_of(nn::parameters(classifier));
  auto metadata = metadata_of(classifier.options, classes);
  metadata["format"] = "pt";
  formats::write_safetensors(files, path, tensors.records, metadata);
}

LoadedClassifier load_classifier(const fs::path& weights) {
  const fs::path path = weights_file(weights, {"gtsa finetune classify", kBestClassifierFile, kClassifierFile});
  const std::string source = path.string();
  const formats::SafetensorsFile opened(path);
  const Safetensors& file = opened.content();
  const std::optional<std::string> prefix = model::find_encoder(file);
  if (!prefix) throw Error("{} has no classifier: {}", source, model::why_no_encoder(file));
  const auto [head, linear] = head_of(file, *prefix, source);
  if (const auto said = file.metadata.find("head"); said != file.metadata.end() && said->second != name_of(head)) {
    throw Error("{}: metadata says head {}, the tensors are of head {}; the file is not what it claims to be", source,
                said->second, name_of(head));
  }
  const std::vector<int64_t>& shape = file.find(linear)->shape;
  if (shape.size() != 2) {
    throw Error("{}: tensor {} has shape {}, a head's has 2 dimensions", source, linear, model::shape_text(shape));
  }
  LoadedClassifier loaded;
  loaded.classifier =
      make_classifier({.vit = model::vit_options_of(file, *prefix, source), .head = head, .classes = shape[0]});
  loaded.flat = nn::bind(loaded.classifier, /*with_grads=*/false);
  loaded.report = model::load_weights(nn::parameters(loaded.classifier), file, {source, {*prefix}, false});
  loaded.classes = classes_of(file, shape[0], source);
  loaded.source = source;
  return loaded;
}

void check_classes(const LoadedClassifier& classifier, const ClassNames& classes, const std::string& data) {
  check_names(classifier.classes.names, classifier.source, classes.names, data);
}

}  // namespace gtsa::transfer
