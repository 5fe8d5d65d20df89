#include "learn/transfer/segment_task.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>

#include <utility>

#include "core/base/error.h"
#include "learn/train/schedule.h"
#include "learn/transfer/segment_loss.h"

namespace gtsa::transfer {

void SegmentTaskOptions::check() const {
  network.check();
  std::string faults;
  const auto refuse = [&](const std::string& fault) { faults += (faults.empty() ? "" : "; ") + fault; };
  if (schedule.warmup_steps < 0) refuse(fmt::format("a warm-up of {} steps", schedule.warmup_steps));
  if (!(schedule.warmup_ratio >= 0 && schedule.warmup_ratio <= 1)) {
    refuse(fmt::format("a warm-up from {} of the rate is outside [0, 1]", schedule.warmup_ratio));
  }
  if (!(schedule.power > 0)) refuse(fmt::format("a power of {} is not above 0", schedule.power));
  if (!faults.empty()) throw UsageError("a segmenter cannot be fine-tuned so: {}", faults);
}

std::vector<train::Row> segment_rows(const nn::Layout& layout, bool decay_norms) {
  std::vector<train::Row> rows;
  for (const nn::Slot& slot : layout.slots) {
    const auto has = [&](const char* part) { return slot.name.find(part) != std::string::npos; };
    const bool norm = has(".ln1.") || has(".ln2.") || has(".bn.");
    const bool spared = has("pos_embed") || has("cls_token") || has("norm") || (norm && !decay_norms);
    rows.push_back({.decay_scale = spared ? 0.0 : 1.0});
  }
  return rows;
}

SegmentTask::SegmentTask(const SegmentTaskOptions& options, SegmentClasses classes, data::SegmentRecipe recipe,
                         uint64_t seed)
    : options_((options.check(), options)),
      classes_(std::move(classes)),
      segmenter_(make_segmenter(options.network)),
      flat_(nn::bind(segmenter_, true)),
      recipe_(std::move(recipe)) {
  GTSA_CHECK(classes_.size() == options_.network.classes && recipe_.options().labels.classes == classes_.size(),
             "{} names and labels of {} for {} classes", classes_.size(), recipe_.options().labels.classes,
             options_.network.classes);
  GTSA_CHECK(recipe_.options().crop == options_.network.vit.image_size, "crops of {} pixels for a network of {}",
             recipe_.options().crop, options_.network.vit.image_size);
  init(segmenter_, seed);
}

void SegmentTask::walk(const nn::Walk& visit) {
  segmenter_.walk(visit);
  segmenter_.walk_buffers(visit);
}

train::Values SegmentTask::values(const train::Position& position) const {
  const SegmentSchedule& s = options_.schedule;
  train::Values values;
  values.lr = train::warmup_poly(
      {.base = s.lr, .final = s.min_lr, .power = s.power, .warmup = s.warmup_steps, .ratio = s.warmup_ratio},
      position.step, position.total_steps);
  values.weight_decay = s.weight_decay;
  return values;
}

void SegmentTask::losses(const train::DeviceBatch& batch, const train::Context& context,
                         const train::Contribute& contribute) {
  const auto step = static_cast<uint64_t>(context.position.step);
  const auto first_sample = static_cast<uint64_t>(context.first_sample);
  const nn::DropPath drop_path = nn::draw_drop_path(
      options_.network.vit,
      {.seed = context.seed, .step = step, .first_sample = first_sample, .samples = batch.size(), .views = 1});
  nn::FpnTraining training;
  training.keep = nn::draw_channel_keep(
      segmenter_.head.options,
      {.seed = context.seed, .step = step, .first_sample = first_sample, .samples = batch.size()});
  context.enter("forward");
  const SegmentLogits logits = forward_training(segmenter_, batch["images"], training, &drop_path);
  if (pending_.empty()) {
    segmenter_.walk_buffers([&](const std::string&, at::Tensor& tensor) { pending_.push_back(tensor.clone()); });
  }
  nn::update_running(pending_, training.moments);
  context.enter("losses");
  const SegmentLoss loss = segment_loss(logits, batch["labels"], options_.valid_mean);
  pixels_ = loss.pixels;
  const train::Term term{"segment", loss.value, 1};
  contribute({&term, 1});
}

void SegmentTask::commit() {
  const at::NoGradGuard no_grad;
  size_t next = 0;
  if (!pending_.empty()) {
    segmenter_.walk_buffers([&](const std::string&, at::Tensor& tensor) { tensor.copy_(pending_[next++]); });
  }
  discard();
}

void SegmentTask::discard() { pending_.clear(); }

train::Health SegmentTask::health(const train::Position&) {
  train::Health health;
  if (pixels_.labelled > 0) {
    health.figures.push_back(
        {"train_pixel_accuracy", static_cast<double>(pixels_.correct) / static_cast<double>(pixels_.labelled)});
  }
  std::string first_bad;
  segmenter_.walk_buffers([&](const std::string& name, at::Tensor& tensor) {
    if (first_bad.empty() && !at::isfinite(tensor).all().item<bool>()) first_bad = name;
  });
  if (!first_bad.empty()) {
    health.warnings.push_back({"running_statistics", first_bad +
                                                         " is not finite, so every evaluation is meaningless; go back "
                                                         "to an earlier checkpoint with a lower --lr"});
  }
  return health;
}

void SegmentTask::export_weights(FileSystem& files, const run::Run& run) {
  write_segmenter(files, run.product_path(kSegmenterFile), segmenter_, classes_);
}

void SegmentTask::export_best(FileSystem& files, const run::Run& run) {
  write_segmenter(files, run.product_path(kBestSegmenterFile), segmenter_, classes_);
}

std::map<std::string, std::string> SegmentTask::metadata() const {
  auto facts = metadata_of(options_.network, classes_);
  facts["method"] = "segment";
  return facts;
}

}  // namespace gtsa::transfer
