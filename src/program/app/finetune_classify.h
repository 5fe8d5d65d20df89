#pragma once
// `gtsa finetune classify`: a pretrained encoder learns to tell classes apart.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/data/classify_recipe.h"
#include "learn/transfer/classify_task.h"
#include "program/app/configuration.h"
#include "program/app/training.h"
#include "program/app/training_options.h"

namespace gtsa::app {

/// How a training picture is made.
struct AugmentSettings {
  std::vector<double> crop_area{0.08, 1.0};
  std::vector<double> crop_ratio{3.0 / 4, 4.0 / 3};
  double flip = 0.5;
  std::string randaugment = "rand-m9-mstd0.5-inc1";
  double erasing = 0.25;
  std::string erasing_mode = "pixel";
  int64_t erasing_boxes = 1;
  void describe(Fields& f);
};

/// How pictures of a batch are mixed.
struct MixSettings {
  double mixup = 0;
  double cutmix = 0;
  std::vector<double> cutmix_minmax;
  double probability = 1;
  double switch_share = 0.5;
  std::string mode = "batch";
  void describe(Fields& f);
};

struct FinetuneClassifyOptions final : TrainingOptions {
  std::string head = "original";
  std::string head_init = "tiny";
  int64_t image_size = 224;
  AugmentSettings augment;
  MixSettings mix;
  double smoothing = 0.1;
  double layer_decay = 0.75;
  EvaluationOptions evaluation;

  /// The original's defaults where they differ from pretraining's.
  FinetuneClassifyOptions();
  void describe(Fields& f) override;
  std::string default_recipe() const override { return "classify_tiny_cpu"; }
  /// Also: sizes of the encoder that --weights names, unless they were set.
  void settle(Fields& fields) override;
  void check() const override;
  std::unique_ptr<TrainingOptions> anew() const override { return std::make_unique<FinetuneClassifyOptions>(); }

  data::ClassifyOptions pictures() const;
  transfer::ClassifyOptions task(const train::RunPlan& plan, int64_t classes) const;
};

using FinetuneClassifyConfiguration = ConfigurationOf<FinetuneClassifyOptions>;

/// Of options that were checked and outlive it.
std::unique_ptr<Method> classification_method(const FinetuneClassifyOptions& options);

Ending finetune_classify(FinetuneClassifyConfiguration& configuration);

}  // namespace gtsa::app
