#include "learn/model/encoder.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <charconv>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/formats/safetensors.h"
#include "core/run/run.h"
#include "learn/model/state.h"
#include "learn/nn/init.h"

namespace gtsa::model {
namespace {

namespace fs = std::filesystem;
using formats::Safetensors;
using formats::TensorRecord;

/// Channels a head has in every published ViT; the guess where the file does not say.
constexpr int64_t kUsualHeadWidth = 64;

const TensorRecord& needed(const Safetensors& file, const std::string& name, size_t dimensions,
                           const std::string& source) {
  const TensorRecord* record = file.find(name);
  if (record == nullptr) throw Error("{} has no tensor {}; it holds no whole encoder", source, name);
  if (record->shape.size() != dimensions) {
    throw Error("{}: tensor {} has shape {}, an encoder's has {} dimensions", source, name, shape_text(record->shape),
                dimensions);
  }
  return *record;
}

std::optional<int64_t> metadata_number(const Safetensors& file, const std::string& key, const std::string& source) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) return std::nullopt;
  const std::string& text = found->second;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) {
    throw Error("{}: metadata {} is {:?}, not a number from 1; the file's header is damaged", source, key, text);
  }
  return value;
}

/// What the shapes say, unless the metadata says otherwise: then one of them is wrong.
int64_t agreed(const Safetensors& file, const std::string& key, int64_t from_shapes, const std::string& source) {
  const int64_t said = metadata_number(file, key, source).value_or(from_shapes);
  if (said != from_shapes) {
    throw Error("{}: metadata says {} {}, the tensors' shapes say {}; the file is not what it claims to be", source,
                key, said, from_shapes);
  }
  return said;
}

/// Blocks PREFIXblocks.0., PREFIXblocks.1., ... without a gap: as many as there are of `member`.
int64_t count_blocks(const Safetensors& file, const std::string& prefix, const std::string& member) {
  int64_t count = 0;
  while (file.find(fmt::format("{}blocks.{}.{}", prefix, count, member)) != nullptr) ++count;
  return count;
}

int64_t stored_image_size(const Safetensors& file, int64_t patches, int64_t patch_size, const std::string& source) {
  const auto grid = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(patches))));
  if (grid < 1 || grid * grid != patches) {
    throw Error("{}: the position embedding has {} patches, not a square grid; such files are not known here", source,
                patches);
  }
  const int64_t size = metadata_number(file, "image_size", source).value_or(grid * patch_size);
  if (size / patch_size != grid) {
    throw Error("{}: metadata says image_size {} with patches of {}, the position embedding has a grid of {} x {}",
                source, size, patch_size, grid, grid);
  }
  return size;
}

/// The projector that stands beside an encoder under `encoder_prefix`: its prefix, or nothing.
std::optional<std::string> projector_prefix(const Safetensors& file, const std::string& encoder_prefix) {
  const size_t at = encoder_prefix.rfind("encoder.");
  if (at == std::string::npos) return std::nullopt;
  const std::string prefix = encoder_prefix.substr(0, at) + "projector.";
  if (file.find(prefix + "proj.weight") == nullptr) return std::nullopt;
  return prefix;
}

nn::ConvHeadOptions projector_options(const Safetensors& file, const std::string& prefix, int64_t embed_dim,
                                      const std::string& source) {
  const std::vector<int64_t>& last = needed(file, prefix + "proj.weight", 4, source).shape;
  nn::ConvHeadOptions options;
  options.in = embed_dim;
  options.out = last[0];
  options.hidden = last[1];
  options.blocks = count_blocks(file, prefix, "0.weight");
  return options;
}

/// Memory for encoder and projector in the order of pretraining's roles.
void bind_memory(Encoder& encoder) {
  encoder.flat = nn::bind(
      [&](const nn::Walk& visit) {
        encoder.vit.walk(visit);
        if (encoder.projector) encoder.projector->walk(nn::under("projector.", visit));
      },
      /*with_grads=*/false);
}

Encoder from_content(const Safetensors& file, const std::string& source) {
  const std::optional<std::string> prefix = find_encoder(file);
  if (!prefix) throw Error("{} has no encoder: {}", source, why_no_encoder(file));
  Encoder encoder;
  encoder.vit = nn::make_vit(vit_options_of(file, *prefix, source));
  const std::optional<std::string> head = projector_prefix(file, *prefix);
  if (head)
    encoder.projector = nn::make_conv_head(projector_options(file, *head, encoder.vit.options.embed_dim, source));
  bind_memory(encoder);
  encoder.report = load_weights(nn::parameters(encoder.vit), file, {source, {*prefix}, false});
  if (head) {
    const LoadReport more = load_weights(nn::parameters(*encoder.projector), file, {source, {*head}, false});
    const std::set<std::string> unused(more.left_over.begin(), more.left_over.end());
    std::erase_if(encoder.report.left_over, [&](const std::string& name) { return !unused.contains(name); });
    for (const std::string& name : more.matched) encoder.report.matched.push_back("projector." + name);
  }
  const bool teacher = prefix->ends_with("momentum_encoder.") || prefix->starts_with("teacher.");
  const bool student = prefix->ends_with("base_encoder.") || prefix->starts_with("student.");
  encoder.source = source + (teacher ? " (teacher)" : student ? " (student)" : "");
  return encoder;
}

Encoder from_file(const fs::path& path) {
  const formats::SafetensorsFile file(path);
  return from_content(file.content(), path.string());
}

