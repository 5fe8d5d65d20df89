#include "learn/transfer/classifier_file.h"

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/formats/safetensors.h"
#include "learn/model/encoder.h"
#include "learn/model/state.h"

namespace gtsa::transfer {
namespace {

namespace fs = std::filesystem;
using formats::Safetensors;
using nlohmann::json;

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

/// A list in the metadata, if it has the key. Throws Error for anything else than a list of T, `size` long.
template <class T>
std::optional<std::vector<T>> list_of(const Safetensors& file, const std::string& key, int64_t size,
                                      const std::string& source) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) return std::nullopt;
  try {
    auto list = json::parse(found->second).get<std::vector<T>>();
    if (std::ssize(list) != size) {
      throw Error("{}: metadata {} names {} classes, the head has {}; the file is not what it claims to be", source,
                  key, list.size(), size);
    }
    return list;
  } catch (const json::exception&) {
    throw Error("{}: metadata {} is no JSON list; the file's header is damaged", source, key);
  }
}

ClassNames classes_of(const Safetensors& file, int64_t size, const std::string& source) {
  ClassNames classes;
  for (int64_t i = 0; i < size; ++i) {
    classes.names.push_back(std::to_string(i));
    classes.category_ids.push_back(i);
  }
  if (auto names = list_of<std::string>(file, "classes", size, source)) classes.names = std::move(*names);
  if (auto ids = list_of<int64_t>(file, "category_ids", size, source)) classes.category_ids = std::move(*ids);
  return classes;
}

/// JSON as the metadata holds it. Names of folders may be any bytes; what is no UTF-8 becomes the replacement mark.
std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

fs::path file_of(const fs::path& weights) {
  std::error_code ignored;
  if (!fs::exists(weights, ignored)) {
    throw Error("no weights at {}: name a run folder of gtsa finetune classify or a .safetensors file",
                weights.string());
  }
  if (!fs::is_directory(weights, ignored)) return weights;
  for (const char* name : {kBestClassifierFile, kClassifierFile}) {
    if (fs::exists(weights / name, ignored)) return weights / name;
  }
  throw Error("{} has neither {} nor {}: it is no run of gtsa finetune classify, or one that has saved nothing yet",
              weights.string(), kBestClassifierFile, kClassifierFile);
}

}  // namespace

std::map<std::string, std::string> metadata_of(const ClassifierOptions& options, const ClassNames& classes) {
  GTSA_CHECK(classes.size() == options.classes && std::ssize(classes.category_ids) == options.classes,
             "{} names of {} classes", classes.size(), options.classes);
  auto facts = model::metadata_of(options.vit);
  facts["head"] = name_of(options.head);
  facts["classes"] = text_of(classes.names);
  facts["category_ids"] = text_of(classes.category_ids);
  return facts;
}

void write_classifier(FileSystem& files, const fs::path& path, Classifier& classifier, const ClassNames& classes) {
  const model::Records tensors = model::records_of(nn::parameters(classifier));
  auto metadata = metadata_of(classifier.options, classes);
  metadata["format"] = "pt";
  formats::write_safetensors(files, path, tensors.records, metadata);
}

LoadedClassifier load_classifier(const fs::path& weights) {
  const fs::path path = file_of(weights);
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
  const ClassNames& known = classifier.classes;
  if (known.size() != classes.size()) {
    throw Error("{} tells {} classes apart, {} has {}: choose the data that it was trained on, or fine-tune it anew",
                classifier.source, known.size(), data, classes.size());
  }
  for (size_t i = 0; i < known.names.size(); ++i) {
    if (text_of(known.names[i]) == text_of(classes.names[i])) continue;
    throw Error("class {} of {} is {:?}, of {} {:?}: choose the data that it was trained on, or fine-tune it anew", i,
                classifier.source, known.names[i], data, classes.names[i]);
  }
}

}  // namespace gtsa::transfer
