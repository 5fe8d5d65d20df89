#include "program/app/finetune_segment.h"

#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/ade20k.h"
#include "learn/transfer/segment_scores.h"
#include "learn/transfer/segmenter_cost.h"
#include "program/app/finetuning.h"
#include "program/app/machine.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

class Segmentation final : public FineTuning {
 public:
  explicit Segmentation(const FinetuneSegmentOptions& options)
      : FineTuning(options, options.evaluation,
                   {"segmenter", transfer::kSegmenterFile, transfer::kBestSegmenterFile, "eval_miou"}),
        options_(options) {}

  data::FoundPhotographs find_photographs() override {
    const std::string folder = only_folder("a folder in ADE20K's layout");
    train_ = data::read_ade20k(folder, "training");
    std::vector<std::string> description{
        fmt::format("{}: {} pictures with labels of {} classes", folder, train_.files.size(), train_.classes.size())};
    if (evaluates()) {
      val_ = data::read_ade20k(folder, "validation");
      description.push_back(fmt::format("{}: {} pictures to evaluate on", folder, val_.files.size()));
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
    const nn::VitOptions& vit = network().vit;
    if (vit.grid() * vit.grid() * plan.micro_batch < 2) {
      throw UsageError("batch norm needs two patches: crops of {} pixels are one, so more than one is wanted at a time",
                       options_.crop);
    }
    return task_.emplace(options_.task(plan, classes()), meaning, data::SegmentRecipe(train_.annotations(), pictures()),
                         static_cast<uint64_t>(options_.train.seed));
  }

 private:
  nn::Vit& encoder() override { return task_->segmenter().encoder; }
  std::unique_ptr<train::Evaluator> make_evaluator() override {
    transfer::SegmentScoreOptions scores;
    scores.workers = workers_of(options_.data.workers);
    scores.max_bad_share = options_.data.max_bad_share;
    scores.decode = options_.data.decode();
    scores.inference.scale = pictures().scale;
    return transfer::segmentation_evaluator(task_->segmenter(), task_->classes(), val_.files, std::move(scores));
  }
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