Encoder from_run(const fs::path& folder) {
  std::string failures;
  std::vector<fs::path> candidates;
  if (run::Run::exists(folder)) {
    const run::Run run = run::Run::open(real_files(), folder, run::Run::Access::read);
    for (const run::Checkpoint& checkpoint : run.list_checkpoints()) candidates.push_back(checkpoint.path);
  }
  candidates.push_back(folder / "encoder.safetensors");
  for (const fs::path& path : candidates) {
    if (!fs::exists(path)) continue;
    try {
      Encoder encoder = from_file(path);
      if (!failures.empty()) log::warning("{} is used instead: {}", path.string(), failures);
      return encoder;
    } catch (const Error& error) {
      failures += (failures.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  if (!failures.empty()) throw Error("no weights can be read from the run {}: {}", folder.string(), failures);
  throw Error(
      "{} is no run: it has neither a checkpoint nor encoder.safetensors; name a run folder or a .safetensors file",
      folder.string());
}

}  // namespace

nn::VitOptions vit_options_of(const Safetensors& file, const std::string& prefix, const std::string& source) {
  const std::vector<int64_t>& patch = needed(file, prefix + "patch_embed.proj.weight", 4, source).shape;
  const std::vector<int64_t>& positions = needed(file, prefix + "pos_embed", 3, source).shape;
  if (patch[0] < 1 || patch[2] < 1 || patch[2] != patch[3]) {
    throw Error("{}: tensor {}patch_embed.proj.weight has shape {}, not [embed_dim, 3, patch, patch]", source, prefix,
                shape_text(patch));
  }
  nn::VitOptions options;
  options.embed_dim = agreed(file, "embed_dim", patch[0], source);
  options.patch_size = agreed(file, "patch_size", patch[2], source);
  options.depth = agreed(file, "depth", count_blocks(file, prefix, "attn.qkv.weight"), source);
  options.image_size = stored_image_size(file, positions[1] - 1, options.patch_size, source);
  options.drop_path = 0;
  if (const auto* hidden = file.find(prefix + "blocks.0.mlp.fc1.bias")) {
    options.mlp_ratio = std::max<int64_t>(1, hidden->shape.at(0) / options.embed_dim);
  }
  if (const auto heads = metadata_number(file, "num_heads", source)) {
    options.num_heads = *heads;
  } else {
    options.num_heads = std::max<int64_t>(1, options.embed_dim / kUsualHeadWidth);
    log::info("{} does not say num_heads: taken as {} (embed_dim {} / {})", source, options.num_heads,
              options.embed_dim, kUsualHeadWidth);
  }
  try {
    options.check();
  } catch (const UsageError& error) {
    throw Error("{}: {}", source, error.what());
  }
  return options;
}

Encoder load_encoder(const fs::path& weights) {
  std::error_code ignored;
  if (fs::is_directory(weights, ignored)) return from_run(weights);
  if (!fs::exists(weights, ignored)) {
    throw Error("no weights at {}: name a run folder or a .safetensors file", weights.string());
  }
  return from_file(weights);
}

Encoder random_encoder(const nn::VitOptions& options, std::optional<nn::ConvHeadOptions> projector, uint64_t seed) {
  Encoder encoder;
  encoder.vit = nn::make_vit(options);
  if (projector) {
    GTSA_CHECK(projector->in == options.embed_dim, "a projector for {} channels on an encoder of {}", projector->in,
               options.embed_dim);
    encoder.projector = nn::make_conv_head(*projector);
  }
  bind_memory(encoder);
  nn::InitStreams streams{seed};
  nn::init(encoder.vit, streams);
  if (encoder.projector) nn::init(*encoder.projector, streams);
  encoder.source = fmt::format("random weights, seed {}", seed);
  return encoder;
}

void write_encoder(FileSystem& files, const fs::path& path, nn::Vit& vit) {
  const Records tensors = records_of(nn::parameters(vit));
  auto metadata = metadata_of(vit.options);
  metadata["format"] = "pt";
  write_safetensors(files, path, tensors.records, metadata);
}

std::map<std::string, std::string> metadata_of(const nn::VitOptions& o) {
  return {{"embed_dim", std::to_string(o.embed_dim)},
          {"depth", std::to_string(o.depth)},
          {"num_heads", std::to_string(o.num_heads)},
          {"patch_size", std::to_string(o.patch_size)},
          {"image_size", std::to_string(o.image_size)}};
}

void copy_encoder(const nn::Vit& from, nn::Vit& to) {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> values;
  // Walking hands out references; nothing of `from` is changed.
  const_cast<nn::Vit&>(from).walk([&](const std::string& name, at::Tensor& tensor) { values[name] = tensor; });
  to.walk([&](const std::string& name, at::Tensor& tensor) {
    const at::Tensor& value = values.at(name);
    tensor.copy_(value.sizes() != tensor.sizes() && name == "pos_embed" ? resized_pos_embed(value, to.options.grid())
                                                                        : value);
  });
}

double checksum(const nn::Vit& vit) {
  const at::NoGradGuard no_grad;
  const int64_t side = vit.options.image_size;
  at::Tensor picture = at::empty({1, 3, side, side}, at::kFloat);
  auto* pixels = picture.data_ptr<float>();
  for (int64_t i = 0; i < picture.numel(); ++i) pixels[i] = static_cast<float>(i % 29) / 14.0F - 1.0F;
  const at::Tensor features = nn::forward_tokens(vit, picture.to(vit.cls_token.device())).cpu().contiguous();
  const auto* values = features.data_ptr<float>();
  double sum = 0;
  for (int64_t i = 0; i < features.numel(); ++i)
    sum += static_cast<double>(values[i]) * static_cast<double>(i % 11 - 5);
  return sum / static_cast<double>(features.numel());
}

}  // namespace gtsa::model
