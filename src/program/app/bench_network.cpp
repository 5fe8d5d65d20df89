#include "program/app/bench.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/full.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/data/multicrop_recipe.h"
#include "core/synth/scene.h"
#include "learn/model/encoder.h"
#include "learn/nn/products.h"
#include "learn/ssl/gtsa_cost.h"
#include "learn/train/trainer.h"
#include "program/app/common_options.h"
#include "program/app/machine.h"
#include "program/app/pretrain_options.h"
#include "program/app/print_json.h"

namespace gtsa::app {
namespace {

using nlohmann::ordered_json;

constexpr Size kScene{640, 480};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Seconds that the products take, each shape made once and counted as often as it occurs.
double seconds_of(const std::vector<nn::Product>& products) {
  const Clock clock = steady_clock();
  double seconds = 0;
  for (const nn::Product& p : products) {
    const at::Tensor a = at::full({p.rows, p.inner}, 0.5), b = at::full({p.inner, p.columns}, 0.25);
    at::Tensor c = at::full({p.rows, p.columns}, 0.0);
    const double begin = clock();
    nn::ops::mm_out(c, a, b);
    seconds += p.times * (clock() - begin);
  }
  return seconds;
}

/// Bytes that the optimiser's two passes read and write: gradients for the norms; then value, gradient and moments
/// read, value and moments written; the teacher read and written.
double optimiser_bytes(const nn::Flat& trained, const nn::Flat& averaged) {
  constexpr double kOfTrained = 1 + 4 + 3, kOfAveraged = 2;
  return sizeof(float) * (kOfTrained * static_cast<double>(trained.layout.size) +
                          kOfAveraged * static_cast<double>(averaged.layout.size));
}

/// Bytes a second that c = a + b moves over arrays of `size` floats: the median of a few.
double streaming_rate(int64_t size) {
  constexpr int kTimes = 7;
  const at::Tensor a = at::full({size}, 0.5), b = at::full({size}, 0.25);
  at::Tensor c = at::full({size}, 0.0);
  const Clock clock = steady_clock();
  std::vector<double> seconds;
  for (int i = 0; i < kTimes; ++i) {
    const double begin = clock();
    at::add_out(c, a, b);
    seconds.push_back(clock() - begin);
  }
  return 3 * sizeof(float) * static_cast<double>(size) / median(seconds);
}

/// Figures as they are collected: steps and bare products in turn.
struct Turns {
  std::vector<double> seconds, gemm_gflops;

  template <class Work>
  void measure(int64_t turns, const std::vector<nn::Product>& products, const Work& work) {
    const Clock clock = steady_clock();
    for (int64_t turn = 0; turn < turns; ++turn) {
      const double begin = clock();
      work();
      seconds.push_back(clock() - begin);
      gemm_gflops.push_back(1e-9 * nn::flop(products) / seconds_of(products));
    }
  }

