#pragma once
// What every fine-tuning method has: an encoder to start from, one evaluator on the validation split, and the state
// that did best by it kept beside the last one.

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "learn/nn/vit.h"
#include "program/app/training.h"
#include "program/app/training_options.h"

namespace gtsa::app {

class FineTuning : public Method {
 public:
  train::AdamWOptions optimizer() const override;
  std::vector<std::unique_ptr<train::Evaluator>> make_evaluators() override;
  int64_t evaluate_every(const train::RunPlan& plan) const override { return evaluation_.steps(plan); }
  std::string best_figure() const override { return evaluation_.on() ? product_.figure : ""; }
  void start_from(const std::string& weights) override;
  std::pair<std::string, std::filesystem::path> product(const run::Run& run) const override;

 protected:
  /// What the run makes.
  struct Product {
    std::string name;    ///< "classifier"
    std::string file;    ///< of the last state, in the run's folder
    std::string best;    ///< of the best one
    std::string figure;  ///< by which it is the best
  };
  /// The options outlive it.
  FineTuning(const TrainingOptions& options, const EvaluationOptions& evaluation, Product product)
      : options_(options), evaluation_(evaluation), product_(std::move(product)) {}

  /// The folder of --data. Throws UsageError unless it is one; `wanted` says of what kind.
  std::string only_folder(const std::string& wanted) const;
  bool evaluates() const { return evaluation_.on(); }

  /// Of the task.
  virtual nn::Vit& encoder() = 0;
  /// What stands on an encoder whose weights were given, if it begins in a way of its own.
  virtual void begin_on_given_weights() {}
  virtual std::unique_ptr<train::Evaluator> make_evaluator() = 0;

 private:
  const TrainingOptions& options_;
  const EvaluationOptions& evaluation_;
  Product product_;
};

}  // namespace gtsa::app
