#include "program/app/pretrain_options.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/base/error.h"

namespace gtsa::app {
namespace {

/// Beginnings of keys that mean something to one method alone.
struct OwnKeys {
  std::string_view method;
  std::string_view prefix;
};
constexpr std::array kOwnKeys{OwnKeys{"dino", "dino."},
                              OwnKeys{"gtsa", "loss."},
                              OwnKeys{"gtsa", "global."},
                              OwnKeys{"gtsa", "local."},
                              OwnKeys{"gtsa", "data.min_overlap"},
                              OwnKeys{"gtsa", "model.projector_dim"},
                              OwnKeys{"gtsa", "model.predictor_dim"},
                              OwnKeys{"gtsa", "model.out_dim"},
                              OwnKeys{"gtsa", "model.rotation_"},
                              OwnKeys{"gtsa", "schedule.correspondence_from_step"}};

/// A recipe may bring keys of another method along (`--config gtsa_reference --method dino`); who sets one means it.
void refuse_keys_of_others(const Fields& fields, std::string_view method) {
  for (const Field& field : fields.all()) {
    if (field.origin().layer < kSet) continue;
    const auto own = std::find_if(kOwnKeys.begin(), kOwnKeys.end(),
                                  [&](const OwnKeys& keys) { return field.key().starts_with(keys.prefix); });
    if (own != kOwnKeys.end() && own->method != method) {
      throw UsageError("{} ({}) is an option of --method {}; this run's method is {}", field.key(), field.origin().text,
                       own->method, method);
    }
  }
}

}  // namespace

void HeadOptions::describe(Fields& f) {
  f("projector_dim", &projector_dim, "channels inside the projector").between(1, 65536);
  f("predictor_dim", &predictor_dim, "channels inside the predictor").between(1, 65536);
  f("out_dim", &out_dim, "channels of the maps that the losses compare").between(1, 65536);
  f("rotation_hidden", &rotation_hidden, "width of the rotation head").between(1, 65536);
  f("rotation_bottleneck", &rotation_bottleneck, "last hidden width of the rotation head").between(1, 65536);
}

void ViewSettings::describe(Fields& f) {
  f("crop_sizes", &crop_sizes, "sides of global and local views").in("pixels").between(1, 4096).flagged("crop-sizes");
  f("num_crops", &num_crops, "global and local views of a photograph").between(0, 64).flagged("num-crops");
  f("global_area", &global_area, "least and largest share of the photograph's area in a global view").between(0, 1);
  f("local_area", &local_area, "the same of a local view").between(0, 1);
  f("min_overlap", &min_overlap, "share of the photograph that a view has in common with every global one")
      .between(0, 1);
}

void KindOptions::describe(Fields& f) {
  f("bins", &bins, "bins a side of the pooled overlap").between(0, 1024).meaning("0 = 0.7 x grid");
  f("matches", &matches, "matches kept a pair of views").between(0).meaning("0 = half the grid's patches");
}

void DinoSettings::describe(Fields& f) {
  f("out_dim", &prototypes, "prototypes: outputs of the head").between(2, 1 << 20);
  f("hidden_dim", &hidden_dim, "width of the head").between(1, 65536);
  f("bottleneck_dim", &bottleneck_dim, "channels that are compared with the prototypes").between(1, 65536);
  f("norm_last_layer", &norm_last_layer, "keep the prototypes' norms at 1");
  f("freeze_last_layer", &freeze_last_layer, "the prototypes rest at first").in("epochs").between(0);
  f("teacher_temp", &teacher_temperature, "temperature of the teacher's softmax").between(1e-4, 10);
  f("warmup_teacher_temp", &warmup_teacher_temperature, "the same in the first epoch").between(1e-4, 10);
  f("warmup_teacher_temp_epochs", &warmup_teacher_temperature_epochs, "in which it moves to teacher_temp")
      .in("epochs")
      .between(0);
}

void PretrainOptions::describe(Fields& f) {
  f("method", &method, "what is learnt: GTSA, or the baseline DINO").one_of({"gtsa", "dino"}).flagged("method");
  TrainingOptions::describe(f);
  f.section("model", heads);
  f.section("data", views);
  f.section("global", global);
  f.section("local", local);
  f.section("dino", dino);
  f("schedule.correspondence_from_step", &correspondence_from_step,
    "first step whose total counts the correspondence loss")
      .between(-1)
      .meaning("-1 = after the warm-up");
  f("optim.weight_decay_end", &weight_decay_end, "weight decay at the end").between(0);
  f("teacher.momentum", &teacher_momentum, "share of itself that the teacher keeps a step; rises to 1").between(0, 1);
  f("loss.correspondence", &correspondence, "weight of the correspondence loss").between(0);
  f("loss.rotation", &rotation, "weight of the rotation loss").between(0);
  f("run.probe_every", &probe_every, "steps between probes").between(0).flagged("probe-every").meaning("0 = none");
  f("run.probe_data", &probe_data,
    "photographs (correspondence), an ADE20K layout (also segmentation) or classes (k-NN)")
      .flagged("probe-data");
}

std::string PretrainOptions::default_recipe() const { return method == "dino" ? "dino_tiny_cpu" : "gtsa_tiny_cpu"; }

void PretrainOptions::settle(Fields& fields) {
  TrainingOptions::settle(fields);
  const Origin& origin = fields.at("method").origin();
  if (method == "dino") {
    fields.at("data.global_area").derive(std::vector<double>{0.4, 1.0}, origin);
    fields.at("data.local_area").derive(std::vector<double>{0.05, 0.4}, origin);
  }
  refuse_keys_of_others(fields, method);
}

void PretrainOptions::check() const {
  std::vector<std::string> faults;
  if (views.crop_sizes.size() != 2) faults.push_back("data.crop_sizes: two sides are wanted, as 224,96");
  if (views.num_crops.size() != 2) faults.push_back("data.num_crops: two numbers are wanted, as 2,8");
  for (const auto& [key, area] :
       {std::pair("data.global_area", &views.global_area), std::pair("data.local_area", &views.local_area)}) {
    if (area->size() != 2 || (*area)[0] > (*area)[1] || (*area)[0] <= 0) {
      faults.push_back(fmt::format("{}: a least and a largest share above 0 are wanted, as 0.3,1.0", key));
    }
  }
  if (!faults.empty()) throw UsageError("{}", fmt::join(faults, "; "));
  TrainingOptions::check();
  if (method == "dino") {
    dino_networks().check();
    dino_samples().check();
  } else {
    networks().check();
    samples().check();
  }
}

std::vector<std::string*> PretrainOptions::paths() {
  std::vector<std::string*> paths = TrainingOptions::paths();
  for (std::string& folder : probe_data) paths.push_back(&folder);
  return paths;
}

ssl::GtsaOptions PretrainOptions::networks() const {
  ssl::GtsaOptions o;
  o.vit = model.vit(views.crop_sizes[0]);
  o.projector_dim = heads.projector_dim;
  o.predictor_dim = heads.predictor_dim;
  o.out_dim = heads.out_dim;
  o.rotation_hidden = heads.rotation_hidden;
  o.rotation_bottleneck = heads.rotation_bottleneck;
  o.global = {views.num_crops[0], views.crop_sizes[0], global.bins, global.matches};
  o.local = {views.num_crops[1], views.crop_sizes[1], local.bins, local.matches};
  return o;
}

data::MultiCropOptions PretrainOptions::samples() const {
  const ssl::GtsaOptions o = networks();
  data::MultiCropOptions samples;
  samples.views.crop_sizes = views.crop_sizes;
  samples.views.num_crops = views.num_crops;
  samples.views.area_shares = {range_of(views.global_area), range_of(views.local_area)};
  samples.views.min_overlap = views.min_overlap;
  samples.patch_size = model.patch_size;
  samples.bins = {o.bins(o.global), o.bins(o.local)};
  samples.decode = data.decode();
  samples.seed = static_cast<uint64_t>(train.seed);
  return samples;
}

ssl::Schedule PretrainOptions::common_schedule(const train::RunPlan& plan) const {
  return {.lr = plan.lr,
          .min_lr = train.min_lr,
          .warmup_steps = plan.warmup_steps,
          .weight_decay = train.weight_decay,
          .weight_decay_end = weight_decay_end,
          .momentum = teacher_momentum};
}

ssl::GtsaSchedule PretrainOptions::schedule(const train::RunPlan& plan) const {
  return {.base = common_schedule(plan),
          .correspondence = correspondence,
          .rotation = rotation,
          .correspondence_from_step =
              correspondence_from_step >= 0 ? correspondence_from_step : ssl::correspondence_start(plan)};
}

ssl::DinoOptions PretrainOptions::dino_networks() const {
  ssl::DinoOptions o;
  o.vit = model.vit(views.crop_sizes[0]);
  o.head = {.in = model.embed_dim,
            .hidden = dino.hidden_dim,
            .bottleneck = dino.bottleneck_dim,
            .out = dino.prototypes,
            .norm_last_layer = dino.norm_last_layer};
  o.global = {views.num_crops[0], views.crop_sizes[0]};
  o.local = {views.num_crops[1], views.crop_sizes[1]};
  return o;
}

data::DinoViewOptions PretrainOptions::dino_samples() const {
  data::DinoViewOptions samples;
  samples.crop_sizes = views.crop_sizes;
  samples.num_crops = views.num_crops;
  samples.area_shares = {range_of(views.global_area), range_of(views.local_area)};
  samples.decode = data.decode();
  samples.seed = static_cast<uint64_t>(train.seed);
  return samples;
}

ssl::DinoSchedule PretrainOptions::dino_schedule(const train::RunPlan& plan) const {
  return {.base = common_schedule(plan),
          .teacher_temperature = {.first = dino.warmup_teacher_temperature,
                                  .last = dino.teacher_temperature,
                                  .epochs = dino.warmup_teacher_temperature_epochs},
          .last_layer_from_step = dino.freeze_last_layer * plan.steps_per_epoch};
}

}  // namespace gtsa::app
