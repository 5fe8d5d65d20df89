#include "program/app/pretrain.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/crop_pictures.h"
#include "learn/ssl/dino_cost.h"
#include "learn/ssl/gtsa_cost.h"
#include "program/app/evaluators.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

/// What both methods share: unlabelled photographs, clipping, probes every few steps.
class Pretraining : public Method {
 public:
  explicit Pretraining(const PretrainOptions& options) : options_(options) {}

  data::FoundPhotographs find_photographs() override {
    if (options_.data.folders.empty()) throw UsageError("--data is missing: name a folder of photographs");
    const std::vector<fs::path> folders(options_.data.folders.begin(), options_.data.folders.end());
    return data::find_photographs(folders);
  }
  train::AdamWOptions optimizer() const override { return {.clip = options_.train.clip}; }
  int64_t evaluate_every(const train::RunPlan&) const override { return options_.probe_every; }

 protected:
  /// Pictures of the first step's first photographs and their views.
  static void show_samples(const RunParts& parts, run::Run& run, const image::DecodeOptions& decode,
                           const data::PlanPhoto& plan) {
    constexpr size_t kSamplesShown = 4;
    const auto places = parts.sampler.iteration(0).places;
    const auto order = parts.sampler.permutation(0);
    std::vector<data::PlannedSample> samples;
    for (size_t i = 0; i < std::min(places.size(), kSamplesShown); ++i) {
      samples.push_back({parts.photographs[order[places[i] % order.size()]], 0, places[i]});
    }
    const fs::path index = run.artefact_path("crops.json");
    run.write_artefact("crops.json",
                       data::write_crop_pictures(real_files(), index.parent_path(), "crops", samples, plan, decode));
  }

  const PretrainOptions& options_;
};

class GtsaPretraining final : public Pretraining {
 public:
  explicit GtsaPretraining(const PretrainOptions& options) : Pretraining(options), networks_(options.networks()) {}

  double memory_bytes(int64_t micro_batch) const override { return ssl::memory_bytes(networks_, micro_batch); }
  double gflop_per_image() const override { return ssl::gflop_per_image(networks_); }
  Parameters parameters() const override {
    auto student = ssl::make_student(networks_);
    auto teacher = ssl::make_teacher(networks_);
    return {nn::count_parameters(student).values, nn::count_parameters(teacher).values};
  }
  train::Task& make_task(const train::RunPlan& plan) override {
    note_few_patches();
    return task_.emplace(networks_, options_.schedule(plan), options_.samples());
  }
  std::vector<std::unique_ptr<train::Evaluator>> make_evaluators() override {
    return app::make_evaluators(options_, {.encoder = &task_->teacher().encoder,
                                           .projector = &task_->teacher().projector,
                                           .rotation = &task_->student(),
                                           // No loss of GTSA sees the class token.
                                           .pool = probe::Pool::mean});
  }
  void start_from(const std::string& weights) override {
    if (weights.empty()) return;
    copy_given_encoder(weights, task_->student().encoder);
    ssl::copy_to_teacher(task_->trained(), *task_->averaged());
  }
  void show_first_samples(const RunParts& parts, run::Run& run) const override {
    const data::MultiCropOptions drawn = options_.samples();
    show_samples(parts, run, drawn.decode, [&](Size photo, uint64_t epoch, uint64_t place) {
      return data::plan_views(photo, drawn.views, drawn.seed, epoch, place);
    });
  }

 private:
  /// Small maps have fewer patches than the matches asked for: all of them are matched then.
  void note_few_patches() const {
    for (const auto& [name, kind] : {std::pair("global", &networks_.global), std::pair("local", &networks_.local)}) {
      const int64_t patches = networks_.grid(*kind) * networks_.grid(*kind);
      if (kind->count > 0 && networks_.matches(*kind) > patches) {
        log::info("{}.matches = {}: a {} view has {} patches, all of them are matched", name, networks_.matches(*kind),
                  name, patches);
      }
    }
  }

  ssl::GtsaOptions networks_;
  std::optional<ssl::GtsaTask> task_;
};

class DinoPretraining final : public Pretraining {
 public:
  explicit DinoPretraining(const PretrainOptions& options) : Pretraining(options), networks_(options.dino_networks()) {}

  double memory_bytes(int64_t micro_batch) const override { return ssl::memory_bytes(networks_, micro_batch); }
  double gflop_per_image() const override { return ssl::gflop_per_image(networks_); }
  Parameters parameters() const override {
    auto network = ssl::make_dino_network(networks_);
    const int64_t all = nn::count_parameters(network).values;
    return {networks_.head.norm_last_layer ? all - networks_.head.out : all, all};
  }
  train::Task& make_task(const train::RunPlan& plan) override {
    return task_.emplace(networks_, options_.dino_schedule(plan), options_.dino_samples());
  }
  std::vector<std::unique_ptr<train::Evaluator>> make_evaluators() override {
    return app::make_evaluators(options_, {.encoder = &task_->teacher().backbone});
  }
  void start_from(const std::string& weights) override {
    if (weights.empty()) return;
    copy_given_encoder(weights, task_->student().backbone);
    ssl::copy_to_teacher(task_->trained(), *task_->averaged());
  }
  void show_first_samples(const RunParts& parts, run::Run& run) const override {
    const data::DinoViewOptions drawn = options_.dino_samples();
    show_samples(parts, run, drawn.decode, [&](Size photo, uint64_t epoch, uint64_t place) {
      return data::MultiCropPlan{.views = data::plan_dino_views(photo, drawn, epoch, place),
                                 .global_views = drawn.global_views()};
    });
  }

 private:
  ssl::DinoOptions networks_;
  std::optional<ssl::DinoTask> task_;
};

}  // namespace

std::unique_ptr<Method> pretraining_method(const PretrainOptions& options) {
  if (options.method == "dino") return std::make_unique<DinoPretraining>(options);
  return std::make_unique<GtsaPretraining>(options);
}

Ending pretrain(PretrainConfiguration& configuration) {
  const auto method = pretraining_method(configuration.options);
  return run_training(configuration, *method, "gtsa pretrain");
}

}  // namespace gtsa::app
