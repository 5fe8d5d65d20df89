// What networks do between their matrix products, one thread, at the shapes of ViT-S/16: bytes a second where memory is
// the limit, operations a second where arithmetic is.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/kernels/activations.h"
#include "core/kernels/attention.h"
#include "core/kernels/batch_norm.h"
#include "core/kernels/pixel_loss.h"
#include "core/kernels/product.h"
#include "core/kernels/select.h"
#include "core/kernels/simd.h"
#include "core/kernels/transpose.h"
#include "core/kernels/winograd.h"

namespace gtsa::kernels {
namespace {

constexpr int64_t kRows = 197, kWidth = 384, kWide = 4 * kWidth;

std::vector<float> values(int64_t n) { return std::vector<float>(static_cast<size_t>(n), 0.5F); }

/// Argument 1 of every benchmark of two: 0 = plain reference, 1 = the best level.
void choose_level(const benchmark::State& state) { force_simd_level(state.range(0) == 0 ? "scalar" : ""); }

void count_bytes(benchmark::State& state, int64_t floats) {
  state.SetBytesProcessed(state.iterations() * floats * static_cast<int64_t>(sizeof(float)));
  force_simd_level("");
}

/// A piece of rows by a layer's weight: argument 1 as in every benchmark, 2 = the weight lies turned [in, out].
void multiply(benchmark::State& state) {
  const bool is_turned = state.range(1) == 1;
  const auto x = values(kRows * kWidth), weight = values(kWidth * kWide);
  auto y = values(kRows * kWide);
  const ProductShape shape{kRows, kWide, kWidth};
  const Factor right{weight.data(), is_turned ? kWide : kWidth, !is_turned};
  const auto run = state.range(0) == 0 ? reference::product : product;
  set_threads(1);
  for (auto _ : state) run(shape, 1, {x.data(), kWidth}, right, 0, y.data(), kWide);
  state.counters["operations"] = benchmark::Counter(static_cast<double>(2 * kRows * kWidth * kWide),
                                                    benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(multiply)->ArgsProduct({{0, 1}, {0, 1}})->Unit(benchmark::kMicrosecond);

void turn_weight(benchmark::State& state) {
  choose_level(state);
  const auto weight = values(kWidth * kWide);
  auto turned = weight;
  for (auto _ : state) transpose(weight.data(), kWidth, kWide, kWidth, turned.data(), kWide);
  count_bytes(state, 2 * kWidth * kWide);
}
BENCHMARK(turn_weight)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

void gelu_with_bias(benchmark::State& state) {
  choose_level(state);
  auto x = values(kRows * kWide), y = x;
  const auto bias = values(kWide);
  for (auto _ : state) bias_gelu(x.data(), bias.data(), kRows, kWide, y.data());
  count_bytes(state, 3 * kRows * kWide);
}
BENCHMARK(gelu_with_bias)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

void gelu_gradient(benchmark::State& state) {
  choose_level(state);
  const auto x = values(kRows * kWide);
  auto dy = x, dbias = values(kWide);
  for (auto _ : state) gelu_backward(x.data(), kRows, kWide, dy.data(), dbias.data());
  count_bytes(state, 3 * kRows * kWide);
}
BENCHMARK(gelu_gradient)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

void norm(benchmark::State& state) {
  choose_level(state);
  const auto x = values(kRows * kWidth), weight = values(kWidth);
  auto y = x;
  for (auto _ : state) layer_norm(x.data(), kRows, kWidth, weight.data(), weight.data(), 1e-6F, y.data(), nullptr);
  count_bytes(state, 2 * kRows * kWidth);
}
BENCHMARK(norm)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

void norm_gradient(benchmark::State& state) {
  choose_level(state);
  const auto x = values(kRows * kWidth), weight = values(kWidth);
  auto dy = x, dweight = weight, dbias = weight;
  const std::vector<RowMoments> moments(static_cast<size_t>(kRows), {0.25F, 2.0F});
  for (auto _ : state) {
    layer_norm_backward(x.data(), moments.data(), kRows, kWidth, weight.data(), dy.data(), dy.data(), dweight.data(),
                        dbias.data());
  }
  count_bytes(state, 3 * kRows * kWidth);
}
BENCHMARK(norm_gradient)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

/// Arguments: level, tokens. One sample of six heads.
void attend(benchmark::State& state, bool backward) {
  choose_level(state);
  set_threads(1);  // its small products run on the calling thread, as on each thread of a team
  const AttentionShape shape{1, state.range(1), 6, 64};
  const auto qkv = values(3 * shape.tokens * kWidth), dout = values(shape.tokens * kWidth);
  auto out = dout, sums = values(shape.units() * shape.tokens), dqkv = qkv;
  for (auto _ : state) {
    if (backward) {
      attention_backward(shape, 0, 6, qkv.data(), out.data(), sums.data(), dout.data(), dqkv.data());
    } else {
      attention(shape, 0, 6, qkv.data(), out.data(), sums.data());
    }
  }
  const double products = backward ? 6 : 2;
  state.counters["FLOP/s"] =
      benchmark::Counter(2 * products * static_cast<double>(shape.tokens * shape.tokens * kWidth) *
                             static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
  force_simd_level("");
}
BENCHMARK_CAPTURE(attend, forward, false)->ArgsProduct({{0, 1}, {37, 65, 197}})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(attend, backward, true)->ArgsProduct({{0, 1}, {37, 65, 197}})->Unit(benchmark::kMicrosecond);

/// The four transforms of one 14 x 14 map.
void winograd(benchmark::State& state, int which) {
  choose_level(state);
  const WinogradMaps maps{1, 14, 14, kWidth};
  auto map = values(196 * kWidth), matrices = values(16 * maps.tiles() * kWidth);
  const auto bias = values(kWidth);
  for (auto _ : state) {
    if (which == 0) winograd_input(maps, {0, 1}, map.data(), matrices.data());
    if (which == 1) winograd_output(maps, {0, 1}, matrices.data(), bias.data(), map.data());
    if (which == 2) winograd_output_adjoint(maps, {0, 1}, map.data(), matrices.data());
    if (which == 3) winograd_input_adjoint(maps, {0, 1}, matrices.data(), map.data());
  }
  count_bytes(state, 196 * kWidth + 16 * maps.tiles() * kWidth);
}
BENCHMARK_CAPTURE(winograd, input, 0)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(winograd, output, 1)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(winograd, output_adjoint, 2)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(winograd, input_adjoint, 3)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

/// A row of a product of which argument 2 in 10,000 are selected.
void select(benchmark::State& state) {
  choose_level(state);
  constexpr int64_t kCount = 2048, kOf = 10'000;
  auto row = values(kCount);
  Rng rng({});
  for (float& value : row) value = rng.below(kOf) < static_cast<uint32_t>(state.range(1)) ? 1.0F : 0.0F;
  std::vector<int32_t> places(kCount);
  for (auto _ : state) benchmark::DoNotOptimize(select_above(row.data(), kCount, 0.5F, places.data()));
  count_bytes(state, kCount);
}
BENCHMARK(select)->ArgsProduct({{0, 1}, {0, 20, 100, 1000, 10000}})->Unit(benchmark::kNanosecond);

/// Batch norm with ReLU over a map of 64 x 64 x 128: forward, its gradient's sums, its gradient.
void batch_norm(benchmark::State& state, int which) {
  choose_level(state);
  constexpr int64_t kTokens = 64 * 64, kChannels = 128;
  const auto x = values(kTokens * kChannels), channel = values(kChannels);
  auto y = x, sums = channel, products = channel;
  const ChannelScale channels{channel.data(), channel.data(), channel.data()};
  for (auto _ : state) {
    if (which == 0) scale_relu(x.data(), kTokens, kChannels, channels, y.data());
    if (which == 1) add_relu_gradients(x.data(), y.data(), kTokens, kChannels, channels, sums.data(), products.data());
    if (which == 2)
      scale_relu_backward(x.data(), x.data(), kTokens, kChannels, channels, channel.data(), channel.data(), y.data());
  }
  count_bytes(state, (which == 2 ? 3 : 2) * kTokens * kChannels);
}
BENCHMARK_CAPTURE(batch_norm, forward, 0)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(batch_norm, sums, 1)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(batch_norm, backward, 2)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

/// A row of 512 pixels over 32 patches, 150 classes; argument 2: with the gradient. Items are pixels.
void pixel_loss(benchmark::State& state) {
  choose_level(state);
  constexpr int64_t kPatches = 32, kPixels = 512, kClasses = 160;
  const auto logits = values(kPatches * kClasses);
  auto gradient = logits, scratch = values(kClasses);
  std::vector<int64_t> first, second;
  for (int64_t x = 0; x < kPixels; ++x) {
    first.push_back(x * kPatches / kPixels);
    second.push_back(std::min(first.back() + 1, kPatches - 1));
  }
  const std::vector<float> weight(static_cast<size_t>(kPixels), 0.3F);
  const std::vector<int32_t> labels(static_cast<size_t>(kPixels), 7);
  const PixelRow row{logits.data(), kClasses, first.data(), second.data(), weight.data(), labels.data(), kPixels};
  float* const wanted = state.range(1) == 0 ? nullptr : gradient.data();
  for (auto _ : state) {
    PixelSums sums;
    add_pixel_losses(row, scratch.data(), wanted, sums);
    benchmark::DoNotOptimize(sums);
  }
  state.SetItemsProcessed(state.iterations() * kPixels);
  force_simd_level("");
}
BENCHMARK(pixel_loss)->ArgsProduct({{0, 1}, {0, 1}})->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace gtsa::kernels

BENCHMARK_MAIN();
