#include "learn/transfer/segmenter_file.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/formats/safetensors.h"
#include "learn/model/encoder.h"
#include "learn/model/state.h"

namespace gtsa::transfer {
namespace {

namespace fs = std::filesystem;
using formats::Safetensors;
using nlohmann::json;

constexpr const char* kBackbone = "backbone.";
constexpr const char* kPatchWeight = "backbone.patch_embed.projection.weight";
constexpr const char* kClassifier = "decode_head.conv_seg.weight";
constexpr const char* kNeck = "neck.fpn_convs.0.conv.weight";

/// JSON as the metadata holds it. Names may be any bytes; what is no UTF-8 becomes the replacement mark.
std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

/// What weights without a segmenter's tensors are, and what to do.
std::string why_no_segmenter(const Safetensors& file, const std::string& source) {
  const auto has = [&](std::string_view part) {
    return std::any_of(file.tensors.begin(), file.tensors.end(),
                       [&](const auto& tensor) { return tensor.name.find(part) != std::string::npos; });
  };
  if (has("decode_head.")) return "a segmentation network, but none of Semantic FPN on a ViT";
  if (!model::find_encoder(file)) return model::why_no_encoder(file);
  const char* what = has("mlp_head.") || has("head.weight") ? "a classifier" : "an encoder";
  return fmt::format("it is {}; gtsa finetune segment --weights {} trains a segmenter from it", what, source);
}

/// The shape of a tensor of 4 dimensions.
const std::vector<int64_t>& shape_of(const Safetensors& file, const std::string& name, const std::string& source) {
  const formats::TensorRecord* record = file.find(name);
  if (record == nullptr) throw Error("{} is no segmenter: {}", source, why_no_segmenter(file, source));
  if (record->shape.size() != 4) {
    throw Error("{}: tensor {} has shape {}, a segmenter's has 4 dimensions", source, name,
                model::shape_text(record->shape));
  }
  return record->shape;
}

/// The same tensors, the encoder's under the names that model/ reads.
Safetensors with_our_names(const Safetensors& file) {
  Safetensors result = file;
  const std::string prefix = kBackbone;
  for (auto& tensor : result.tensors) {
    if (!tensor.name.starts_with(prefix)) continue;
    tensor.name = prefix + model::name_from_mmsegmentation(tensor.name.substr(prefix.size()));
  }
  return result;
}

/// A value of the metadata as JSON, if it has the key. Throws Error naming it for anything else than a T.
template <class T>
std::optional<T> metadata_value(const Safetensors& file, const std::string& key, const char* kind,
                                const std::string& source) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) return std::nullopt;
  try {
    return json::parse(found->second).get<T>();
  } catch (const json::exception&) {
    throw Error("{}: metadata {} is no {}; the file's header is damaged", source, key, kind);
  }
}

SegmentClasses classes_of(const Safetensors& file, int64_t size, const std::string& source) {
  SegmentClasses classes;
  for (int64_t i = 0; i < size; ++i) classes.names.push_back(std::to_string(i));
  const auto of_size = [&]<class T>(const std::string& key, std::vector<T>& list, const char* kind) {
    auto found = metadata_value<std::vector<T>>(file, key, kind, source);
    if (!found) return;
    if (std::ssize(*found) != size && !(key == "palette" && found->empty())) {
      throw Error("{}: metadata {} is of {} classes, the head has {}; the file is not what it claims to be", source,
                  key, found->size(), size);
    }
    list = std::move(*found);
  };
  of_size("classes", classes.names, "JSON list of names");
  of_size("palette", classes.palette, "JSON list of colours");
  classes.reduce_zero = metadata_value<bool>(file, "reduce_zero", "true or false", source).value_or(true);
  if (const auto scale = metadata_value<std::array<int64_t, 2>>(file, "scale", "JSON list of two sides", source)) {
    classes.scale = {(*scale)[0], (*scale)[1]};
    if (classes.scale.width < 1 || classes.scale.height < 1) {
      throw Error("{}: metadata scale has a side below 1; the file's header is damaged", source);
    }
  }
  return classes;
}

