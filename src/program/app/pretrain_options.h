#pragma once
// Everything that `gtsa pretrain` can be told, described once, and its meaning in the rooms' own terms.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "core/data/dino_recipe.h"
#include "core/data/multicrop_recipe.h"
#include "learn/ssl/dino_task.h"
#include "learn/ssl/gtsa_task.h"
#include "program/app/configuration.h"
#include "program/app/training_options.h"

namespace gtsa::app {

/// Widths of GTSA's heads; model.name sets the first three.
struct HeadOptions {
  int64_t projector_dim = 384;
  int64_t predictor_dim = 768;
  int64_t out_dim = 768;
  int64_t rotation_hidden = 768;
  int64_t rotation_bottleneck = 128;
  void describe(Fields& f);
};

/// Views of a photograph.
struct ViewSettings {
  std::vector<int64_t> crop_sizes{224, 96};
  std::vector<int64_t> num_crops{2, 8};
  std::vector<double> global_area{0.3, 1.0};
  std::vector<double> local_area{0.1, 0.3};
  double min_overlap = 0.01;
  void describe(Fields& f);
};

/// Bins and matches of one kind of view; 0 = from its grid.
struct KindOptions {
  int64_t bins = 0;
  int64_t matches = 0;
  void describe(Fields& f);
};

/// DINO's head and its targets.
struct DinoSettings {
  int64_t prototypes = 65536;
  int64_t hidden_dim = 2048;
  int64_t bottleneck_dim = 256;
  bool norm_last_layer = true;
  int64_t freeze_last_layer = 1;
  double teacher_temperature = 0.04;
  double warmup_teacher_temperature = 0.04;
  int64_t warmup_teacher_temperature_epochs = 0;
  void describe(Fields& f);
};

/// `gtsa pretrain`.
struct PretrainOptions final : TrainingOptions {
  std::string method = "gtsa";
  HeadOptions heads;
  ViewSettings views;
  KindOptions global;
  KindOptions local;
  DinoSettings dino;
  double weight_decay_end = 0.4;
  double teacher_momentum = 0.996;
  double correspondence = 0.5;
  double rotation = 0.5;
  int64_t correspondence_from_step = -1;
  int64_t probe_every = 0;
  std::vector<std::string> probe_data;

  void describe(Fields& f) override;
  std::string default_recipe() const override;
  void settle(Fields& fields) override;
  void check() const override;
  std::vector<std::string*> paths() override;
  std::unique_ptr<TrainingOptions> anew() const override { return std::make_unique<PretrainOptions>(); }

  ssl::GtsaOptions networks() const;
  data::MultiCropOptions samples() const;
  ssl::GtsaSchedule schedule(const train::RunPlan& plan) const;

  ssl::DinoOptions dino_networks() const;
  data::DinoViewOptions dino_samples() const;
  ssl::DinoSchedule dino_schedule(const train::RunPlan& plan) const;

 private:
  ssl::Schedule common_schedule(const train::RunPlan& plan) const;
};

using PretrainConfiguration = ConfigurationOf<PretrainOptions>;

}  // namespace gtsa::app
