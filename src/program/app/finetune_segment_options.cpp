#include <fmt/ranges.h>

#include "core/base/error.h"
#include "program/app/finetune_segment.h"

namespace gtsa::app {

void PixelAugmentSettings::describe(Fields& f) {
  f("scale_ratio", &scale_ratio, "least and largest factor on data.scale").between(0.01, 100);
  f("category_bound", &category_bound, "a crop is drawn again while one class has this share of its labelled pixels")
      .between(0, 1);
  f("flip", &flip, "share of the pictures that are flipped").between(0, 1);
  f("photometric", &photometric, "brightness, contrast, saturation and hue at random");
}

void DecoderSettings::describe(Fields& f) {
  f("neck_width", &neck_width, "channels of the feature pyramid").between(1, 4096);
  f("head_width", &head_width, "channels of the head").between(1, 4096);
  f("dropout", &dropout, "share of the head's channels that are dropped").between(0, 0.99);
}

FinetuneSegmentOptions::FinetuneSegmentOptions() {
  train.batch = 16;
  train.epochs = 0;
  train.total_steps = 40'000;
  train.warmup_share = 1500.0 / 40'000;
  train.lr = 6e-5;
  train.min_lr = 0;
  train.weight_decay = 0.01;
  train.clip = 0;
  model.drop_path = 0;
  data.exif = false;
  evaluation.every = "4000s";
}

void FinetuneSegmentOptions::describe(Fields& f) {
  TrainingOptions::describe(f);
  f.at("data.folders").says("pictures with labels in ADE20K's layout: images/, annotations/, classes.txt");
  f.at("optim.clip").says("largest gradient norm of all tensors together");
  f.at("micro_batch").says("images a forward pass, over which batch norm takes its statistics; auto = the batch");
  f("data.crop", &crop, "side of the crops that the network is trained on")
      .in("pixels")
      .between(1, 4096)
      .flagged("crop");
  f("data.scale", &scale, "pictures are brought into this width and height, keeping their ratio")
      .in("pixels")
      .between(1, 65'536);
  f("data.reduce_zero", &reduce_zero, "label 0 means nothing and label k the k-th class; else label 0 is the first");
  f.section("augment", augment);
  f.section("model", decoder);
  f("schedule.power", &power, "of the polynomial by which lr falls").between(0.01, 10);
  f("schedule.warmup_ratio", &warmup_ratio, "factor on lr at the first step of the warm-up").between(0, 1);
  f("optim.decay_norms", &decay_norms, "weight decay also for norms, as in the original");
  f("loss.valid_mean", &valid_mean,
    "mean over a micro-batch's labelled pixels; else over all of them, as in the original");
  evaluation.describe(f);
}

void FinetuneSegmentOptions::settle(Fields& fields) {
  TrainingOptions::settle(fields);
  // Whoever says the one changes the other, unless the command line says it, too.
  const auto follow = [&](const char* key, const OptionValue& value, const char* leader, const char* why) {
    Field& field = fields.at(key);
    if (field.origin().layer < kSet) field.derive(value, {fields.at(leader).origin().layer, why});
  };
  follow("data.scale", std::vector{4 * crop, crop}, "data.crop", "four crops by one, as the original's");
  follow("micro_batch", std::to_string(train.batch), "batch", "all of batch");
  Field& micro_batch = fields.at("micro_batch");
  // What fits memory would change batch norm's statistics, and with them the numbers, from machine to machine.
  if (train.micro_batch == "auto") micro_batch.set(std::to_string(train.batch), micro_batch.origin());
  if (!weights.empty()) settle_model_as_in(weights, fields);
}

void FinetuneSegmentOptions::check() const {
  TrainingOptions::check();
  evaluation.check();
  std::vector<std::string> faults;
  if (augment.scale_ratio.size() != 2) {
    faults.push_back("augment.scale_ratio: a least and a largest factor are wanted, as 0.5,2");
  }
  if (scale.size() != 2) faults.push_back("data.scale: a width and a height are wanted, as 2048,512");
  if (data.exif || data.decode_side != 0) {
    faults.push_back("data.exif and data.decode_side: labels belong to the pixels as they are stored");
  }
  if (!faults.empty()) throw UsageError("{}", fmt::join(faults, "; "));
  task({}, 2).check();
  pictures(2).check();
}

data::SegmentOptions FinetuneSegmentOptions::pictures(int64_t classes) const {
  return {.crop = crop,
          .scale = {scale.at(0), scale.at(1)},
          .scale_ratio = range_of(augment.scale_ratio),
          .category_bound = augment.category_bound,
          .flip = static_cast<float>(augment.flip),
          .photometric = augment.photometric,
          .labels = {.classes = classes, .reduce_zero = reduce_zero},
          .decode = data.decode(),
          .seed = static_cast<uint64_t>(train.seed)};
}

transfer::SegmentTaskOptions FinetuneSegmentOptions::task(const train::RunPlan& plan, int64_t classes) const {
  return {.network = {.vit = model.vit(crop),
                      .taps = transfer::default_taps(model.depth),
                      .neck_width = decoder.neck_width,
                      .head_width = decoder.head_width,
                      .classes = classes,
                      .dropout = decoder.dropout},
          .schedule = {.lr = plan.lr,
                       .min_lr = train.min_lr,
                       .power = power,
                       .warmup_steps = plan.warmup_steps,
                       .warmup_ratio = warmup_ratio,
                       .weight_decay = train.weight_decay},
          .decay_norms = decay_norms,
          .valid_mean = valid_mean};
}

}  // namespace gtsa::app
