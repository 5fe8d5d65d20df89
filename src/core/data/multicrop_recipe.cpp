#include "core/data/multicrop_recipe.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "core/base/error.h"

namespace gtsa::data {
namespace {

void copy_boxes(const std::vector<Box>& boxes, float* out) {
  for (const Box& box : boxes) {
    for (const float corner : {box.x1, box.y1, box.x2, box.y2}) *out++ = corner;
  }
}

}  // namespace

void MultiCropOptions::check() const {
  views.check();
  if (patch_size < 1) throw UsageError("a patch of {} pixels is too small", patch_size);
  for (const int64_t side : views.crop_sizes) {
    if (side < patch_size) throw UsageError("a crop of {} pixels is smaller than a patch of {}", side, patch_size);
    if (side % patch_size != 0) {
      throw UsageError("a crop of {} pixels is no whole number of patches of {}: the nearest are {} and {}", side,
                       patch_size, side / patch_size * patch_size, (side / patch_size + 1) * patch_size);
    }
  }
  if (!bins.empty() && bins.size() != views.crop_sizes.size()) {
    throw UsageError("{} numbers of bins for {} kinds of views", bins.size(), views.crop_sizes.size());
  }
  if (std::any_of(bins.begin(), bins.end(), [](int64_t n) { return n < 1; })) {
    throw UsageError("a pooled map needs at least one bin a side");
  }
}

PoolingShape pooling_shape(const MultiCropOptions& options) {
  PoolingShape shape;
  shape.globals = options.views.global_views();
  shape.locals = options.views.views() - shape.globals;
  shape.patch_size = options.patch_size;
  for (size_t kind = 0; kind < 2; ++kind) {
    // Without a local kind its buffers are empty; the global kind's sizes stand in for its own.
    const size_t given = std::min(kind, options.views.crop_sizes.size() - 1);
    shape.grid[kind] = options.views.crop_sizes[given] / options.patch_size;
    shape.bins[kind] = options.bins.empty() ? default_bins(shape.grid[kind]) : options.bins[given];
  }
  return shape;
}

MultiCropRecipe::MultiCropRecipe(MultiCropOptions options) : options_(std::move(options)) {
  options_.check();
  pooling_ = pooling_shape(options_);
}

std::vector<BufferSpec> MultiCropRecipe::buffers(int64_t batch) const {
  const int64_t globals = pooling_.globals;
  const int64_t views = pooling_.views();
  const int64_t global_side = pooling_.grid[0] * pooling_.patch_size;
  const int64_t local_side = pooling_.grid[1] * pooling_.patch_size;
  std::vector<BufferSpec> specs{
      {"global", Element::f32, {globals, batch, 3, global_side, global_side}},
      {"local", Element::f32, {pooling_.locals, batch, 3, local_side, local_side}},
      {"turns", Element::i64, {views, batch}},
      {"boxes_global", Element::f32, {batch, globals, views, 4}},
      {"boxes_all", Element::f32, {batch, views, globals, 4}},
      {"capped", Element::u8, {batch}},
  };
  std::ranges::move(pooling_specs(pooling_, batch), std::back_inserter(specs));
  return specs;
}

void MultiCropRecipe::make(const PhotoRef& photo, const SampleKey& key, int64_t slot, Batch& batch) const {
  make(photo.read(options_.decode), key, slot, batch);
}

void MultiCropRecipe::make(const image::Image& photo, const SampleKey& key, int64_t slot, Batch& batch) const {
  const MultiCropPlan plan = plan_views(photo.size(), options_.views, options_.seed, key.epoch, key.place);
  const auto samples = static_cast<int64_t>(batch.keys.size());
  const Buffer& turn_buffer = batch["turns"];
  std::vector<Turn> turns;
  thread_local image::Columns columns;
  columns.assign(photo);
  for (int64_t v = 0; v < pooling_.views(); ++v) {
    const ViewPlan& view = plan.views[static_cast<size_t>(v)];
    const bool global = v < pooling_.globals;
    const int64_t pixels = 3 * view.side * view.side;
    float* out = batch[global ? "global" : "local"].as<float>() +
                 ((global ? v : v - pooling_.globals) * samples + slot) * pixels;
    execute_into(columns, view, {out, static_cast<size_t>(pixels)});
    turn_buffer.as<int64_t>()[v * samples + slot] = static_cast<int64_t>(view.turn);
    turns.push_back(view.turn);
  }
  const int64_t corners = pooling_.globals * pooling_.views() * 4;
  copy_boxes(plan.global_boxes, batch["boxes_global"].as<float>() + slot * corners);
  copy_boxes(plan.all_boxes, batch["boxes_all"].as<float>() + slot * corners);
  batch["capped"].as<uint8_t>()[slot] = plan.capped ? 1 : 0;
  fill_pooling(pooling_, plan.global_boxes, plan.all_boxes, turns, samples, slot, pooling_buffers(batch));
}

}  // namespace gtsa::data
