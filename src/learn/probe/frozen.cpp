#include "learn/probe/frozen.h"

#include <ATen/core/grad_mode.h>

namespace gtsa::probe {

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
  if (projector == nullptr) return frozen;
  frozen.project = [projector, device](const at::Tensor& tokens, nn::Grid grid) {
    const at::NoGradGuard no_grad;
    return nn::forward(*projector, tokens.to(device), grid).cpu().contiguous();
  };
  return frozen;
}

}  // namespace gtsa::probe
