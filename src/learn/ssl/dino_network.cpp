#include "learn/ssl/dino_network.h"

#include <string>

#include "core/base/error.h"
#include "learn/nn/init.h"

namespace gtsa::ssl {

void DinoOptions::check() const {
  vit.check();
  std::string faults;
  const auto refuse = [&](const std::string& fault) { faults += (faults.empty() ? "" : "; ") + fault; };
  for (const auto& [name, views] : {std::pair("global", &global), std::pair("local", &local)}) {
    if (views->count > 0 && views->size < vit.patch_size) {
      refuse(fmt::format("{} views of {} pixels are smaller than a patch of {}", name, views->size, vit.patch_size));
    }
  }
  if (global.count < 2) refuse("at least two global views are needed: the student sees another one than the teacher");
  if (local.count < 0) refuse(fmt::format("{} local views", local.count));
  if (!faults.empty()) throw UsageError("DINO cannot be set up so: {}", faults);
}

void DinoNetwork::walk(const nn::Walk& visit) {
  backbone.walk(nn::under("backbone.", visit));
  head.walk(nn::under("head.", visit));
}

DinoNetwork make_dino_network(const DinoOptions& options) {
  return {nn::make_vit(options.vit), nn::make_dino_head(options.head)};
}

void init(DinoNetwork& network, uint64_t seed) {
  nn::InitStreams streams{seed};
  nn::init(network.backbone, streams);
  nn::init(network.head, streams);
}

DinoOutput forward(const DinoNetwork& network, const at::Tensor& views, const nn::DropPath* drop_path) {
  const at::Tensor token = nn::forward_features(network.backbone, views, drop_path).class_token;
  return {token, nn::forward(network.head, token)};
}

}  // namespace gtsa::ssl
