#include "learn/transfer/mixing.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace gtsa::transfer {
namespace {

/// Gamma(shape, 1). For shape < 1: Gamma(shape + 1) * U^(1/shape).
double draw_gamma(Rng& rng, double shape) {
  const double boosted = shape < 1 ? shape + 1 : shape;
  const double d = boosted - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  double value = 0;
  for (bool accepted = false; !accepted;) {
    const double x = rng.normal();
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    const double u = 1 - static_cast<double>(rng.uniform());  // in (0, 1]
    accepted = std::log(u) < 0.5 * x * x + d * (1 - v + std::log(v));
    value = d * v;
  }
  if (shape < 1) value *= std::pow(1 - static_cast<double>(rng.uniform()), 1 / shape);
  return value;
}

/// A box of drawn sides anywhere inside the picture.
CutBox draw_box_between(Rng& rng, int64_t size, const std::pair<double, double>& sides) {
  const auto low = static_cast<int64_t>(sides.first * static_cast<double>(size));
  const auto high = static_cast<int64_t>(sides.second * static_cast<double>(size));
  const auto side = [&] { return low + rng.below(static_cast<uint32_t>(std::max<int64_t>(1, high - low))); };
  const auto place = [&](int64_t cut) { return static_cast<int64_t>(rng.below(static_cast<uint32_t>(size - cut))); };
  const int64_t height = side(), width = side();
  const int64_t top = place(height), left = place(width);
  return {top, top + height, left, left + width};
}

Mix draw_mix(const MixingOptions& options, Rng& rng, int64_t size) {
  const bool cutmix_on = options.cutmix > 0 || options.cutmix_minmax;
  if (static_cast<double>(rng.uniform()) >= options.probability) return {};
  bool cut = cutmix_on;
  if (cutmix_on && options.mixup > 0) cut = static_cast<double>(rng.uniform()) < options.switch_share;
  // With given sides lambda says nothing; it is drawn from Beta(1, 1) all the same, as in timm.
  const double alpha = !cut ? options.mixup : options.cutmix_minmax ? 1.0 : options.cutmix;
  Mix mix{.lambda = draw_beta(rng, alpha)};
  if (!cut || mix.lambda == 1) return mix;
  if (options.cutmix_minmax) {
    mix.cut = draw_box_between(rng, size, *options.cutmix_minmax);
  } else {
    const int64_t y = rng.below(static_cast<uint32_t>(size)), x = rng.below(static_cast<uint32_t>(size));
    mix.cut = cut_box(size, mix.lambda, y, x);
  }
  mix.lambda = kept_share(*mix.cut, size);
  return mix;
}

at::Tensor inside(const at::Tensor& image, const CutBox& box) {
  return image.narrow(1, box.top, box.bottom - box.top).narrow(2, box.left, box.right - box.left);
}

}  // namespace

void MixingOptions::check() const {
  std::string faults;
  const auto refuse = [&](const std::string& fault) { faults += (faults.empty() ? "" : "; ") + fault; };
  if (!(mixup >= 0)) refuse(fmt::format("mixup {} is below 0", mixup));
  if (!(cutmix >= 0)) refuse(fmt::format("cutmix {} is below 0", cutmix));
  if (!(probability >= 0 && probability <= 1))
    refuse(fmt::format("a probability of {} is outside [0, 1]", probability));
  if (!(switch_share >= 0 && switch_share <= 1)) {
    refuse(fmt::format("CutMix's share of {} is outside [0, 1]", switch_share));
  }
  if (cutmix_minmax &&
      !(0 <= cutmix_minmax->first && cutmix_minmax->first < cutmix_minmax->second && cutmix_minmax->second <= 1)) {
    refuse(fmt::format("CutMix's sides from {} to {} are no range within [0, 1]", cutmix_minmax->first,
                       cutmix_minmax->second));
  }
  if (!faults.empty()) throw UsageError("pictures cannot be mixed so: {}", faults);
}

std::string name_of(MixingOptions::Mode mode) {
  switch (mode) {
    case MixingOptions::Mode::batch:
      return "batch";
    case MixingOptions::Mode::pair:
      return "pair";
    case MixingOptions::Mode::elem:
      return "elem";
  }
  GTSA_CHECK(false, "a mixing mode without a name");
}

