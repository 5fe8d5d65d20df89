#include "program/app/finetuning.h"

#include "core/base/error.h"
#include "core/base/log.h"

namespace gtsa::app {

namespace fs = std::filesystem;

train::AdamWOptions FineTuning::optimizer() const {
  return {.clip = options_.train.clip, .clip_over = train::AdamWOptions::ClipOver::all};
}

std::vector<std::unique_ptr<train::Evaluator>> FineTuning::make_evaluators() {
  std::vector<std::unique_ptr<train::Evaluator>> evaluators;
  if (evaluates()) evaluators.push_back(make_evaluator());
  return evaluators;
}

void FineTuning::start_from(const std::string& weights) {
  if (weights.empty()) {
    log::warning("no --weights: the {} is trained from scratch, which takes far more pictures and steps",
                 product_.name);
    return;
  }
  copy_given_encoder(weights, encoder());
  begin_on_given_weights();
}

std::pair<std::string, fs::path> FineTuning::product(const run::Run& run) const {
  const fs::path best = run.product_path(product_.best);
  return {product_.name, fs::exists(best) ? best : run.product_path(product_.file)};
}

std::string FineTuning::only_folder(const std::string& wanted) const {
  const auto& folders = options_.data.folders;
  if (folders.empty()) throw UsageError("--data is missing: name {}", wanted);
  if (folders.size() > 1) throw UsageError("--data: one folder is wanted, {}", wanted);
  return folders[0];
}

}  // namespace gtsa::app
