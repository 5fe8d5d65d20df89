#include "program/app/finetune_segment.h"

#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/ade20k.h"
#include "learn/transfer/segment_scores.h"
#include "learn/transfer/segmenter_cost.h"
#include "program/app/machine.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

class Segmentation final : public Method {
 public:
  explicit Segmentation(const FinetuneSegmentOptions& options) : options_(options) {}

  data::FoundPhotographs find_photographs() override {
    const auto& folders = options_.data.folders;
    if (folders.empty()) throw UsageError("--data is missing: name a folder in ADE20K's layout");
    if (folders.size() > 1) throw UsageError("--data: one folder in ADE20K's layout is wanted");
    train_ = data::read_ade20k(folders[0], "training");
    std::vector<std::string> description{fmt::format("{}: {} pictures with labels of {} classes", folders[0],
                                                     train_.files.size(), train_.classes.size())};
    if (options_.evaluation.on()) {
      val_ = data::read_ade20k(folders[0], "validation");
      description.push_back(fmt::format("{}: {} pictures to evaluate on", folders[0], val_.files.size()));
    }
    return {data::Photographs(train_.images()), std::move(description)};
  }
  double memory_bytes(int64_t micro_batch) const override { return transfer::memory_bytes(network(), micro_batch); }
  double gflop_per_image() const override { return transfer::gflop_per_image(network()); }
  Parameters parameters() const override {
    auto segmenter = transfer::make_segmenter(network());
    return {.trained = nn::count_parameters(segmenter).values, .teacher = 0};
  }

  train::Task& make_task(const train::RunPlan& plan) override {
    if (plan.micro_batch != options_.train.batch) {
      log::warning("batch norm takes its statistics over micro-batches of {}, not over the batch of {}",
                   plan.micro_batch, options_.train.batch);
    }
    const transfer::SegmentClasses meaning{.names = train_.classes,
                                           .palette = train_.palette,
                                           .reduce_zero = options_.reduce_zero,
                                           .scale = pictures().scale};
    return task_.emplace(options_.task(plan, classes()), meaning, data::SegmentRecipe(train_.annotations(), pictures()),
                         static_cast<uint64_t>(options_.train.seed));
  }
  train::AdamWOptions optimizer() const override {
    return {.clip = options_.train.clip, .clip_over = train::AdamWOptions::ClipOver::all};
  }
  std::vector<std::unique_ptr<train::Evaluator>> make_evaluators() override {
    std::vector<std::unique_ptr<train::Evaluator>> evaluators;
    if (!options_.evaluation.on()) return evaluators;
    const transfer::SegmentInferenceOptions look{.scale = pictures().scale};
    evaluators.push_back(transfer::segmentation_evaluator(task_->segmenter(), task_->classes(), val_.files,
                                                          {.inference = look,
                                                           .workers = workers_of(options_.data.workers),
                                                           .max_bad_share = options_.data.max_bad_share,
                                                           .decode = options_.data.decode()}));
    return evaluators;
  }
  int64_t evaluate_every(const train::RunPlan& plan) const override { return options_.evaluation.steps(plan); }
  std::string best_figure() const override { return options_.evaluation.on() ? "eval_miou" : ""; }

  void start_from(const std::string& weights) override {
    if (weights.empty()) {
      log::warning("no --weights: the segmenter is trained from scratch, which takes far more pictures and steps");
      return;
    }
    copy_given_encoder(weights, task_->segmenter().encoder);
  }
  std::pair<std::string, fs::path> product(const run::Run& run) const override {
    const fs::path best = run.folder() / transfer::kBestSegmenterFile;
    return {"segmenter", fs::exists(best) ? best : run.folder() / transfer::kSegmenterFile};
  }

 private:
  int64_t classes() const { return std::ssize(train_.classes); }
  transfer::SegmenterOptions network() const { return options_.task({}, classes()).network; }
  data::SegmentOptions pictures() const { return options_.pictures(classes()); }

  const FinetuneSegmentOptions& options_;
  data::Ade20kSplit train_, val_;
  std::optional<transfer::SegmentTask> task_;
};

}  // namespace

std::unique_ptr<Method> segmentation_method(const FinetuneSegmentOptions& options) {
  return std::make_unique<Segmentation>(options);
}

Ending finetune_segment(FinetuneSegmentConfiguration& configuration) {
  const auto method = segmentation_method(configuration.options);
  return run_training(configuration, *method, "gtsa finetune segment");
}

}  // namespace gtsa::app
