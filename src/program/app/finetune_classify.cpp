#include "program/app/finetune_classify.h"

#include <optional>
#include <utility>

#include "core/data/classified.h"
#include "learn/transfer/accuracy.h"
#include "learn/transfer/classifier_cost.h"
#include "program/app/finetuning.h"
#include "program/app/machine.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

class Classification final : public FineTuning {
 public:
  explicit Classification(const FinetuneClassifyOptions& options)
      : FineTuning(options, options.evaluation,
                   {"classifier", transfer::kClassifierFile, transfer::kBestClassifierFile, "eval_top1"}),
        options_(options) {}

  data::FoundPhotographs find_photographs() override {
    const std::string folder = only_folder("a folder of pictures with classes");
    if (evaluates()) {
      auto splits = data::read_classified(folder);
      train_ = std::move(splits.train);
      val_ = std::move(splits.val);
    } else {
      train_ = data::read_classified(folder, "train");
    }
    std::vector<std::string> description{
        fmt::format("{}: {} pictures of {} classes", folder, train_.files.size(), train_.classes.size())};
    if (evaluates()) description.push_back(fmt::format("{}: {} pictures to evaluate on", folder, val_.files.size()));
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

 private:
  nn::Vit& encoder() override { return task_->classifier().encoder; }
  void begin_on_given_weights() override {
    if (options_.head_init == "tiny") {
      transfer::init_head_small(task_->classifier(), static_cast<uint64_t>(options_.train.seed));
    }
  }
  std::unique_ptr<train::Evaluator> make_evaluator() override {
    return transfer::accuracy_evaluator(task_->classifier(), task_->classes(), data::labelled(val_),
                                        {.workers = workers_of(options_.data.workers),
                                         .max_bad_share = options_.data.max_bad_share,
                                         .decode = options_.data.decode()});
  }
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
