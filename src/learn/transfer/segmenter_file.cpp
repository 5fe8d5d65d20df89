#include "learn/transfer/segmenter_file.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/formats/safetensors.h"
#include "learn/model/encoder.h"
#include "learn/model/state.h"
#include "learn/transfer/network_file.h"

namespace gtsa::transfer {
namespace {

namespace fs = std::filesystem;
using formats::Safetensors;

constexpr const char* kBackbone = "backbone.";
constexpr const char* kPatchWeight = "backbone.patch_embed.projection.weight";
constexpr const char* kClassifier = "decode_head.conv_seg.weight";
constexpr const char* kNeck = "neck.fpn_convs.0.conv.weight";

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

SegmentClasses classes_of(const Safetensors& file, int64_t size, const std::string& source) {
  SegmentClasses classes;
  classes.names = class_names(file, size, source);
  auto palette = metadata_value<std::vector<Colour>>(file, "palette", "JSON list of colours", source);
  if (palette && !palette->empty()) {
    check_class_count(palette->size(), size, "palette", source);
    classes.palette = std::move(*palette);
  }
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

}  // namespace

std::map<std::string, std::string> metadata_of(const SegmenterOptions& options, const SegmentClasses& classes) {
  GTSA_CHECK(
      classes.size() == options.classes && (classes.palette.empty() || classes.palette.size() == classes.names.size()),
      "{} names and {} colours of {} classes", classes.size(), classes.palette.size(), options.classes);
  auto facts = model::metadata_of(options.vit);
  facts["classes"] = metadata_text(classes.names);
  facts["palette"] = metadata_text(classes.palette);
  facts["reduce_zero"] = classes.reduce_zero ? "true" : "false";
  facts["scale"] = metadata_text(std::array{classes.scale.width, classes.scale.height});
  facts["taps"] = metadata_text(options.taps);
  return facts;
}

void write_segmenter(FileSystem& files, const fs::path& path, Segmenter& segmenter, const SegmentClasses& classes) {
  const model::Records tensors = model::records_of(tensors_of(segmenter));
  auto metadata = metadata_of(segmenter.options, classes);
  metadata["format"] = "pt";
  formats::write_safetensors(files, path, tensors.records, metadata);
}

LoadedSegmenter load_segmenter(const fs::path& weights) {
  const fs::path path = weights_file(weights, {"gtsa finetune segment", kBestSegmenterFile, kSegmenterFile});
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
  check_names(known.names, segmenter.source, classes.names, data);
  if (known.reduce_zero != classes.reduce_zero) {
    throw Error("{} was trained on label maps that {} 0 for no class, those of {} {}: it wants --reduce-zero {}",
                segmenter.source, known.reduce_zero ? "keep" : "do not keep", data,
                classes.reduce_zero ? "keep it" : "do not", known.reduce_zero ? "yes" : "no");
  }
}

}  // namespace gtsa::transfer
