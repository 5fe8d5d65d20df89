#include "core/data/classify_recipe.h"

#include <span>
#include <utility>

#include "core/base/error.h"
#include "core/image/columns.h"
#include "core/image/normalize.h"
#include "core/image/turn.h"

namespace gtsa::data {
namespace {

constexpr int64_t kLargestInput = 4096;

void evaluate_into(const image::Image& photo, int64_t input_size, image::Filter filter, image::Planes& view) {
  image::resize_shorter_side(photo, evaluation_side(input_size), input_size, filter, view);
}

}  // namespace

void ClassifyOptions::check() const {
  if (input_size < 1 || input_size > kLargestInput) {
    throw UsageError("an input size of {} pixels: it lies between 1 and {}", input_size, kLargestInput);
  }
  if (!(flip >= 0 && flip <= 1)) throw UsageError("flips with a probability of {:g}: it lies between 0 and 1", flip);
  crop.check();
  erasing.check();
}

int64_t evaluation_side(int64_t input_size) {
  constexpr int64_t kUsual = 224;
  return input_size > kUsual ? input_size : input_size * 8 / 7;
}

image::Image evaluation_view(const image::Image& photo, int64_t input_size, image::Filter filter) {
  image::Planes view;
  evaluate_into(photo, input_size, filter, view);
  return view.interleaved();
}

ClassifyRecipe::ClassifyRecipe(std::vector<int64_t> labels, ClassifyOptions options)
    : labels_(std::move(labels)), options_(std::move(options)) {
  options_.check();
  if (options_.augment && !options_.randaugment.empty()) policy_ = parse_randaugment(options_.randaugment);
}

std::vector<BufferSpec> ClassifyRecipe::buffers(int64_t batch) const {
  return {{"images", Element::f32, {batch, 3, options_.input_size, options_.input_size}},
          {"labels", Element::i64, {batch}}};
}

void ClassifyRecipe::make(const PhotoRef& photo, const SampleKey& key, int64_t slot, Batch& batch) const {
  make(photo.read(options_.decode), key, slot, batch);
}

void ClassifyRecipe::make(const image::Image& photo, const SampleKey& key, int64_t slot, Batch& batch) const {
  const int64_t side = options_.input_size, values = 3 * side * side;
  const std::span chw(batch["images"].as<float>() + slot * values, static_cast<size_t>(values));
  thread_local image::Planes view;
  make_view(photo, key, view);
  image::normalize_turned_into(view, Turn::none, chw);
  if (options_.augment) {
    Rng rng({options_.seed, key.epoch, key.place, 0, Purpose::erasing});
    erase_randomly(rng, options_.erasing, {side, side}, chw);
  }
  batch["labels"].as<int64_t>()[slot] = labels_.at(key.file);
}

/// The view before it is normalised.
void ClassifyRecipe::make_view(const image::Image& photo, const SampleKey& key, image::Planes& view) const {
  if (!options_.augment) return evaluate_into(photo, options_.input_size, options_.filter, view);
  Rng rng({options_.seed, key.epoch, key.place, 0, Purpose::augment});
  const Rect crop = draw_resized_crop(rng, photo.size(), options_.crop);
  thread_local image::Columns columns;
  columns.assign(photo, crop);
  image::resize_crop(columns, {0, 0, crop.width, crop.height}, {options_.input_size, options_.input_size},
                     options_.filter, view);
  if (rng.chance(options_.flip)) image::flip(view);
  if (!policy_) return;
  Rng operations({options_.seed, key.epoch, key.place, 0, Purpose::randaugment});
  for (const AugmentationStep& step : draw_randaugment(operations, *policy_)) execute(step, options_.filter, view);
}

}  // namespace gtsa::data
