#include "learn/transfer/classify_task.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/amax.h>

#include <utility>

#include "core/base/error.h"
#include "learn/train/schedule.h"
#include "learn/transfer/class_losses.h"
#include "learn/transfer/layer_decay.h"

namespace gtsa::transfer {

void ClassifyOptions::check() const {
  network.check();
  mixing.check();
  std::string faults;
  const auto refuse = [&](const std::string& fault) { faults += (faults.empty() ? "" : "; ") + fault; };
  if (!(smoothing >= 0 && smoothing < 1)) refuse(fmt::format("a smoothing of {} is outside [0, 1)", smoothing));
  if (!(layer_decay > 0 && layer_decay <= 1)) refuse(fmt::format("a layer decay of {} is outside (0, 1]", layer_decay));
  if (!(schedule.warmup_steps >= 0)) refuse(fmt::format("a warm-up of {} steps", schedule.warmup_steps));
  if (!faults.empty()) throw UsageError("a classifier cannot be fine-tuned so: {}", faults);
}

ClassifyTask::ClassifyTask(const ClassifyOptions& options, ClassNames classes, data::ClassifyRecipe recipe,
                           uint64_t seed)
    : options_((options.check(), options)),
      classes_(std::move(classes)),
      classifier_(make_classifier(options.network)),
      flat_(nn::bind(classifier_, true)),
      recipe_(std::move(recipe)) {
  GTSA_CHECK(classes_.size() == options_.network.classes, "{} names of {} classes", classes_.size(),
             options_.network.classes);
  GTSA_CHECK(recipe_.options().input_size == options_.network.vit.image_size,
             "pictures of {} pixels for a network of {}", recipe_.options().input_size,
             options_.network.vit.image_size);
  init(classifier_, seed);
}

std::vector<train::Row> ClassifyTask::rows() const {
  return layer_decay_rows(flat_.layout, options_.network.vit.depth, options_.layer_decay);
}

train::Values ClassifyTask::values(const train::Position& position) const {
  const ClassifySchedule& s = options_.schedule;
  train::Values values;
  values.lr = train::ramp_cosine(s.lr, s.min_lr, s.warmup_steps, static_cast<double>(position.step),
                                 static_cast<double>(position.total_steps));
  values.weight_decay = s.weight_decay;
  return values;
}

void ClassifyTask::losses(const train::DeviceBatch& batch, const train::Context& context,
                          const train::Contribute& contribute) {
  const nn::VitOptions& vit = options_.network.vit;
  const auto step = static_cast<uint64_t>(context.position.step);
  const auto first_sample = static_cast<uint64_t>(context.first_sample);
  at::Tensor images = batch["images"], targets;
  if (options_.mixing.on()) {
    const auto mixes = draw_mixing(options_.mixing, batch.size(), vit.image_size, {context.seed, step, first_sample});
    images = mix_images(images, mixes);
    targets = mix_targets(batch["labels"], mixes, classes_.size(), options_.smoothing);
  }
  const nn::DropPath drop_path = nn::draw_drop_path(
      vit, {.seed = context.seed, .step = step, .first_sample = first_sample, .samples = batch.size(), .views = 1});
  context.enter("forward");
  const at::Tensor logits = forward(classifier_, images, &drop_path);
  context.enter("losses");
  last_logits_ = logits.detach();
  const at::Tensor loss = targets.defined() ? soft_cross_entropy(logits, targets)
                                            : smoothed_cross_entropy(logits, batch["labels"], options_.smoothing);
  const train::Term term{"class", loss, 1};
  contribute({&term, 1});
}

train::Health ClassifyTask::health(const train::Position&) {
  if (!last_logits_.defined()) return {};
  const at::NoGradGuard no_grad;
  const double confidence = at::amax(last_logits_.softmax(1), 1).mean().item<double>();
  return {.figures = {{"train_confidence", confidence}}, .warnings = {}};
}

void ClassifyTask::export_weights(FileSystem& files, const run::Run& run) {
  write_classifier(files, run.product_path(kClassifierFile), classifier_, classes_);
}

void ClassifyTask::export_best(FileSystem& files, const run::Run& run) {
  write_classifier(files, run.product_path(kBestClassifierFile), classifier_, classes_);
}

std::map<std::string, std::string> ClassifyTask::metadata() const {
  auto facts = metadata_of(options_.network, classes_);
  facts["method"] = "classify";
  return facts;
}

}  // namespace gtsa::transfer
