#include "core/data/dino_recipe.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/data/resized_crop.h"

namespace gtsa::data {
namespace {

/// Place of a view in the lists of probabilities: first global, other global, local.
size_t distortion_of(int64_t view, int64_t globals) { return view == 0 ? 0 : view < globals ? 1 : 2; }

}  // namespace

void DinoViewOptions::check() const {
  if (crop_sizes.size() != 2 || num_crops.size() != 2 || area_shares.size() != 2) {
    throw UsageError("DINO's views are of two kinds, global and local: two crop sizes, numbers and shares of the area");
  }
  if (num_crops[0] < 2 || num_crops[1] < 0) {
    throw UsageError("{} global views are too few for DINO: the student sees another one than the teacher",
                     num_crops[0]);
  }
  for (const Range share : area_shares) ResizedCropOptions{.area_share = share}.check();
  if (*std::min_element(crop_sizes.begin(), crop_sizes.end()) < 1) throw UsageError("a crop needs at least one pixel");
}

std::vector<ViewPlan> plan_dino_views(Size photo, const DinoViewOptions& options, uint64_t epoch, uint64_t place) {
  std::vector<ViewPlan> views(static_cast<size_t>(options.views()));
  Rng crops({options.seed, epoch, place, 0, Purpose::crop});
  for (size_t v = 0; v < views.size(); ++v) {
    const auto number = static_cast<int64_t>(v);
    const size_t kind = number < options.global_views() ? 0 : 1;
    views[v].side = options.crop_sizes[kind];
    views[v].crop = draw_resized_crop(crops, photo, {.area_share = options.area_shares[kind]});
    views[v].filter = image::Filter::bicubic;
    Rng rng({options.seed, epoch, place, static_cast<uint32_t>(v), Purpose::colour});
    const size_t distortion = distortion_of(number, options.global_views());
    views[v].flip = rng.chance(options.flip_probability);
    draw_colours(rng, options.colours, options.blur_probability[distortion], views[v]);
    views[v].solarize = rng.chance(options.solarize_probability[distortion]);
  }
  return views;
}

DinoRecipe::DinoRecipe(DinoViewOptions options) : options_(std::move(options)) { options_.check(); }

std::vector<BufferSpec> DinoRecipe::buffers(int64_t batch) const {
  const auto& [globals, locals] = std::pair(options_.num_crops[0], options_.num_crops[1]);
  const int64_t global_side = options_.crop_sizes[0], local_side = options_.crop_sizes[1];
  return {{"global", Element::f32, {globals, batch, 3, global_side, global_side}},
          {"local", Element::f32, {locals, batch, 3, local_side, local_side}}};
}

void DinoRecipe::make(const PhotoRef& photo, const SampleKey& key, int64_t slot, Batch& batch) const {
  const image::Image pixels = photo.read(options_.decode);
  const auto views = plan_dino_views(pixels.size(), options_, key.epoch, key.place);
  const auto samples = static_cast<int64_t>(batch.keys.size());
  thread_local image::Columns columns;
  columns.assign(pixels);
  for (int64_t v = 0; v < options_.views(); ++v) {
    const ViewPlan& view = views[static_cast<size_t>(v)];
    const bool global = v < options_.global_views();
    const int64_t values = 3 * view.side * view.side;
    float* out = batch[global ? "global" : "local"].as<float>() +
                 ((global ? v : v - options_.global_views()) * samples + slot) * values;
    execute_into(columns, view, {out, static_cast<size_t>(values)});
  }
}

}  // namespace gtsa::data
