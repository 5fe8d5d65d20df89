#include <fmt/ranges.h>

#include "core/base/error.h"
#include "program/app/finetune_classify.h"

namespace gtsa::app {
namespace {

data::ErasingMode erasing_mode_named(const std::string& name) {
  return name == "rand"    ? data::ErasingMode::rand
         : name == "const" ? data::ErasingMode::constant
                           : data::ErasingMode::pixel;
}

}  // namespace

void AugmentSettings::describe(Fields& f) {
  f("crop_area", &crop_area, "least and largest share of the photograph's area in a crop").between(0, 1);
  f("crop_ratio", &crop_ratio, "least and largest width over height of a crop").between(0.01, 100);
  f("flip", &flip, "share of the pictures that are flipped").between(0, 1);
  f("randaugment", &randaugment, "policy, as rand-m9-mstd0.5-inc1").flagged("randaugment").meaning("\"\" = none");
  f("erasing", &erasing, "share of the pictures of which a box is erased").between(0, 1).flagged("erasing");
  f("erasing_mode", &erasing_mode, "noise a pixel, one colour of noise, or the mean colour")
      .one_of({"pixel", "rand", "const"});
  f("erasing_boxes", &erasing_boxes, "most boxes a picture").between(1, 64);
}

void MixSettings::describe(Fields& f) {
  f("mixup", &mixup, "alpha of mixup").between(0).flagged("mixup").meaning("0 = off");
  f("cutmix", &cutmix, "alpha of CutMix").between(0).flagged("cutmix").meaning("0 = off");
  f("cutmix_minmax", &cutmix_minmax, "least and largest side of CutMix's box as a share; switches it on").between(0, 1);
  f("probability", &probability, "that anything is mixed").between(0, 1);
  f("switch_share", &switch_share, "share of CutMix where mixup is on too").between(0, 1);
  f("mode", &mode, "what is drawn once: for a forward pass, a pair of pictures, or a picture")
      .one_of({"batch", "pair", "elem"});
}

FinetuneClassifyOptions::FinetuneClassifyOptions() {
  train.batch = 1024;
  train.warmup_share = 0.05;
  train.base_lr = 5e-4;
  train.weight_decay = 0.05;
  train.clip = 0;
  data.exif = false;
}

void FinetuneClassifyOptions::describe(Fields& f) {
  TrainingOptions::describe(f);
  f.at("data.folders").says("pictures in classes: train/CLASS/*.jpg and val/CLASS/*.jpg, or iNaturalist's layout");
  f.at("optim.clip").says("largest gradient norm of all tensors together");
  f("model.head", &head, "mean of the patch tokens as in the original, the same as in MAE, or the class token")
      .one_of({"original", "global_pool", "cls"})
      .flagged("head");
  f("model.head_init", &head_init,
    "head on given weights: deviation 2e-5 as in the original, or 0.02 as from scratch, for short runs")
      .one_of({"tiny", "normal"})
      .flagged("head-init");
  f("data.image_size", &image_size, "side of the pictures that the network sees")
      .in("pixels")
      .between(1, 4096)
      .flagged("image-size");
  f.section("augment", augment);
  f.section("mix", mix);
  f("loss.smoothing", &smoothing, "label smoothing").between(0, 0.999).flagged("smoothing");
  f("optim.layer_decay", &layer_decay, "learning rate of a layer over that of the next one")
      .between(0.01, 1)
      .flagged("layer-decay");
  evaluation.describe(f);
}

void FinetuneClassifyOptions::settle(Fields& fields) {
  TrainingOptions::settle(fields);
  if (!weights.empty()) settle_model_as_in(weights, fields);
}

void FinetuneClassifyOptions::check() const {
  TrainingOptions::check();
  evaluation.check();
  std::vector<std::string> faults;
  for (const auto& [key, pair] :
       {std::pair("augment.crop_area", &augment.crop_area), std::pair("augment.crop_ratio", &augment.crop_ratio)}) {
    if (pair->size() != 2) faults.push_back(fmt::format("{}: a least and a largest value are wanted, as 0.3,1.0", key));
  }
  if (!mix.cutmix_minmax.empty() && mix.cutmix_minmax.size() != 2) {
    faults.push_back("mix.cutmix_minmax: a least and a largest share are wanted, as 0.2,0.8");
  }
  if (!faults.empty()) throw UsageError("{}", fmt::join(faults, "; "));
  task({}, 2).check();
  pictures().check();
}

data::ClassifyOptions FinetuneClassifyOptions::pictures() const {
  data::ClassifyOptions pictures;
  pictures.input_size = image_size;
  pictures.crop = {.area_share = range_of(augment.crop_area), .ratio = range_of(augment.crop_ratio)};
  pictures.flip = static_cast<float>(augment.flip);
  pictures.randaugment = augment.randaugment;
  pictures.erasing.probability = static_cast<float>(augment.erasing);
  pictures.erasing.mode = erasing_mode_named(augment.erasing_mode);
  pictures.erasing.most_boxes = augment.erasing_boxes;
  pictures.decode = data.decode();
  pictures.seed = static_cast<uint64_t>(train.seed);
  return pictures;
}

transfer::ClassifyOptions FinetuneClassifyOptions::task(const train::RunPlan& plan, int64_t classes) const {
  transfer::ClassifyOptions task;
  task.network = {.vit = model.vit(image_size), .head = transfer::head_named(head), .classes = classes};
  task.schedule = {.lr = plan.lr,
                   .min_lr = train.min_lr,
                   .warmup_steps = static_cast<double>(plan.warmup_steps),
                   .weight_decay = train.weight_decay};
  task.mixing = {.mixup = mix.mixup,
                 .cutmix = mix.cutmix,
                 .probability = mix.probability,
                 .switch_share = mix.switch_share,
                 .mode = transfer::mixing_mode_named(mix.mode)};
  if (!mix.cutmix_minmax.empty()) task.mixing.cutmix_minmax = {mix.cutmix_minmax[0], mix.cutmix_minmax[1]};
  task.smoothing = smoothing;
  task.layer_decay = layer_decay;
  return task;
}

}  // namespace gtsa::app
