#include "learn/probe/frozen.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "core/base/error.h"
#include "core/base/hash.h"

namespace gtsa::probe {
namespace {

constexpr int64_t kLastBlocks = 4;

at::Tensor describe(const nn::Vit& encoder, const at::Tensor& images, Pool pool) {
  if (pool == Pool::last4) {
    if (encoder.options.depth < kLastBlocks) {
      throw Error("--pool last4 takes the class tokens of 4 blocks, the encoder has {}; use --pool cls",
                  encoder.options.depth);
    }
    return nn::forward_class_tokens(encoder, images, kLastBlocks);
  }
  const nn::VitOutput output = nn::forward_features(encoder, images);
  if (pool == Pool::cls) return output.class_token;
  const at::Tensor mean = output.tokens.mean(1);
  return pool == Pool::mean ? mean : at::cat({output.class_token, mean}, 1);
}

uint64_t fingerprint_of(const nn::Vit& encoder) {
  Hash hash;
  // Walking hands out references; nothing is changed.
  const_cast<nn::Vit&>(encoder).walk([&](const std::string& name, at::Tensor& tensor) {
    const at::Tensor values = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
    hash.add(name);
    hash.add(std::as_bytes(std::span(values.data_ptr<float>(), static_cast<size_t>(values.numel()))));
  });
  for (const int64_t size : {encoder.options.image_size, encoder.options.patch_size, encoder.options.num_heads}) {
    hash.add(size);
  }
  return hash.value();
}

}  // namespace

const std::vector<std::string>& pool_names() {
  static const std::vector<std::string> names{"cls", "mean", "cls+mean", "last4"};
  return names;
}

std::string name_of(Pool pool) { return pool_names()[static_cast<size_t>(pool)]; }

Pool pool_named(const std::string& name) {
  const auto& names = pool_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw UsageError("no features are called {}: {}", name, fmt::join(names, ", "));
  return static_cast<Pool>(found - names.begin());
}

Frozen freeze(const nn::Vit& encoder, const nn::ConvHead* projector) {
  Frozen frozen;
  frozen.image_size = encoder.options.image_size;
  frozen.patch_size = encoder.options.patch_size;
  const at::Device device = encoder.cls_token.device();
  frozen.encode = [&encoder, device](const at::Tensor& images) {
    const at::NoGradGuard no_grad;
    return nn::forward_tokens(encoder, images.to(device)).cpu().contiguous();
  };
  frozen.attend = [&encoder, device](const at::Tensor& images) {
    const at::NoGradGuard no_grad;
    return nn::class_attention(encoder, images.to(device)).cpu().contiguous();
  };
  frozen.describe = [&encoder, device](const at::Tensor& images, Pool pool) {
    const at::NoGradGuard no_grad;
    return describe(encoder, images.to(device), pool).cpu().contiguous();
  };
  frozen.fingerprint = [&encoder] { return fingerprint_of(encoder); };
  if (projector == nullptr) return frozen;
  frozen.project = [projector, device](const at::Tensor& tokens, nn::Grid grid) {
    const at::NoGradGuard no_grad;
    return nn::forward(*projector, tokens.to(device), grid).cpu().contiguous();
  };
  return frozen;
}

}  // namespace gtsa::probe
