#include "core/data/segment_recipe.h"

#include <span>
#include <utility>

#include "core/base/error.h"

namespace gtsa::data {

LabelledPhoto read_labelled(const PhotoRef& photo, const std::filesystem::path& annotation, const LabelRule& rule,
                            const image::DecodeOptions& decode) {
  LabelledPhoto labelled{photo.read(decode), image::read_label_map(annotation, decode.max_pixels)};
  const auto& [picture, labels] = labelled;
  if (labels.size() != picture.size()) {
    throw Error("{} has {} x {} pixels, its picture {} has {} x {}; they must be of one size", annotation.string(),
                labels.width, labels.height, photo.name(), picture.width(), picture.height());
  }
  require_labels(labels, rule, annotation.string());
  return labelled;
}

SegmentRecipe::SegmentRecipe(std::vector<std::filesystem::path> annotations, SegmentOptions options)
    : annotations_(std::move(annotations)), options_(options) {
  options_.check();
}

std::vector<BufferSpec> SegmentRecipe::buffers(int64_t batch) const {
  return {{"images", Element::f32, {batch, 3, options_.crop, options_.crop}},
          {"labels", Element::i32, {batch, options_.crop, options_.crop}}};
}

void SegmentRecipe::make(const PhotoRef& photo, const SampleKey& key, int64_t slot, Batch& batch) const {
  make(read_labelled(photo, annotations_.at(key.file), options_.labels, options_.decode), key, slot, batch);
}

void SegmentRecipe::make(const LabelledPhoto& labelled, const SampleKey& key, int64_t slot, Batch& batch) const {
  const SegmentPlan plan = plan_segment(labelled.labels, options_, key.epoch, key.place);
  const int64_t side = options_.crop, pixels = side * side;
  execute_into(labelled.photo, plan, side,
               std::span(batch["images"].as<float>() + slot * 3 * pixels, static_cast<size_t>(3 * pixels)));
  execute_into(labelled.labels, options_.labels, plan, side,
               std::span(batch["labels"].as<int32_t>() + slot * pixels, static_cast<size_t>(pixels)));
}

}  // namespace gtsa::data
