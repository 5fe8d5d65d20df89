#include "learn/model/weights.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/upsample_bicubic2d.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <span>
#include <utility>

#include "core/base/error.h"
#include "learn/model/state.h"

namespace gtsa::model {
namespace {

using formats::Safetensors;
using formats::TensorRecord;

constexpr std::string_view kPatchWeight = "patch_embed.proj.weight";
constexpr std::string_view kPosEmbed = "pos_embed";

struct Target {
  std::string name;
  at::Tensor tensor;
};

std::vector<Target> targets_of(const nn::Parameters& network) {
  std::vector<Target> targets;
  network([&](const std::string& name, at::Tensor& tensor) { targets.push_back({name, tensor}); });
  return targets;
}

std::string first_part(std::string_view name) { return std::string(name.substr(0, name.find('.'))); }

/// At most `limit` names, then how many more there are.
std::string some(const std::vector<std::string>& names, size_t limit = SIZE_MAX) {
  std::string text;
  for (size_t i = 0; i < std::min(limit, names.size()); ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > limit) text += fmt::format(" and {} more", names.size() - limit);
  return text;
}

/// Names by what stands before their first point: "base_encoder.* (150), head.* (2), logit_scale".
std::string grouped(const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, int>> groups;
  for (const std::string& name : names) {
    const std::string group = name.find('.') == std::string::npos ? name : first_part(name) + ".*";
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == group; });
    if (found == groups.end()) {
      groups.emplace_back(group, 1);
    } else {
      ++found->second;
    }
  }
  std::vector<std::string> texts;
  for (const auto& [group, count] : groups) texts.push_back(count > 1 ? fmt::format("{} ({})", group, count) : group);
  return some(texts, 12);
}

std::string best_prefix(const std::vector<Target>& targets, const Safetensors& file, const LoadOptions& options) {
  std::string best;
  int64_t most = 0;
  for (const std::string& prefix : options.prefixes) {
    const int64_t found = std::count_if(targets.begin(), targets.end(),
                                        [&](const Target& t) { return file.find(prefix + t.name) != nullptr; });
    if (found > most) {
      most = found;
      best = prefix;
    }
  }
  if (most == 0) throw Error("{} has no weights for this network: {}", options.source, why_no_encoder(file));
  return best;
}

bool grid_differs_only(const Target& target, const TensorRecord& record) {
  return target.name == kPosEmbed && record.shape.size() == 3 && record.shape[0] == 1 &&
         record.shape[2] == target.tensor.size(2) && record.shape[1] > 1;
}

/// Side of the square grid that a position embedding of 1 + `patches` tokens belongs to; 0 if there is none.
int64_t grid_side(int64_t patches) {
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(patches))));
  return side * side == patches ? side : 0;
}

/// What the shapes of one tensor tell about the two networks.
std::string difference(const std::string& name, at::IntArrayRef file, at::IntArrayRef network) {
  if (name == kPatchWeight && file.size() == 4 && network.size() == 4) {
    std::vector<std::string> parts;
    if (file[0] != network[0]) parts.push_back(fmt::format("embed_dim {} instead of {}", file[0], network[0]));
    if (file[3] != network[3]) parts.push_back(fmt::format("patch_size {} instead of {}", file[3], network[3]));
    if (!parts.empty()) return " (" + some(parts) + ")";
  }
  if (!file.empty() && !network.empty() && file.back() != network.back() &&
      (name == "cls_token" || name == kPosEmbed)) {
    return fmt::format(" (embed_dim {} instead of {})", file.back(), network.back());
  }
  return "";
}

