#pragma once
// `gtsa finetune segment`: a pretrained encoder learns to label pixels, with Semantic FPN (docs/segmentation.md).

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/data/segment_recipe.h"
#include "learn/transfer/segment_task.h"
#include "program/app/configuration.h"
#include "program/app/training.h"
#include "program/app/training_options.h"

namespace gtsa::app {

/// How a training picture and its labels are made.
struct PixelAugmentSettings {
  std::vector<double> scale_ratio{0.5, 2.0};
  double category_bound = 0.75;
  double flip = 0.5;
  bool photometric = true;
  void describe(Fields& f);
};

/// What stands on the encoder.
struct DecoderSettings {
  int64_t neck_width = 256;
  int64_t head_width = 128;
  double dropout = 0.1;
  void describe(Fields& f);
};

struct FinetuneSegmentOptions final : TrainingOptions {
  int64_t crop = 512;
  std::vector<int64_t> scale{2048, 512};
  bool reduce_zero = true;
  PixelAugmentSettings augment;
  DecoderSettings decoder;
  double power = 1;
  double warmup_ratio = 1e-6;
  bool decay_norms = true;
  bool valid_mean = false;
  EvaluationOptions evaluation;

  /// The original's defaults where they differ from pretraining's.
  FinetuneSegmentOptions();
  void describe(Fields& f) override;
  std::string default_recipe() const override { return "segment_tiny_cpu"; }
  /// Also: sizes of the encoder that --weights names, unless they were set.
  void settle(Fields& fields) override;
  void check() const override;
  std::unique_ptr<TrainingOptions> anew() const override { return std::make_unique<FinetuneSegmentOptions>(); }

  data::SegmentOptions pictures(int64_t classes) const;
  transfer::SegmentTaskOptions task(const train::RunPlan& plan, int64_t classes) const;
};

using FinetuneSegmentConfiguration = ConfigurationOf<FinetuneSegmentOptions>;

/// Of options that were checked and outlive it.
std::unique_ptr<Method> segmentation_method(const FinetuneSegmentOptions& options);

Ending finetune_segment(FinetuneSegmentConfiguration& configuration);

}  // namespace gtsa::app
