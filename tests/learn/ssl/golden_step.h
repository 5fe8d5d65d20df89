#pragma once
// A recorded training step of the original as our networks and batch.

#include <ATen/ops/cat.h>

#include <span>
#include <string>
#include <vector>

#include "core/data/pooling_buffers.h"
#include "learn/nn/flat.h"
#include "learn/ssl/gtsa_losses.h"
#include "learn/ssl/gtsa_network.h"
#include "support/golden_torch.h"

namespace gtsa::test {

/// Options of a recorded case; what the original decided by the size of a map becomes an entry of the kind.
inline ssl::GtsaOptions golden_options(const Golden& golden, const std::string& parameters = "param/") {
  const nlohmann::json& json = golden.json();
  const auto number = [&](const char* key, size_t i) { return json.at(key).at(i).get<int64_t>(); };
  ssl::GtsaOptions o;
  o.vit.patch_size = json.at("patch");
  o.vit.embed_dim = json.at("embed");
  o.vit.depth = json.at("depth");
  o.vit.num_heads = json.at("heads");
  int64_t side = 1;
  while (side * side < golden.shape(parameters + "base_encoder.pos_embed").at(1) - 1) ++side;
  o.vit.image_size = side * o.vit.patch_size;
  o.vit.drop_path = json.contains("drop_path_rates") ? json.at("drop_path_rates").back().get<double>() : 0.0;
  o.projector_dim = json.at("projector_dim");
  o.predictor_dim = json.at("predictor_dim");
  o.out_dim = json.at("out_dim");
  o.rotation_hidden = json.at("rot_hidden");
  o.rotation_bottleneck = json.at("rot_mid");
  const auto kind = [&](size_t i) {
    const int64_t size = number("crops", i), grid = size / o.vit.patch_size;
    const size_t entry = grid * grid > 100 ? 0 : 1;
    return ssl::ViewKind{number("num_crops", i), size, number("roi_out", entry), number("num_matches", entry)};
  };
  o.global = kind(0);
  o.local = kind(1);
  return o;
}

/// One batch on the device of the networks, views of a kind in one tensor, view-major.
struct GoldenBatch {
  at::Tensor global_views, local_views;  ///< [G * B, 3, S, S], [L * B, 3, s, s]
  at::Tensor turns;                      ///< I64 [V * B]
  ssl::Pooling global_pooling, local_pooling;
};

inline std::vector<Box> boxes_of(const std::vector<float>& values, size_t sample, size_t boxes) {
  std::vector<Box> result;
  for (size_t i = 0; i < boxes; ++i) {
    const float* corner = values.data() + (sample * boxes + i) * 4;
    result.push_back({corner[0], corner[1], corner[2], corner[3]});
  }
  return result;
}

/// The batch stored under `prefix` ("" or "step/3/"), its pooling matrices made by the loader's code.
inline GoldenBatch golden_batch(const Golden& golden, const ssl::GtsaOptions& o, const std::string& prefix = "") {
  GoldenBatch batch;
  const auto views = [&](int64_t first, int64_t count) {
    std::vector<at::Tensor> tensors;
    for (int64_t v = first; v < first + count; ++v) {
      tensors.push_back(golden_tensor(golden, prefix + "view/" + std::to_string(v)));
    }
    return at::cat(tensors);
  };
  batch.global_views = views(0, o.global.count);
  batch.local_views = views(o.global.count, o.local.count);
  const auto angles = golden.values<float>(prefix + "angles");
  const int64_t size = golden.shape(prefix + "angles").at(1);
  batch.turns = at::empty({o.views() * size}, at::kLong);
  for (int64_t i = 0; i < batch.turns.numel(); ++i) {
    batch.turns.data_ptr<int64_t>()[i] = static_cast<int64_t>(angles[static_cast<size_t>(i)]) / 90;
  }
  const data::PoolingShape shape = o.pooling_shape();
  const std::vector<data::BufferSpec> specs = data::pooling_specs(shape, size);
  std::vector<at::Tensor> buffers;
  for (const data::BufferSpec& spec : specs) buffers.push_back(at::empty(spec.shape, at::kFloat));
  const auto span = [&](size_t i) {
    return std::span<float>(buffers[i].data_ptr<float>(), static_cast<size_t>(buffers[i].numel()));
  };
  const data::PoolingBuffers memory{span(0), span(1), span(2), span(3)};
  const auto gc = golden.values<float>(prefix + "bbox/gc"), all = golden.values<float>(prefix + "bbox/all");
  const auto boxes = static_cast<size_t>(o.global.count * o.views());
  for (int64_t b = 0; b < size; ++b) {
    std::vector<Turn> turns;
    for (int64_t v = 0; v < o.views(); ++v)
      turns.push_back(static_cast<Turn>(batch.turns[v * size + b].item<int64_t>()));
    data::fill_pooling(shape, boxes_of(gc, static_cast<size_t>(b), boxes), boxes_of(all, static_cast<size_t>(b), boxes),
                       turns, size, b, memory);
  }
  batch.global_pooling = {buffers[0], buffers[1]};
  batch.local_pooling = {buffers[2], buffers[3]};
  return batch;
}

}  // namespace gtsa::test