/// The value that goes into `target`, of the target's shape.
at::Tensor fitted(const Target& target, const TensorRecord& record, LoadReport& report) {
  const at::Tensor value = tensor_of(record);
  if (value.sizes() == target.tensor.sizes()) return value;
  if (grid_differs_only(target, record)) {
    const int64_t from = grid_side(record.shape[1] - 1), to = grid_side(target.tensor.size(1) - 1);
    if (from == 0) {
      throw Error(
          "{}: tensor {} has {} tokens, which is no square grid and a class token; such files are not known here",
          report.source, record.name, record.shape[1]);
    }
    report.resized.push_back(fmt::format("{} {}x{} -> {}x{}", target.name, from, from, to, to));
    return resized_pos_embed(value.to(at::kFloat), to);
  }
  throw Error(
      "{}: tensor {} has shape {}, the network needs {}: weights of another architecture{}; choose the model that "
      "these weights are of, or other weights",
      report.source, record.name, shape_text(record.shape), shape_text(target.tensor.sizes()),
      difference(target.name, record.shape, target.tensor.sizes()));
}

/// What begins a name outside the blocks, and inside of one: ours and mmsegmentation's.
using NamePair = std::pair<std::string_view, std::string_view>;
constexpr NamePair kOutside[] = {{"patch_embed.proj.", "patch_embed.projection."}, {"norm.", "ln1."}};
constexpr NamePair kInside[] = {{"norm1.", "ln1."},
                                {"attn.qkv.", "attn.attn.in_proj_"},
                                {"attn.proj.", "attn.attn.out_proj."},
                                {"norm2.", "ln2."},
                                {"mlp.fc1.", "ffn.layers.0.0."},
                                {"mlp.fc2.", "ffn.layers.1."}};
constexpr NamePair kBlocks{"blocks.", "layers."};

/// `name` with its first part exchanged, `from` and `to` being members of the pairs.
std::string renamed(const std::string& name, std::span<const NamePair> pairs, std::string_view NamePair::*from,
                    std::string_view NamePair::*to) {
  for (const NamePair& pair : pairs) {
    if (name.starts_with(pair.*from)) return std::string(pair.*to) + name.substr((pair.*from).size());
  }
  return name;
}

std::string renamed(const std::string& name, std::string_view NamePair::*from, std::string_view NamePair::*to) {
  const std::string_view blocks = kBlocks.*from;
  const size_t point = name.find('.', blocks.size());
  if (!name.starts_with(blocks) || point == std::string::npos) return renamed(name, kOutside, from, to);
  return std::string(kBlocks.*to) + name.substr(blocks.size(), point + 1 - blocks.size()) +
         renamed(name.substr(point + 1), kInside, from, to);
}

/// "blocks.7." of "blocks.7.norm1.weight"; empty for a name outside the blocks.
std::string block_of(const std::string& name) {
  if (!name.starts_with(kBlocks.first)) return "";
  return name.substr(0, name.find('.', kBlocks.first.size()) + 1);
}

void refuse_missing(const LoadReport& report, const Safetensors& file) {
  std::string cause;
  const auto has = [&](std::string_view part) {
    return std::any_of(file.tensors.begin(), file.tensors.end(),
                       [&](const TensorRecord& t) { return t.name.find(part) != std::string::npos; });
  };
  if (has("fc_norm.")) {
    cause = ": fine-tuned with mean pooling (fc_norm.* in place of norm.*)";
  } else if (has("fpn1.") || has("roi_head.") || has("rpn_head.")) {
    cause = ": a detector's backbone";
  } else if (const std::string block = block_of(report.missing.front());
             !block.empty() && !has(report.prefix + block)) {
    cause = ": a network of another depth";
  }
  throw Error("{} lacks {} of {} tensors that the network needs ({}){}; choose the model that these weights are of",
              report.source, report.missing.size(), report.missing.size() + report.matched.size(),
              some(report.missing, 4), cause);
}

/// A file with more blocks than the network is of a deeper network, though every name of ours is there.
void refuse_further_blocks(const LoadReport& report) {
  const std::string blocks = report.prefix + "blocks.";
  for (const std::string& name : report.left_over) {
    if (!name.starts_with(blocks)) continue;
    throw Error("{} has {}, the network does not: weights of a deeper architecture; choose the model that they are of",
                report.source, name);
  }
}

}  // namespace

