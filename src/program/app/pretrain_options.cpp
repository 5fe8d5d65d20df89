#include "program/app/pretrain_options.h"

#include <fmt/ranges.h>

#include <array>

#include "core/base/error.h"
#include "learn/train/schedule.h"

namespace gtsa::app {
namespace {

/// embed_dim, depth, num_heads, projector_dim, predictor_dim, out_dim.
struct Preset {
  const char* name;
  std::array<int64_t, 6> sizes;
};
constexpr std::array<const char*, 6> kPresetKeys{"model.embed_dim",     "model.depth",         "model.num_heads",
                                                 "model.projector_dim", "model.predictor_dim", "model.out_dim"};
constexpr std::array<Preset, 3> kPresets{{{"tiny", {192, 12, 3, 192, 384, 384}},
                                          {"small", {384, 12, 6, 384, 768, 768}},
                                          {"base", {768, 12, 12, 384, 768, 768}}}};

data::Range range(const std::vector<double>& values) {
  return {static_cast<float>(values[0]), static_cast<float>(values[1])};
}

}  // namespace

void ModelOptions::describe(Fields& f) {
  f("name", &name, "sizes of the networks").one_of({"tiny", "small", "base"}).flagged("model");
  f("embed_dim", &embed_dim, "channels of a token").between(1, 8192);
  f("depth", &depth, "transformer blocks").between(1, 256);
  f("num_heads", &num_heads, "attention heads").between(1, 256);
  f("patch_size", &patch_size, "side of a patch").in("pixels").between(1, 256).flagged("patch-size");
  f("drop_path", &drop_path, "rate of the last block's residual branches").between(0, 0.99);
  f("checkpointing", &checkpointing, "make activations again in backward: less memory, a tenth more time")
      .flagged("checkpointing");
  f("projector_dim", &projector_dim, "channels inside the projector").between(1, 65536);
  f("predictor_dim", &predictor_dim, "channels inside the predictor").between(1, 65536);
  f("out_dim", &out_dim, "channels of the maps that the losses compare").between(1, 65536);
  f("rotation_hidden", &rotation_hidden, "width of the rotation head").between(1, 65536);
  f("rotation_bottleneck", &rotation_bottleneck, "last hidden width of the rotation head").between(1, 65536);
}

void settle_model(Fields& fields) {
  const Field& name = fields.at("model.name");
  for (const Preset& preset : kPresets) {
    if (name.text() != fmt::format("\"{}\"", preset.name)) continue;
    for (size_t i = 0; i < kPresetKeys.size(); ++i) fields.at(kPresetKeys[i]).derive(preset.sizes[i], name.origin());
  }
}

nn::VitOptions network_named(const std::string& name, int64_t patch_size, int64_t image_size) {
  Fields fields;
  ModelOptions sizes;
  fields.section("model", sizes);
  fields.at("model.name").parse(name, {1, "--model"});
  settle_model(fields);
  return {.image_size = image_size,
          .patch_size = patch_size,
          .embed_dim = sizes.embed_dim,
          .depth = sizes.depth,
          .num_heads = sizes.num_heads};
}

void DataOptions::describe(Fields& f) {
  f("folders", &folders, "photographs: a folder, a text file that lists paths, or tar shards").flagged("data");
  f("crop_sizes", &crop_sizes, "sides of global and local views").in("pixels").between(1, 4096).flagged("crop-sizes");
  f("num_crops", &num_crops, "global and local views of a photograph").between(0, 64).flagged("num-crops");
  f("global_area", &global_area, "least and largest share of the photograph's area in a global view").between(0, 1);
  f("local_area", &local_area, "the same of a local view").between(0, 1);
  f("min_overlap", &min_overlap, "share of the photograph that a view has in common with every global one")
      .between(0, 1);
  f("workers", &workers, "threads that decode and augment")
      .between(0, 1024)
      .flagged("workers")
      .meaning("0 = a quarter of the CPUs");
  f("exif", &exif, "turn photographs upright as their EXIF orientation says").switched_off_by("no-exif");
  f("max_pixels", &max_pixels, "larger pictures are refused").in("pixels").between(1).flagged("max-pixels");
  f("decode_side", &decode_side,
    "decode JPEGs at 1/2, 1/4 or 1/8 while their shorter side keeps this: faster, other pixels")
      .in("pixels")
      .between(0)
      .meaning("0 = whole");
  f("max_bad_share", &max_bad_share, "share of the files that may be unreadable")
      .between(0, 1)
      .flagged("max-bad-share");
  f("shuffle_buffer", &shuffle_buffer, "shards: photographs out of which the next one is drawn").between(1, 1 << 30);
}

void KindOptions::describe(Fields& f) {
  f("bins", &bins, "bins a side of the pooled overlap").between(0, 1024).meaning("0 = 0.7 x grid");
  f("matches", &matches, "matches kept a pair of views").between(0).meaning("0 = half the grid's patches");
}

void PretrainOptions::describe(Fields& f) {
  f("command.out", &out, "folder of the run").flagged("out").only_flag();
  f("command.config", &config, "recipe: its name or a TOML file").flagged("config").only_flag();
  f("command.set", &sets, "set one key of the configuration: key=value").flagged("set").only_flag();
  f("command.resume", &resume, "continue the run in --out (or start it, if there is none)")
      .flagged("resume")
      .only_flag();
  f("command.overwrite", &overwrite, "throw away the run in --out").flagged("overwrite").only_flag();
  f("command.dry_run", &dry_run, "print the resolved configuration, sizes and estimates; train nothing")
      .flagged("dry-run")
      .only_flag();
  f("command.json", &json, "one JSON object on standard output at the end").flagged("json").only_flag();
  train.describe(f);
  f("run.weights", &weights, "start the encoder from these weights: a run folder or .safetensors").flagged("weights");
  f.section("model", model);
  f.section("data", data);
  f.section("global", global);
  f.section("local", local);
  f("teacher.momentum", &teacher_momentum, "share of itself that the teacher keeps a step; rises to 1").between(0, 1);
  f("loss.correspondence", &correspondence, "weight of the correspondence loss").between(0);
  f("loss.rotation", &rotation, "weight of the rotation loss").between(0);
}

void PretrainOptions::check() const {
  std::vector<std::string> faults;
  if (data.crop_sizes.size() != 2) faults.push_back("data.crop_sizes: two sides are wanted, as 224,96");
  if (data.num_crops.size() != 2) faults.push_back("data.num_crops: two numbers are wanted, as 2,8");
  for (const auto& [key, area] :
       {std::pair("data.global_area", &data.global_area), std::pair("data.local_area", &data.local_area)}) {
    if (area->size() != 2 || (*area)[0] > (*area)[1] || (*area)[0] <= 0) {
      faults.push_back(fmt::format("{}: a least and a largest share above 0 are wanted, as 0.3,1.0", key));
    }
  }
  if (!faults.empty()) throw UsageError("{}", fmt::join(faults, "; "));
  train::parse_interval("run.save_every", train.save_every);
  networks().check();
  samples().check();
}

ssl::GtsaOptions PretrainOptions::networks() const {
  ssl::GtsaOptions o;
  o.vit = {.image_size = data.crop_sizes[0],
           .patch_size = model.patch_size,
           .embed_dim = model.embed_dim,
           .depth = model.depth,
           .num_heads = model.num_heads,
           .drop_path = model.drop_path,
           .checkpointing = model.checkpointing};
  o.projector_dim = model.projector_dim;
  o.predictor_dim = model.predictor_dim;
  o.out_dim = model.out_dim;
  o.rotation_hidden = model.rotation_hidden;
  o.rotation_bottleneck = model.rotation_bottleneck;
  o.global = {data.num_crops[0], data.crop_sizes[0], global.bins, global.matches};
  o.local = {data.num_crops[1], data.crop_sizes[1], local.bins, local.matches};
  return o;
}

data::MultiCropOptions PretrainOptions::samples() const {
  const ssl::GtsaOptions o = networks();
  data::MultiCropOptions samples;
  samples.views.crop_sizes = data.crop_sizes;
  samples.views.num_crops = data.num_crops;
  samples.views.area_shares = {range(data.global_area), range(data.local_area)};
  samples.views.min_overlap = data.min_overlap;
  samples.patch_size = model.patch_size;
  samples.bins = {o.bins(o.global), o.bins(o.local)};
  samples.decode = {.max_pixels = data.max_pixels, .apply_exif = data.exif, .least_side = data.decode_side};
  samples.seed = static_cast<uint64_t>(train.seed);
  return samples;
}

ssl::GtsaSchedule PretrainOptions::schedule(const train::RunPlan& plan) const {
  return {.lr = plan.lr,
          .min_lr = train.min_lr,
          .warmup_steps = plan.warmup_steps,
          .weight_decay = train.weight_decay,
          .weight_decay_end = train.weight_decay_end,
          .momentum = teacher_momentum,
          .correspondence = correspondence,
          .rotation = rotation,
          .correspondence_from_step = plan.correspondence_from_step};
}

}  // namespace gtsa::app
