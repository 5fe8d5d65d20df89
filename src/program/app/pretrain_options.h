#pragma once
// Everything that `gtsa pretrain` can be told, described once, and its meaning in the rooms' own terms.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "core/data/multicrop_recipe.h"
#include "learn/ssl/gtsa_task.h"
#include "learn/train/options.h"

namespace gtsa::app {

/// Sizes of the networks. `name` sets the others; those set by the same or a later layer win.
struct ModelOptions {
  std::string name = "small";
  int64_t embed_dim = 384;
  int64_t depth = 12;
  int64_t num_heads = 6;
  int64_t patch_size = 16;
  double drop_path = 0.1;
  bool checkpointing = false;
  int64_t projector_dim = 384;
  int64_t predictor_dim = 768;
  int64_t out_dim = 768;
  int64_t rotation_hidden = 768;
  int64_t rotation_bottleneck = 128;
  void describe(Fields& f);
};

/// Gives the sizes that model.name stands for to the fields that no layer of the name's or later has set.
void settle_model(Fields& fields);

/// The encoder that model.name stands for.
nn::VitOptions network_named(const std::string& name, int64_t patch_size, int64_t image_size);

struct DataOptions {
  std::vector<std::string> folders;
  std::vector<int64_t> crop_sizes{224, 96};
  std::vector<int64_t> num_crops{2, 8};
  std::vector<double> global_area{0.3, 1.0};
  std::vector<double> local_area{0.1, 0.3};
  double min_overlap = 0.01;
  int64_t workers = 0;
  bool exif = true;
  int64_t max_pixels = 89'478'485;
  int64_t decode_side = 0;
  double max_bad_share = 0.01;
  int64_t shuffle_buffer = 4096;
  void describe(Fields& f);
};

/// Bins and matches of one kind of view; 0 = from its grid.
struct KindOptions {
  int64_t bins = 0;
  int64_t matches = 0;
  void describe(Fields& f);
};

struct PretrainOptions {
  train::TrainOptions train;
  ModelOptions model;
  DataOptions data;
  KindOptions global;
  KindOptions local;
  double teacher_momentum = 0.996;
  double correspondence = 0.5;
  double rotation = 0.5;

  // Flags of the command itself.
  std::string out;
  std::string config;
  std::vector<std::string> sets;
  std::string weights;
  bool resume = false;
  bool overwrite = false;
  bool dry_run = false;
  bool json = false;

  void describe(Fields& f);

  /// All faults that show without looking at the data. Throws UsageError.
  void check() const;
  ssl::GtsaOptions networks() const;
  data::MultiCropOptions samples() const;
  ssl::GtsaSchedule schedule(const train::RunPlan& plan) const;
};

}  // namespace gtsa::app
