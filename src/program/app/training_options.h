#pragma once
// What every command that trains can be told: flags of the command, lengths and optimiser, encoder, photographs. A
// method derives from TrainingOptions and adds its own.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "core/data/view_plan.h"
#include "core/image/decode.h"
#include "learn/nn/vit.h"
#include "learn/train/options.h"

namespace gtsa::app {

/// Flags of the command itself: no properties of the run.
struct CommandOptions {
  std::string out;
  std::string config;
  std::vector<std::string> sets;
  bool resume = false;
  bool overwrite = false;
  bool dry_run = false;
  bool json = false;
  void describe(Fields& f);
};

/// Size of the encoder. `name` sets the others; those set by the same or a later layer win.
struct EncoderOptions {
  std::string name = "small";
  int64_t embed_dim = 384;
  int64_t depth = 12;
  int64_t num_heads = 6;
  int64_t patch_size = 16;
  double drop_path = 0.1;
  bool checkpointing = false;
  void describe(Fields& f);
  nn::VitOptions vit(int64_t image_size) const;
};

/// Two values as a range of draws.
data::Range range_of(const std::vector<double>& values);

/// Gives the sizes that model.name stands for to the fields that no layer of the name's or later has set, as far as
/// they are described: encoder and GTSA's heads.
void settle_model(Fields& fields);

/// The sizes of the encoder that is given become the network's, where no flag or file of the user said otherwise.
void settle_model_as_in(const std::string& weights, Fields& fields);

/// The encoder that model.name stands for.
nn::VitOptions network_named(const std::string& name, int64_t patch_size, int64_t image_size);

/// Where photographs are and how they are read.
struct PhotoOptions {
  std::vector<std::string> folders;
  int64_t workers = 0;
  bool exif = true;
  int64_t max_pixels = image::kMaxPixels;
  int64_t decode_side = 0;
  double max_bad_share = 0.01;
  int64_t shuffle_buffer = 4096;
  void describe(Fields& f);
  image::DecodeOptions decode() const {
    return {.max_pixels = max_pixels, .apply_exif = exif, .least_side = decode_side};
  }
};

/// When fine-tuning measures itself on the validation split.
struct EvaluationOptions {
  std::string every = "1e";
  void describe(Fields& f);
  /// Throws UsageError.
  void check() const;
  bool on() const { return every != "0"; }
  /// Steps between evaluations; 0: none.
  int64_t steps(const train::RunPlan& plan) const;
};

struct TrainingOptions {
  CommandOptions command;
  train::TrainOptions train;
  std::string weights;
  EncoderOptions model;
  PhotoOptions data;

  virtual ~TrainingOptions() = default;
  /// All fields, in the order of --help.
  virtual void describe(Fields& f);
  /// The recipe of a run that names none.
  virtual std::string default_recipe() const = 0;
  /// Gives values to fields that follow from others and were not set themselves.
  virtual void settle(Fields& fields);
  /// All faults that show without looking at the data. Throws UsageError.
  virtual void check() const;
  /// Files and folders among the options, which a run keeps absolute so that it can be resumed from anywhere.
  virtual std::vector<std::string*> paths();
  /// Options of the same kind, as they are before anything is set.
  virtual std::unique_ptr<TrainingOptions> anew() const = 0;
};

}  // namespace gtsa::app
