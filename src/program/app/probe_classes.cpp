#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_line.h"
#include "core/base/log.h"
#include "core/formats/safetensors.h"
#include "learn/probe/class_probes.h"
#include "program/app/print_json.h"
#include "program/app/probe.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kData = "pictures in classes: train/CLASS/*.jpg and val/CLASS/*.jpg, or iNaturalist's layout";

const std::string& only_folder(const ExtractionOptions& options) {
  if (options.data.empty()) throw UsageError("--data is missing: name a folder of pictures in classes");
  if (options.data.size() > 1) throw UsageError("--data: one folder of pictures in classes is wanted, not several");
  return options.data.front();
}

void print_probed(const std::string& source, const char* what, const probe::ProbedClasses& probed) {
  std::printf("%s\n%s, %zu classes, %lld training and %lld validation pictures\n", source.c_str(), what,
              probed.classes.size(), static_cast<long long>(probed.training_pictures),
              static_cast<long long>(probed.validation_pictures));
}

/// "none", or a number of views of each picture.
int64_t draws_of(const std::string& augment) {
  if (augment == "none") return probe::kNoDraws;
  int64_t draws = 0;
  const auto [end, error] = std::from_chars(augment.data(), augment.data() + augment.size(), draws);
  if (error != std::errc() || end != augment.data() + augment.size() || draws < 0) {
    throw UsageError("--augment {}: none, or a number of views of each picture (0 = a new one each epoch)", augment);
  }
  return draws;
}

/// The protocol, and what was said instead.
probe::LinearProbeOptions settled(const LinearProbeOptions& options) {
  const bool dino = options.protocol == "dino";
  probe::LinearProbeOptions result;
  result.linear = dino ? probe::dino_protocol() : probe::LinearOptions{};
  result.features = options.extraction.features();
  result.views.input_size = options.extraction.input_size;
  result.views.decode = result.features.views.decode;
  result.views.seed = static_cast<uint64_t>(options.extraction.network.seed);
  result.views.crop.one_shot = !dino;
  result.views.filter = dino ? image::Filter::bilinear : image::Filter::bicubic;
  result.draws = draws_of(options.augment);
  if (dino && options.extraction.pool == "cls") {
    log::info("DINO's protocol takes --pool last4 for the small model and cls+mean for the base model; this is cls");
  }
  probe::LinearOptions& linear = result.linear;
  if (options.epochs > 0) {
    // A ninth of the epochs, as 10 are of 90.
    if (linear.warmup_epochs > 0) linear.warmup_epochs = options.epochs / 9;
    linear.epochs = options.epochs;
  }
  if (options.warmup_epochs >= 0) linear.warmup_epochs = options.warmup_epochs;
  if (options.batch > 0) linear.batch = options.batch;
  if (options.base_lr > 0) linear.base_lr = options.base_lr;
  linear.weight_decay = options.weight_decay;
  linear.seed = static_cast<uint64_t>(options.extraction.network.seed);
  linear.check();
  return result;
}

/// Under the names that the original's checkpoint has.
void write_head(const fs::path& out, const LinearProbeOptions& options, const std::string& source,
                const probe::LinearProbeResult& result) {
  const probe::LinearHead& head = result.linear.head;
  std::map<std::string, at::Tensor> tensors;
  if (head.mean.defined()) {
    tensors = {{"head.0.running_mean", head.mean},
               {"head.0.running_var", head.variance},
               {"head.1.weight", head.weight},
               {"head.1.bias", head.bias}};
  } else {
    tensors = {{"linear.weight", head.weight}, {"linear.bias", head.bias}};
  }
  std::vector<formats::TensorRecord> records;
  for (const auto& [name, tensor] : tensors) {
    records.push_back({name, formats::Dtype::f32, tensor.sizes().vec(),
                       std::as_bytes(std::span(tensor.data_ptr<float>(), static_cast<size_t>(tensor.numel())))});
  }
  formats::write_safetensors(real_files(), out, records,
                             {{"classes", json_line(ordered_json(result.probed.classes))},
                              {"weights", source},
                              {"pool", options.extraction.pool},
                              {"protocol", options.protocol},
                              {"top1", fmt::format("{}", result.linear.last().top1)}});
}

}  // namespace