std::string LoadReport::table() const {
  std::string text = fmt::format("weights    {}{}\n", source, prefix.empty() ? "" : " (" + prefix + "*)");
  text += fmt::format("matched    {:4}  {}\n", matched.size(), grouped(matched));
  if (!resized.empty()) text += fmt::format("resized    {:4}  {}\n", resized.size(), some(resized, 4));
  if (!missing.empty()) text += fmt::format("missing    {:4}  {}\n", missing.size(), grouped(missing));
  if (!left_over.empty()) text += fmt::format("left over  {:4}  {}\n", left_over.size(), grouped(left_over));
  return text;
}

const std::vector<std::string>& encoder_prefixes() {
  static const std::vector<std::string> prefixes = {"momentum_encoder.", "module.momentum_encoder.",
                                                    "teacher.backbone.", "",
                                                    "module.",           "backbone.",
                                                    "module.backbone.",  "encoder.",
                                                    "module.encoder.",   "model.",
                                                    "base_encoder.",     "module.base_encoder.",
                                                    "student.backbone."};
  return prefixes;
}

std::optional<std::string> find_encoder(const Safetensors& file) {
  for (const std::string& prefix : encoder_prefixes()) {
    if (file.find(prefix + std::string(kPatchWeight)) != nullptr) return prefix;
  }
  return std::nullopt;
}

std::string mmsegmentation_name(const std::string& name) { return renamed(name, &NamePair::first, &NamePair::second); }

std::string name_from_mmsegmentation(const std::string& name) {
  return renamed(name, &NamePair::second, &NamePair::first);
}

std::string why_no_encoder(const Safetensors& file) {
  if (file.tensors.empty()) return "the file holds no tensors";
  const auto with = [&](std::string_view part) -> const TensorRecord* {
    for (const TensorRecord& tensor : file.tensors) {
      if (tensor.name.find(part) != std::string::npos) return &tensor;
    }
    return nullptr;
  };
  if (with("patch_embed.projection.") != nullptr)
    return "names of mmsegmentation (patch_embed.projection.*); convert them to timm's";
  if (const auto* patch = with(kPatchWeight)) {
    return fmt::format("its names begin with {:?}; take that off",
                       patch->name.substr(0, patch->name.size() - kPatchWeight.size()));
  }
  if (with("roi_head.") != nullptr || with("rpn_head.") != nullptr) return "names of a detector without a ViT in it";
  if (with("layer1.0.conv1.") != nullptr) return "names of a ResNet";
  return fmt::format("no names of a ViT, it begins with {}", file.tensors.front().name);
}

at::Tensor resized_pos_embed(const at::Tensor& pos_embed, int64_t grid) {
  const int64_t patches = pos_embed.size(1) - 1, side = grid_side(patches);
  GTSA_CHECK(side > 0, "a position embedding of {} patches is not square", patches);
  const at::Tensor map = pos_embed.narrow(1, 1, patches).unflatten(1, {side, side}).permute({0, 3, 1, 2});
  const at::Tensor resized = at::upsample_bicubic2d(map, {grid, grid}, /*align_corners=*/false);
  return at::cat({pos_embed.narrow(1, 0, 1), resized.flatten(2).transpose(1, 2)}, 1);
}

LoadReport load_weights(const nn::Parameters& network, const Safetensors& file, const LoadOptions& options) {
  const at::NoGradGuard no_grad;
  std::vector<Target> targets = targets_of(network);
  LoadReport report;
  report.source = options.source;
  report.prefix = best_prefix(targets, file, options);
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;
  std::set<std::string> used;
  for (const Target& target : targets) {
    const std::string name = report.prefix + target.name;
    const TensorRecord* record = file.find(name);
    if (record == nullptr) {
      report.missing.push_back(target.name);
      continue;
    }
    copies.emplace_back(target.tensor, fitted(target, *record, report));
    report.matched.push_back(target.name);
    used.insert(name);
  }
  for (const TensorRecord& tensor : file.tensors) {
    if (!used.contains(tensor.name)) report.left_over.push_back(tensor.name);
  }
  if (!report.missing.empty() && !options.allow_missing) refuse_missing(report, file);
  refuse_further_blocks(report);
  for (auto& [tensor, value] : copies) tensor.copy_(value);
  return report;
}

}  // namespace gtsa::model
