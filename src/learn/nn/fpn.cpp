#include "learn/nn/fpn.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>

#include <string>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/geometry/interpolation.h"

namespace gtsa::nn {
namespace {

/// A map that grows: its tokens and their grid.
struct Map {
  at::Tensor tokens;
  Grid grid;
};

Map resized(const Map& map, Grid grid, const at::Tensor& down, const at::Tensor& across) {
  return {ops::resample(map.tokens, map.grid, down, across), grid};
}

Map doubled(const Map& map) {
  const Grid to{2 * map.grid.rows, 2 * map.grid.columns};
  return resized(map, to, ops::interpolation(map.grid.rows, to.rows), ops::interpolation(map.grid.columns, to.columns));
}

/// Doubled and then brought to `grid`, in one.
Map doubled_and_shrunk(const Map& map, Grid grid) {
  const auto axis = [](int64_t in, int64_t out) {
    return at::mm(ops::interpolation(2 * in, out), ops::interpolation(in, 2 * in));
  };
  return resized(map, grid, axis(map.grid.rows, grid.rows), axis(map.grid.columns, grid.columns));
}

at::Tensor normed(const FpnUnit& unit, const at::Tensor& x, FpnTraining* training) {
  if (training == nullptr) return ops::batch_norm_relu(x, unit.bn);
  return ops::batch_norm_relu(x, unit.bn, training->moments.emplace_back(), training->sum_over_ranks);
}

/// One level's part of the sum, on the grid of level 0.
at::Tensor level_on_grid(const FpnHead& head, size_t level, const at::Tensor& tokens, Grid grid,
                         FpnTraining* training) {
  Map map{tokens, grid};
  const std::vector<FpnUnit>& units = head.levels[level];
  for (const FpnUnit& unit : units) {
    map.tokens = normed(unit, ops::conv(map.tokens, map.grid, unit.conv), training);
    if (level == 0) continue;
    map = &unit == &units.back() ? doubled_and_shrunk(map, grid) : doubled(map);
  }
  return map.tokens;
}

/// Channel dropout and classifier on the sum of the levels.
at::Tensor classified(const FpnHead& head, at::Tensor tokens, Grid grid, const FpnTraining* training) {
  if (training != nullptr && training->keep.defined()) {
    tokens = tokens * (training->keep / (1 - head.options.dropout)).unsqueeze(1);
  }
  return ops::conv(tokens, grid, head.classifier);
}

}  // namespace

void FpnNeck::walk(const Walk& visit) {
  for (size_t i = 0; i < laterals.size(); ++i) {
    laterals[i].walk(under("lateral_convs." + std::to_string(i) + ".conv.", visit));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].walk(under("fpn_convs." + std::to_string(i) + ".conv.", visit));
  }
}

FpnNeck make_fpn_neck(int64_t in, int64_t width) {
  FpnNeck neck;
  for (int64_t i = 0; i < kFpnLevels; ++i) {
    neck.laterals.push_back(make_conv(in, width, 1));
    neck.outputs.push_back(make_conv(width, width, 3));
  }
  return neck;
}

std::vector<at::Tensor> forward(const FpnNeck& neck, std::span<const at::Tensor> maps, Grid grid) {
  GTSA_CHECK(maps.size() == neck.laterals.size(), "{} maps for a neck of {} levels", maps.size(), neck.laterals.size());
  std::vector<at::Tensor> results(maps.size());
  at::Tensor sum;
  for (size_t i = maps.size(); i-- > 0;) {
    const at::Tensor lateral = ops::conv(maps[i], grid, neck.laterals[i]);
    sum = sum.defined() ? lateral + sum : lateral;
    results[i] = ops::conv(sum, grid, neck.outputs[i]);
  }
  return results;
}

void FpnHead::walk(const Walk& visit) {
  classifier.walk(under("conv_seg.", visit));
  for (size_t level = 0; level < levels.size(); ++level) {
    for (size_t i = 0; i < levels[level].size(); ++i) {
      const std::string unit = fmt::format("scale_heads.{}.{}.", level, 2 * i);
      levels[level][i].conv.walk(under(unit + "conv.", visit));
      levels[level][i].bn.walk(under(unit + "bn.", visit));
    }
  }
}

void FpnHead::walk_buffers(const Walk& visit) {
  for (size_t level = 0; level < levels.size(); ++level) {
    for (size_t i = 0; i < levels[level].size(); ++i) {
      levels[level][i].bn.walk_buffers(under(fmt::format("scale_heads.{}.{}.bn.", level, 2 * i), visit));
    }
  }
}

