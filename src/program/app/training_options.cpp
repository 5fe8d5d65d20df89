#include "program/app/training_options.h"

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "learn/model/encoder.h"
#include "learn/train/schedule.h"
#include "program/app/common_options.h"

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

}  // namespace

void CommandOptions::describe(Fields& f) {
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
}

void EncoderOptions::describe(Fields& f) {
  f("name", &name, "sizes of the networks").one_of({"tiny", "small", "base"}).flagged("model");
  f("embed_dim", &embed_dim, "channels of a token").between(1, 8192);
  f("depth", &depth, "transformer blocks").between(1, 256);
  f("num_heads", &num_heads, "attention heads").between(1, 256);
  f("patch_size", &patch_size, "side of a patch").in("pixels").between(1, 256).flagged("patch-size");
  f("drop_path", &drop_path, "rate of the last block's residual branches").between(0, 0.99);
  f("checkpointing", &checkpointing, "make activations again in backward: less memory, a tenth more time")
      .flagged("checkpointing");
}

nn::VitOptions EncoderOptions::vit(int64_t image_size) const {
  return {.image_size = image_size,
          .patch_size = patch_size,
          .embed_dim = embed_dim,
          .depth = depth,
          .num_heads = num_heads,
          .drop_path = drop_path,
          .checkpointing = checkpointing};
}

data::Range range_of(const std::vector<double>& values) {
  return {static_cast<float>(values.at(0)), static_cast<float>(values.at(1))};
}

void settle_model(Fields& fields) {
  const Field& name = fields.at("model.name");
  for (const Preset& preset : kPresets) {
    if (name.text() != fmt::format("\"{}\"", preset.name)) continue;
    for (size_t i = 0; i < kPresetKeys.size(); ++i) {
      if (Field* size = fields.find(kPresetKeys[i])) size->derive(preset.sizes[i], name.origin());
    }
  }
}

void settle_model_as_in(const std::string& weights, Fields& fields) {
  constexpr std::array kKeys{"model.embed_dim", "model.depth", "model.num_heads", "model.patch_size"};
  const Origin origin{fields.at("run.weights").origin().layer, "as in " + weights};
  const bool all_said = std::all_of(kKeys.begin(), kKeys.end(),
                                    [&](const char* key) { return fields.at(key).origin().layer >= origin.layer; });
  if (all_said) return;  // also when a run goes on: its weights need not be there any more
  const nn::VitOptions vit = model::load_encoder(weights).options();
  const std::array sizes{vit.embed_dim, vit.depth, vit.num_heads, vit.patch_size};
  for (size_t i = 0; i < kKeys.size(); ++i) fields.at(kKeys[i]).derive(sizes[i], origin);
}

nn::VitOptions network_named(const std::string& name, int64_t patch_size, int64_t image_size) {
  Fields fields;
  EncoderOptions sizes;
  fields.section("model", sizes);
  fields.at("model.name").parse(name, {1, "--model"});
  settle_model(fields);
  sizes.patch_size = patch_size;
  return sizes.vit(image_size);
}

void PhotoOptions::describe(Fields& f) {
  f("folders", &folders, "photographs: a folder, a text file that lists paths, or tar shards").flagged("data");
  describe_workers(f, workers, "threads that decode and augment");
  f("exif", &exif, "turn photographs upright as their EXIF orientation says").switched_off_by("no-exif");
  describe_max_pixels(f, max_pixels);
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

void EvaluationOptions::describe(Fields& f) {
  f("run.eval_every", &every, "time between evaluations on the validation split: 1e or 500s (epochs, steps), 0 = none")
      .flagged("eval-every");
}

void EvaluationOptions::check() const {
  if (on() && train::parse_interval("run.eval_every", every).unit == train::Interval::Unit::minutes) {
    throw UsageError("run.eval_every = {}: epochs or steps are wanted, as 1e or 500s", every);
  }
}

int64_t EvaluationOptions::steps(const train::RunPlan& plan) const {
  if (!on()) return 0;
  const train::Interval interval = train::parse_interval("run.eval_every", every);
  const auto amount = static_cast<int64_t>(interval.amount);
  return interval.unit == train::Interval::Unit::epochs ? amount * plan.steps_per_epoch : amount;
}

void TrainingOptions::describe(Fields& f) {
  command.describe(f);
  train.describe(f);
  f("run.weights", &weights, "start the encoder from these weights: a run folder or .safetensors").flagged("weights");
  f.section("model", model);
  f.section("data", data);
}

void TrainingOptions::settle(Fields& fields) {
  settle_model(fields);
  train::settle_length(fields);
}

void TrainingOptions::check() const { train::parse_interval("run.save_every", train.save_every); }

std::vector<std::string*> TrainingOptions::paths() {
  std::vector<std::string*> paths;
  for (std::string& folder : data.folders) paths.push_back(&folder);
  if (!weights.empty()) paths.push_back(&weights);
  return paths;
}

}  // namespace gtsa::app
