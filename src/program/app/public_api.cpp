#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/image/decode.h"
#include "core/image/normalize.h"
#include "core/image/resample.h"
#include "gtsa/gtsa.h"
#include "learn/model/encoder.h"
#include "program/app/pretrain.h"

namespace gtsa {

std::string version() { return GTSA_VERSION; }

struct Encoder::Parts {
  model::Encoder encoder;
};

Encoder::Encoder(const std::filesystem::path& weights) : parts_(new Parts{model::load_encoder(weights)}) {}
Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

int64_t Encoder::patch_size() const { return parts_->encoder.options().patch_size; }
int64_t Encoder::channels() const { return parts_->encoder.options().embed_dim; }

Features Encoder::features(const std::filesystem::path& picture, int64_t shorter_side) const {
  const at::NoGradGuard no_grad;
  const nn::VitOptions& options = parts_->encoder.options();
  const image::Image photo = image::read_image(picture, {});
  const int64_t side = shorter_side > 0 ? shorter_side : options.image_size;
  const int64_t shorter = std::min(photo.width(), photo.height());
  const Size size{std::max(options.patch_size, photo.width() * side / shorter),
                  std::max(options.patch_size, photo.height() * side / shorter)};
  const image::Image scaled =
      image::resized_crop(photo, {0, 0, photo.width(), photo.height()}, size, image::Filter::bicubic);
  at::Tensor pixels = at::empty({1, 3, size.height, size.width}, at::kFloat);
  image::normalize_into(scaled, {pixels.data_ptr<float>(), static_cast<size_t>(pixels.numel())});
  const at::Tensor tokens = nn::forward_tokens(parts_->encoder.vit, pixels).contiguous();
  const auto grid = nn::token_grid(options, size.height, size.width);
  const float* values = tokens.data_ptr<float>();
  return {grid.rows, grid.columns, options.embed_dim, {values, values + tokens.numel()}};
}

bool pretrain(const PretrainSettings& settings) {
  app::PretrainConfiguration configuration;
  std::vector<app::FlagText> flags{{"out", {settings.out.string()}}, {"config", {settings.recipe}}};
  app::FlagText data{"data", {}}, sets{"set", settings.settings};
  for (const auto& folder : settings.data) data.texts.push_back(folder.string());
  if (!data.texts.empty()) flags.push_back(data);
  if (!sets.texts.empty()) flags.push_back(sets);
  if (settings.resume) flags.push_back({"resume", {"true"}});
  app::configure(configuration, flags);
  return app::pretrain(configuration) == app::Ending::done;
}

}  // namespace gtsa