SegmenterOptions options_of(const Safetensors& file, const std::string& source) {
  SegmenterOptions options;
  options.classes = shape_of(file, kClassifier, source)[0];
  options.head_width = shape_of(file, kClassifier, source)[1];
  options.neck_width = shape_of(file, kNeck, source)[0];
  shape_of(file, kPatchWeight, source);
  options.vit = model::vit_options_of(with_our_names(file), kBackbone, source);
  options.taps = metadata_value<std::vector<int64_t>>(file, "taps", "JSON list of blocks", source)
                     .value_or(default_taps(options.vit.depth));
  try {
    options.check();
  } catch (const UsageError& error) {
    throw Error("{}: {}", source, error.what());
  }
  return options;
}

/// Parameters, then buffers.
nn::Parameters tensors_of(Segmenter& segmenter) {
  return [&segmenter](const nn::Walk& visit) {
    segmenter.walk(visit);
    segmenter.walk_buffers(visit);
  };
}

fs::path file_of(const fs::path& weights) {
  std::error_code ignored;
  if (!fs::exists(weights, ignored)) {
    throw Error("no weights at {}: name a run folder of gtsa finetune segment or a .safetensors file",
                weights.string());
  }
  if (!fs::is_directory(weights, ignored)) return weights;
  for (const char* name : {kBestSegmenterFile, kSegmenterFile}) {
    if (fs::exists(weights / name, ignored)) return weights / name;
  }
  throw Error("{} has neither {} nor {}: it is no run of gtsa finetune segment, or one that has saved nothing yet",
              weights.string(), kBestSegmenterFile, kSegmenterFile);
}

}  // namespace

std::map<std::string, std::string> metadata_of(const SegmenterOptions& options, const SegmentClasses& classes) {
  GTSA_CHECK(classes.size() == options.classes && (classes.palette.empty() || classes.palette.size() == classes.names.size()),
             "{} names and {} colours of {} classes", classes.size(), classes.palette.size(), options.classes);
  auto facts = model::metadata_of(options.vit);
  facts["classes"] = text_of(classes.names);
  facts["palette"] = text_of(classes.palette);
  facts["reduce_zero"] = classes.reduce_zero ? "true" : "false";
  facts["scale"] = text_of(std::array{classes.scale.width, classes.scale.height});
  facts["taps"] = text_of(options.taps);
  return facts;
}

void write_segmenter(FileSystem& files, const fs::path& path, Segmenter& segmenter, const SegmentClasses& classes) {
  const model::Records tensors = model::records_of(tensors_of(segmenter));
  auto metadata = metadata_of(segmenter.options, classes);
  metadata["format"] = "pt";
  formats::write_safetensors(files, path, tensors.records, metadata);
}

LoadedSegmenter load_segmenter(const fs::path& weights) {
  const fs::path path = file_of(weights);
  const std::string source = path.string();
  const formats::SafetensorsFile opened(path);
  const Safetensors& file = opened.content();
  LoadedSegmenter loaded;
  loaded.segmenter = make_segmenter(options_of(file, source));
  loaded.flat = nn::bind(loaded.segmenter, /*with_grads=*/false);
  loaded.report = model::load_weights(tensors_of(loaded.segmenter), file, {source, {""}, false});
  loaded.classes = classes_of(file, loaded.segmenter.options.classes, source);
  loaded.says_reduce_zero = file.metadata.contains("reduce_zero");
  loaded.source = source;
  return loaded;
}

void check_classes(const LoadedSegmenter& segmenter, const SegmentClasses& classes, const std::string& data) {
  const SegmentClasses& known = segmenter.classes;
  if (known.size() != classes.size()) {
    throw Error("{} tells {} classes apart, {} has {}: choose the data that it was trained on, or fine-tune it anew",
                segmenter.source, known.size(), data, classes.size());
  }
  for (size_t i = 0; i < known.names.size(); ++i) {
    if (text_of(known.names[i]) == text_of(classes.names[i])) continue;
    throw Error("class {} of {} is {:?}, of {} {:?}: choose the data that it was trained on, or fine-tune it anew", i,
                segmenter.source, known.names[i], data, classes.names[i]);
  }
  if (known.reduce_zero != classes.reduce_zero) {
    throw Error("{} was trained on label maps that {} 0 for no class, those of {} {}: it wants --reduce-zero {}",
                segmenter.source, known.reduce_zero ? "keep" : "do not keep", data,
                classes.reduce_zero ? "keep it" : "do not", known.reduce_zero ? "yes" : "no");
  }
}

}  // namespace gtsa::transfer