  ordered_json json(int64_t threads, int64_t batch, double gflop_per_image, double peak_mb) const {
    const double rate = static_cast<double>(batch) / median(seconds), gemm = median(gemm_gflops);
    return {{"threads", threads},
            {"batch", batch},
            {"images_per_second", rate},
            {"gemm_gflops", gemm},
            {"gflop_per_image", gflop_per_image},
            {"utilisation", gflop_per_image * rate / gemm},
            {"peak_rss_mb", peak_mb}};
  }
};

void print(const ordered_json& result, bool json) {
  if (json) {
    print_json(result);
    return;
  }
  const auto value = [&](const char* key) { return result.at(key).get<double>(); };
  std::printf("%-28s %10.3f images/s\n", "rate", value("images_per_second"));
  std::printf("%-28s %10.1f GFLOP\n", "work of an image", value("gflop_per_image"));
  std::printf("%-28s %10.1f GFLOP/s\n", "bare products", value("gemm_gflops"));
  std::printf("%-28s %10.3f\n", "utilisation", value("utilisation"));
  std::printf("%-28s %10.0f MiB\n", "peak memory", value("peak_rss_mb"));
  if (!result.contains("phases")) return;
  std::printf("%-28s %10.2f\n", "optimiser over streaming", value("optimiser_over_streaming"));
  std::printf("\n%-28s %10s %7s\n", "part of a step", "seconds", "share");
  double sum = 0;
  for (const auto& [name, seconds] : result.at("phases").items()) sum += seconds.get<double>();
  for (const auto& [name, seconds] : result.at("phases").items()) {
    std::printf("%-28s %10.3f %6.1f%%\n", name.c_str(), seconds.get<double>(), 100 * seconds.get<double>() / sum);
  }
}

void describe_network(Fields& f, std::string& model, int64_t& patch_size) {
  f("model", &model, "size of the network").one_of({"tiny", "small", "base"}).flagged("model");
  f("patch_size", &patch_size, "side of a patch").in("pixels").between(1, 256).flagged("patch-size");
}

void describe_measurement(Fields& f, int64_t& batch, int64_t& steps, int64_t& threads, bool& json) {
  f("batch", &batch, "pictures of a step").between(1).flagged("batch");
  f("steps", &steps, "steps to measure, after one to warm up").between(1).flagged("steps");
  describe_threads(f, threads);
  f("json", &json, "one JSON object on standard output").flagged("json");
}

/// The configuration that `gtsa pretrain` would run.
void configure_step(const BenchStepOptions& o, PretrainConfiguration& c) {
  const auto list = [](const std::vector<int64_t>& values) { return fmt::format("{}", fmt::join(values, ",")); };
  configure(c, {{"config", {"gtsa_coco_small"}},
                {"model", {o.model}},
                {"patch-size", {std::to_string(o.patch_size)}},
                {"crop-sizes", {list(o.crop_sizes)}},
                {"num-crops", {list(o.num_crops)}},
                {"checkpointing", {o.checkpointing ? "true" : "false"}},
                {"batch", {std::to_string(o.batch)}}});
}

std::shared_ptr<const data::Batch> rendered_batch(const data::MultiCropRecipe& recipe, int64_t size) {
  auto batch = std::make_shared<data::Batch>();
  for (const data::BufferSpec& spec : recipe.buffers(size)) {
    batch->buffers.push_back({spec, data::allocate_on_heap(spec.bytes())});
  }
  batch->keys.resize(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) {
    const auto place = static_cast<uint64_t>(i);
    batch->keys[static_cast<size_t>(i)] = {.place = place, .file = place};
    const synth::Scene scene = synth::render_scene(0, place, {kScene.width, kScene.height});
    recipe.make(scene.image, batch->keys[static_cast<size_t>(i)], i, *batch);
  }
  return batch;
}

}  // namespace

void BenchStepOptions::describe(Fields& f) {
  describe_network(f, model, patch_size);
  f("crop_sizes", &crop_sizes, "sides of global and local views").in("pixels").flagged("crop-sizes");
  f("num_crops", &num_crops, "global and local views of a photograph").flagged("num-crops");
  f("checkpointing", &checkpointing, "make activations again in backward").flagged("checkpointing");
  describe_measurement(f, batch, steps, threads, json);
}

void BenchFeaturesOptions::describe(Fields& f) {
  describe_network(f, model, patch_size);
  f("image_size", &image_size, "side of a picture").in("pixels").between(1, 4096).flagged("image-size");
  describe_measurement(f, batch, steps, threads, json);
}

void bench_step(const BenchStepOptions& options) {
  PretrainConfiguration c;
  configure_step(options, c);
  const int64_t threads = prepare_arithmetic(options.threads);
  // Far from both ends of a run of the recipe's length: every loss counts.
  constexpr int64_t kStepsPerEpoch = 100, kEpoch = 50;
  const train::RunPlan plan = train::plan_run(c.options.train, kStepsPerEpoch, 1);
  const train::Position position{kEpoch * kStepsPerEpoch, plan.total_steps, kStepsPerEpoch};
  const data::MultiCropOptions samples = c.options.samples();
  ssl::GtsaTask task(c.options.networks(), c.options.schedule(plan), samples);
  train::AdamW optimizer(task.trained(), task.averaged(), task.rows(), {.clip = c.options.train.clip});
  const train::DeviceBatch batch(rendered_batch(data::MultiCropRecipe(samples), options.batch));
  train::Phases phases(steady_clock());
  const train::Values values = task.values(position);
  const auto step = [&](train::Phases* watch) {
    const train::Context context{.position = position, .phases = watch};
    task.trained().zero_grads();
    train::StepLosses losses;
    train::run_micro_batch(task, batch, 1, context, losses);
    context.enter("optimiser");
    optimizer.step(optimizer.norms(), values.lr, values.weight_decay, values.next_momentum, position.step);
    if (watch != nullptr) watch->leave();
  };
  step(nullptr);
  // Before the bare products, whose matrices are no part of a step.
  const double peak = peak_memory_mb();
  Turns turns;
  turns.measure(options.steps, ssl::layer_products(c.options.networks(), options.batch), [&] { step(&phases); });
  auto result = turns.json(threads, options.batch, ssl::gflop_per_image(c.options.networks()), peak);
  for (const auto& [part, seconds] : phases.seconds()) {
    result["phases"][part] = seconds / static_cast<double>(options.steps);
  }
  const double streaming =
      optimiser_bytes(task.trained(), *task.averaged()) / streaming_rate(task.trained().layout.size);
  result["optimiser_over_streaming"] = result["phases"]["optimiser"].get<double>() / streaming;
  print(result, options.json);
}

void bench_features(const BenchFeaturesOptions& options) {
  const int64_t threads = prepare_arithmetic(options.threads);
  const nn::VitOptions network = network_named(options.model, options.patch_size, options.image_size);
  const model::Encoder encoder = model::random_encoder(network, std::nullopt, 0);
  const at::NoGradGuard guard;
  const at::Tensor pictures = at::full({options.batch, 3, options.image_size, options.image_size}, 0.5);
  const auto forward = [&] { nn::forward_features(encoder.vit, pictures); };
  forward();
  const double peak = peak_memory_mb();
  Turns turns;
  turns.measure(options.steps, nn::encoder_products(network, options.batch, network.grid()), forward);
  print(turns.json(threads, options.batch, nn::encoder_gflop_per_image(network), peak), options.json);
}

}  // namespace gtsa::app