MixingOptions::Mode mixing_mode_named(std::string_view name) {
  for (const auto mode : {MixingOptions::Mode::batch, MixingOptions::Mode::pair, MixingOptions::Mode::elem}) {
    if (name == name_of(mode)) return mode;
  }
  throw UsageError("no mixing mode {}: choose batch, pair or elem", name);
}

CutBox cut_box(int64_t size, double lambda, int64_t y, int64_t x) {
  const auto half = static_cast<int64_t>(static_cast<double>(size) * std::sqrt(1 - lambda)) / 2;
  const auto clip = [size](int64_t at) { return std::clamp<int64_t>(at, 0, size); };
  return {clip(y - half), clip(y + half), clip(x - half), clip(x + half)};
}

double kept_share(const CutBox& box, int64_t size) {
  return 1 - static_cast<double>(box.area()) / static_cast<double>(size * size);
}

double draw_beta(Rng& rng, double alpha) {
  const double a = draw_gamma(rng, alpha), b = draw_gamma(rng, alpha);
  return a + b > 0 ? a / (a + b) : 0.5;
}

void check_pairs(int64_t samples) {
  if (samples % 2 == 0) return;
  throw UsageError(
      "mixing pairs the pictures of a forward pass, and {} is odd: choose an even micro-batch, or switch mixup and "
      "cutmix off",
      samples);
}

std::vector<Mix> draw_mixing(const MixingOptions& options, int64_t samples, int64_t size, const MixingKey& key) {
  check_pairs(samples);
  const auto draw = [&](int64_t sample) {
    Rng rng({key.seed, key.step, key.first_sample + static_cast<uint64_t>(sample), 0, Purpose::mixing});
    return draw_mix(options, rng, size);
  };
  if (options.mode == MixingOptions::Mode::batch) return std::vector<Mix>(static_cast<size_t>(samples), draw(0));
  std::vector<Mix> mixes;
  for (int64_t i = 0; i < samples; ++i) {
    const bool of_partner = options.mode == MixingOptions::Mode::pair && i >= samples / 2;
    mixes.push_back(of_partner ? mixes[static_cast<size_t>(samples - 1 - i)] : draw(i));
  }
  return mixes;
}

at::Tensor mix_images(const at::Tensor& images, std::span<const Mix> mixes) {
  const int64_t n = images.size(0);
  GTSA_CHECK(std::ssize(mixes) == n && n % 2 == 0, "{} draws for {} pictures", mixes.size(), n);
  at::Tensor mixed = images.clone();
  for (int64_t i = 0; i < n; ++i) {
    const auto& [lambda, cut] = mixes[static_cast<size_t>(i)];
    const at::Tensor partner = images[n - 1 - i];
    if (cut) {
      inside(mixed[i], *cut).copy_(inside(partner, *cut));
    } else if (lambda != 1) {
      mixed[i].mul_(lambda).add_(partner * (1 - lambda));
    }
  }
  return mixed;
}

at::Tensor mix_targets(const at::Tensor& labels, std::span<const Mix> mixes, int64_t classes, double smoothing) {
  const int64_t n = labels.size(0);
  GTSA_CHECK(std::ssize(mixes) == n, "{} draws for {} labels", mixes.size(), n);
  const double off = smoothing / static_cast<double>(classes), on = 1 - smoothing + off;
  at::Tensor targets = at::full({n, classes}, off, at::kFloat);
  auto* values = targets.data_ptr<float>();
  const at::Tensor own = labels.contiguous();
  const auto* label = own.data_ptr<int64_t>();
  for (int64_t i = 0; i < n; ++i) {
    const double lambda = mixes[static_cast<size_t>(i)].lambda;
    const int64_t mine = label[i], theirs = label[n - 1 - i];
    GTSA_CHECK(mine >= 0 && mine < classes, "label {} of {} classes", mine, classes);
    float* row = values + i * classes;
    row[mine] = static_cast<float>(lambda * on + (1 - lambda) * (mine == theirs ? on : off));
    if (mine != theirs) row[theirs] = static_cast<float>(lambda * off + (1 - lambda) * on);
  }
  return targets;
}

}  // namespace gtsa::transfer
