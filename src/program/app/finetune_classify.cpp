#include "program/app/finetune_classify.h"

#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/classified.h"
#include "learn/transfer/accuracy.h"
#include "learn/transfer/classifier_cost.h"
#include "program/app/machine.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

class Classification final : public Method {
 public:
  explicit Classification(const FinetuneClassifyOptions& options) : options_(options) {}

  data::FoundPhotographs find_photographs() override {
    const auto& folders = options_.data.folders;
    if (folders.empty()) throw UsageError("--data is missing: name a folder of pictures with classes");
    if (folders.size() > 1) throw UsageError("--data: one folder of pictures with classes is wanted");
    if (options_.evaluation.on()) {
      auto splits = data::read_classified(folders[0]);
      train_ = std::move(splits.train);
      val_ = std::move(splits.val);
    } else {
      train_ = data::read_classified(folders[0], "train");
    }
    std::vector<std::string> description{
        fmt::format("{}: {} pictures of {} classes", folders[0], train_.files.size(), train_.classes.size())};
    if (options_.evaluation.on())
      description.push_back(fmt::format("{}: {} pictures to evaluate on", folders[0], val_.files.size()));
    return {data::labelled(train_).photographs, std::move(description)};
  }
  double memory_bytes(int64_t micro_batch) const override { return transfer::memory_bytes(network(), micro_batch); }
  int64_t micro_batch_multiple() const override { return options_.task({}, classes()).mixing.on() ? 2 : 1; }
  double gflop_per_image() const override { return transfer::gflop_per_image(network()); }
  Parameters parameters() const override {
    auto classifier = transfer::make_classifier(network());
    return {.trained = nn::count_parameters(classifier).values, .teacher = 0};
  }

  train::Task& make_task(const train::RunPlan& plan) override {
    const transfer::ClassifyOptions options = options_.task(plan, classes());
    if (options.mixing.on()) transfer::check_pairs(plan.micro_batch);
    data::ClassifyRecipe recipe(data::labelled(train_).labels, options_.pictures());
    return task_.emplace(options, transfer::classes_of(train_), std::move(recipe),
                         static_cast<uint64_t>(options_.train.seed));
  }
  train::AdamWOptions optimizer() const override {
    return {.clip = options_.train.clip, .clip_over = train::AdamWOptions::ClipOver::all};
  }
  std::vector<std::unique_ptr<train::Evaluator>> make_evaluators() override {
    std::vector<std::unique_ptr<train::Evaluator>> evaluators;
    if (!options_.evaluation.on()) return evaluators;
    evaluators.push_back(transfer::accuracy_evaluator(task_->classifier(), task_->classes(), data::labelled(val_),
                                                      {.workers = workers_of(options_.data.workers),
                                                       .max_bad_share = options_.data.max_bad_share,
                                                       .decode = options_.data.decode()}));
    return evaluators;
  }
  int64_t evaluate_every(const train::RunPlan& plan) const override { return options_.evaluation.steps(plan); }
  std::string best_figure() const override { return options_.evaluation.on() ? "eval_top1" : ""; }

  void start_from(const std::string& weights) override {
    if (weights.empty()) {
      log::warning("no --weights: the classifier is trained from scratch, which takes far more pictures and epochs");
      return;
    }
    copy_given_encoder(weights, task_->classifier().encoder);
    if (options_.head_init == "tiny") {
      transfer::init_head_small(task_->classifier(), static_cast<uint64_t>(options_.train.seed));
    }
  }
  std::pair<std::string, fs::path> product(const run::Run& run) const override {
    const fs::path best = run.folder() / transfer::kBestClassifierFile;
    return {"classifier", fs::exists(best) ? best : run.folder() / transfer::kClassifierFile};
  }

 private:
  int64_t classes() const { return std::ssize(train_.classes); }
  transfer::ClassifierOptions network() const { return options_.task({}, classes()).network; }

  const FinetuneClassifyOptions& options_;
  data::ClassifiedSplit train_, val_;
  std::optional<transfer::ClassifyTask> task_;
};

}  // namespace

std::unique_ptr<Method> classification_method(const FinetuneClassifyOptions& options) {
  return std::make_unique<Classification>(options);
}

Ending finetune_classify(FinetuneClassifyConfiguration& configuration) {
  const auto method = classification_method(configuration.options);
  return run_training(configuration, *method, "gtsa finetune classify");
}

}  // namespace gtsa::app