void KnnProbeOptions::describe(Fields& f) {
  extraction.describe(f, kData);
  f("k", &k, "numbers of neighbours that vote").flagged("k");
  f("temperature", &temperature, "T: a neighbour's vote is exp(similarity / T)").flagged("temperature");
}

void LinearProbeOptions::describe(Fields& f) {
  f("config", &config, "recipe: its name or a TOML file").flagged("config").only_flag();
  extraction.describe(f, kData);
  f("protocol", &protocol, "mae: LARS behind a batch norm; dino: plain descent with momentum")
      .one_of({"mae", "dino"})
      .flagged("protocol");
  f("augment", &augment,
    "views of each training picture (random crop and flip) that epochs take in turn: a number, 0 = a new one each "
    "epoch as the protocol has it, none = the centre alone")
      .flagged("augment");
  f("epochs", &epochs, "passes through the training pictures")
      .between(-1)
      .flagged("epochs")
      .meaning("-1 = the protocol's: 90, dino 100");
  f("warmup_epochs", &warmup_epochs, "epochs in which the rate rises from 0")
      .between(-1)
      .flagged("warmup-epochs")
      .meaning("-1 = the protocol's: a ninth of the epochs, dino 0");
  f("batch", &batch, "pictures of a step").between(-1).flagged("batch").meaning("-1 = the protocol's: 512, dino 128");
  f("base_lr", &base_lr, "learning rate for 256 pictures a step")
      .flagged("base-lr")
      .meaning("-1 = the protocol's: 0.1, dino 0.001");
  f("weight_decay", &weight_decay, "weight decay").between(0).flagged("weight-decay");
  f("out", &out, "file for the layer: .safetensors").flagged("out");
}

void probe_knn(const KnnProbeOptions& options) {
  const fs::path folder = only_folder(options.extraction);
  probe::KnnProbeOptions what{.knn = {.ks = options.k, .temperature = options.temperature},
                              .features = options.extraction.features()};
  what.knn.check();
  const model::Encoder encoder = options.extraction.network.encoder();
  const auto result = probe::probe_knn(real_files(), probe::freeze(encoder.vit, nullptr), folder, what);
  if (options.extraction.json) return print_json(probe::to_json(result));
  print_probed(encoder.source, "nearest neighbours of frozen features", result.probed);
  std::printf("%8s %8s %8s\n", "k", "top-1", "top-5");
  for (const probe::KnnScore& score : result.scores) {
    std::printf("%8lld %8.4f %8.4f\n", static_cast<long long>(score.k), score.top1, score.top5);
  }
}

void probe_linear(const LinearProbeOptions& options) {
  const fs::path folder = only_folder(options.extraction);
  const probe::LinearProbeOptions what = settled(options);
  if (!options.out.empty() && fs::path(options.out).extension() != ".safetensors") {
    throw UsageError("--out {}: the layer is written as .safetensors", options.out);
  }
  const model::Encoder encoder = options.extraction.network.encoder();
  const auto tell = [](const probe::LinearEpoch& epoch) {
    log::info("epoch {:3}  loss {:.4f}  lr {:.5f}  top-1 {:.4f}  top-5 {:.4f}", epoch.epoch + 1, epoch.loss, epoch.lr,
              epoch.top1, epoch.top5);
  };
  const auto result = probe::probe_linear(real_files(), probe::freeze(encoder.vit, nullptr), folder, what, tell);
  if (!options.out.empty()) write_head(options.out, options, encoder.source, result);
  if (options.extraction.json) return print_json(probe::to_json(result));
  print_probed(encoder.source, "linear layer on frozen features", result.probed);
  std::printf("%8s %8s %8s %8s\n", "", "epoch", "top-1", "top-5");
  for (const auto& [name, epoch] : {std::pair{"best", result.linear.best()}, {"last", result.linear.last()}}) {
    std::printf("%8s %8lld %8.4f %8.4f\n", name, static_cast<long long>(epoch.epoch + 1), epoch.top1, epoch.top5);
  }
}

}  // namespace gtsa::app
