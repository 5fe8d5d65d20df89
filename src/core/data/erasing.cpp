#include "core/data/erasing.h"

#include <numbers>

#include "core/base/error.h"

namespace gtsa::data {
namespace {

/// The draws of erased_boxes from a stream.
class StreamDraws {
 public:
  StreamDraws(Rng& rng, const ErasingOptions& options) : rng_(rng), options_(options) {}
  double chance() { return rng_.uniform(); }
  double area_share() { return rng_.uniform(options_.area_share.low, options_.area_share.high); }
  double log_ratio() { return rng_.uniform(std::log(options_.ratio.low), std::log(options_.ratio.high)); }
  int64_t below(int64_t n) { return rng_.below(static_cast<uint32_t>(n)); }

 private:
  Rng& rng_;
  const ErasingOptions& options_;
};

/// Standard normal numbers by Box and Muller, both of each pair, in float32: a quarter of the time of Rng::normal().
class Noise {
 public:
  explicit Noise(Rng& rng) : rng_(rng) {}
  float operator()() {
    has_next_ = !has_next_;
    if (!has_next_) return next_;
    const float u = (static_cast<float>(rng_.bits()) + 0.5F) * 0x1p-32F;  // never 0
    const float radius = std::sqrt(-2 * std::log(u));
    const float angle = 2 * std::numbers::pi_v<float> * rng_.uniform();
    next_ = radius * std::sin(angle);
    return radius * std::cos(angle);
  }

 private:
  Rng& rng_;
  float next_ = 0;
  bool has_next_ = false;
};

}  // namespace

void ErasingOptions::check() const {
  if (!(probability >= 0 && probability <= 1)) {
    throw UsageError("erasing with a probability of {:g}: it lies between 0 and 1", probability);
  }
  if (!(area_share.low > 0 && area_share.low <= area_share.high && area_share.high <= 1)) {
    throw UsageError("erasing {:g} to {:g} of the area: shares lie between 0 and 1, the smaller one first",
                     area_share.low, area_share.high);
  }
  if (!(ratio.low > 0 && ratio.low <= ratio.high && std::isfinite(ratio.high))) {
    throw UsageError("erasing with ratios from {:g} to {:g}: ratios are above 0, the smaller one first", ratio.low,
                     ratio.high);
  }
  if (most_boxes < 1 || most_boxes > 1000) {
    throw UsageError("erasing {} boxes: the number lies between 1 and 1000", most_boxes);
  }
}

std::optional<Size> erased_size(Size picture, double area, double log_ratio) {
  const double ratio = std::exp(log_ratio);
  const Size box{.width = std::llrint(std::sqrt(area / ratio)), .height = std::llrint(std::sqrt(area * ratio))};
  if (box.width >= picture.width || box.height >= picture.height) return std::nullopt;
  return box;
}

void erase_randomly(Rng& rng, const ErasingOptions& options, Size picture, std::span<float> chw) {
  if (options.probability == 0) return;
  StreamDraws draws(rng, options);
  const std::vector<Rect> boxes = erased_boxes(picture, options, draws);
  erase(chw, picture, boxes, options.mode, Noise(rng));
}

}  // namespace gtsa::data