FpnHead make_fpn_head(const FpnHeadOptions& options) {
  FpnHead head;
  head.options = options;
  head.classifier = make_conv(options.width, options.classes, 1);
  for (size_t level = 0; level < head.levels.size(); ++level) {
    for (int64_t i = 0; i < kFpnUnits[level]; ++i) {
      head.levels[level].push_back(
          {make_conv(i == 0 ? options.in : options.width, options.width, 3, false), make_batch_norm(options.width)});
    }
  }
  return head;
}

at::Tensor forward(const FpnHead& head, std::span<const at::Tensor> maps, Grid grid, FpnTraining* training) {
  GTSA_CHECK(maps.size() == head.levels.size(), "{} maps for a head of {} levels", maps.size(), head.levels.size());
  at::Tensor sum;
  for (size_t level = 0; level < maps.size(); ++level) {
    const at::Tensor part = level_on_grid(head, level, maps[level], grid, training);
    sum = sum.defined() ? sum + part : part;
  }
  return classified(head, sum, grid, training);
}

void update_running(std::span<at::Tensor> statistics, std::span<const BatchMoments> moments) {
  GTSA_CHECK(statistics.size() == 2 * moments.size(), "{} running statistics, moments of {} norms", statistics.size(),
             moments.size());
  for (size_t i = 0; i < moments.size(); ++i) update_running(statistics[2 * i], statistics[2 * i + 1], moments[i]);
}

at::Tensor draw_channel_keep(const FpnHeadOptions& options, const ChannelDropKey& key) {
  const at::Tensor keep = at::empty({key.samples, options.width}, at::kFloat);
  auto* kept = keep.data_ptr<float>();
  for (int64_t i = 0; i < key.samples; ++i) {
    Rng rng({key.seed, key.step, key.first_sample + static_cast<uint64_t>(i), 0, Purpose::segment_dropout});
    for (int64_t c = 0; c < options.width; ++c) {
      *kept++ = rng.uniform() >= static_cast<float>(options.dropout) ? 1.0F : 0.0F;
    }
  }
  return keep;
}

namespace ops {

at::Tensor interpolation(int64_t in, int64_t out) {
  const at::Tensor matrix = at::zeros({out, in}, at::kFloat);
  auto* row = matrix.data_ptr<float>();
  const geometry::Interpolation places = geometry::interpolation(in, out);
  for (size_t i = 0; i < places.weight.size(); ++i, row += in) {
    row[places.first[i]] += 1 - places.weight[i];
    row[places.second[i]] += places.weight[i];
  }
  return matrix;
}

at::Tensor resample(const at::Tensor& tokens, Grid grid, const at::Tensor& down, const at::Tensor& across) {
  GTSA_CHECK(tokens.size(1) == grid.tokens() && down.size(1) == grid.rows && across.size(1) == grid.columns,
             "a resampling for another grid");
  const int64_t n = tokens.size(0), channels = tokens.size(2), rows = down.size(0), columns = across.size(0);
  const auto times = [](const at::Tensor& matrix, const at::Tensor& x) {
    return at::bmm(matrix.to(x.options()).expand({x.size(0), -1, -1}), x);
  };
  const at::Tensor wide = times(across, tokens.reshape({n * grid.rows, grid.columns, channels}));
  return times(down, wide.view({n, grid.rows, columns * channels})).view({n, rows * columns, channels});
}

}  // namespace ops

namespace reference {
namespace {

at::Tensor to_size(const at::Tensor& map, int64_t rows, int64_t columns) {
  return at::upsample_bilinear2d(map, {rows, columns}, /*align_corners=*/false);
}

}  // namespace

at::Tensor scale_head(const FpnHead& head, int64_t level, const at::Tensor& map, Grid grid, FpnTraining* training) {
  at::Tensor x = map.unflatten(1, {grid.rows, grid.columns}).permute({0, 3, 1, 2});
  for (const FpnUnit& unit : head.levels[static_cast<size_t>(level)]) {
    const at::Tensor y = at::conv2d(x, unit.conv.weight, {}, 1, 1).permute({0, 2, 3, 1});
    x = training == nullptr ? ops::reference::batch_norm_relu(y, unit.bn)
                            : ops::reference::batch_norm_relu(y, unit.bn, training->moments.emplace_back());
    x = x.permute({0, 3, 1, 2}).contiguous();
    if (level > 0) x = to_size(x, 2 * x.size(2), 2 * x.size(3));
  }
  return x;
}

at::Tensor forward(const FpnHead& head, std::span<const at::Tensor> maps, Grid grid, FpnTraining* training) {
  at::Tensor sum;
  for (size_t level = 0; level < maps.size(); ++level) {
    const at::Tensor part =
        to_size(scale_head(head, static_cast<int64_t>(level), maps[level], grid, training), grid.rows, grid.columns);
    sum = sum.defined() ? sum + part : part;
  }
  return classified(head, sum.flatten(2).transpose(1, 2), grid, training);
}

}  // namespace reference
}  // namespace gtsa::nn
