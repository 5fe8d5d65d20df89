#include "learn/transfer/segmenter.h"

#include <ATen/TensorOperators.h>

#include <algorithm>
#include <string>

#include "core/base/error.h"
#include "learn/model/weights.h"
#include "learn/nn/init.h"

namespace gtsa::transfer {
namespace {

/// Far beyond any that makes sense: a damaged or hostile file is refused before memory is asked for.
constexpr int64_t kLargestWidth = 4096;
constexpr int64_t kMostClasses = 32'768;

}  // namespace

std::vector<int64_t> default_taps(int64_t depth) {
  std::vector<int64_t> taps;
  for (int64_t k = 1; k <= nn::kFpnLevels; ++k) taps.push_back(std::max<int64_t>(0, k * depth / nn::kFpnLevels - 1));
  return taps;
}

void SegmenterOptions::check() const {
  vit.check();
  std::string faults;
  const auto refuse = [&](const std::string& fault) { faults += (faults.empty() ? "" : "; ") + fault; };
  if (std::ssize(taps) != nn::kFpnLevels || !std::is_sorted(taps.begin(), taps.end()) || taps.front() < 0 ||
      taps.back() >= vit.depth) {
    refuse(fmt::format("taps [{}] are not {} of the blocks 0 to {}, early to late", fmt::join(taps, ", "),
                       nn::kFpnLevels, vit.depth - 1));
  }
  const auto require = [&](const char* name, int64_t value, int64_t largest) {
    if (value < 1 || value > largest) refuse(fmt::format("{} {} is not between 1 and {}", name, value, largest));
  };
  require("neck_width", neck_width, kLargestWidth);
  require("head_width", head_width, kLargestWidth);
  require("classes", classes, kMostClasses);
  if (!(dropout >= 0 && dropout < 1)) refuse(fmt::format("a dropout of {} is outside [0, 1)", dropout));
  if (!faults.empty()) throw UsageError("no such segmenter: {}", faults);
}

void Segmenter::walk(const nn::Walk& visit) {
  encoder.walk([&](const std::string& name, at::Tensor& tensor) {
    visit("backbone." + model::mmsegmentation_name(name), tensor);
  });
  neck.walk(nn::under("neck.", visit));
  head.walk(nn::under("decode_head.", visit));
}

void Segmenter::walk_buffers(const nn::Walk& visit) { head.walk_buffers(nn::under("decode_head.", visit)); }

Segmenter make_segmenter(const SegmenterOptions& options) {
  options.check();
  Segmenter segmenter;
  segmenter.options = options;
  segmenter.encoder = nn::make_vit(options.vit);
  segmenter.encoder.norm = {};
  segmenter.neck = nn::make_fpn_neck(options.vit.embed_dim, options.neck_width);
  segmenter.head = nn::make_fpn_head({.in = options.neck_width,
                                      .width = options.head_width,
                                      .classes = options.classes,
                                      .dropout = options.dropout});
  return segmenter;
}

void init(Segmenter& segmenter, uint64_t seed) {
  nn::InitStreams streams{seed};
  nn::init(segmenter.encoder, streams);
  nn::init(segmenter.neck, streams);
  nn::init(segmenter.head, streams);
}

SegmentLogits forward_training(const Segmenter& segmenter, const at::Tensor& images, nn::FpnTraining& training,
                               const nn::DropPath* drop_path) {
  const nn::VitMaps maps = nn::forward_maps(segmenter.encoder, images, segmenter.options.taps, drop_path);
  const auto levels = nn::forward(segmenter.neck, maps.maps, maps.grid);
  return {maps.grid, nn::forward(segmenter.head, levels, maps.grid, &training)};
}

at::Tensor forward(const Segmenter& segmenter, const at::Tensor& images) {
  const nn::VitMaps maps = nn::forward_maps(segmenter.encoder, images, segmenter.options.taps);
  const auto levels = nn::forward(segmenter.neck, maps.maps, maps.grid);
  const at::Tensor tokens = nn::forward(segmenter.head, levels, maps.grid);
  return tokens.unflatten(1, {maps.grid.rows, maps.grid.columns}).permute({0, 3, 1, 2});
}

}  // namespace gtsa::transfer
