#pragma once
// The only thing a method implements. Resume, ranks, accumulation, progress, checkpoints, evaluators and signals are
// the trainer's.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/data/batch.h"
#include "core/data/loader.h"
#include "core/run/run.h"
#include "learn/dist/communicator.h"
#include "learn/nn/flat.h"
#include "learn/train/phases.h"

namespace gtsa::train {

/// Where a run stands. `step` counts optimiser steps from 0.
struct Position {
  int64_t step = 0;
  int64_t total_steps = 0;
  int64_t steps_per_epoch = 1;
  int64_t epoch() const { return step / steps_per_epoch; }
};

/// How the optimiser treats one tensor (one slot of `trained()`).
struct Row {
  double decay_scale = 1;  ///< 0: no weight decay
  double lr_scale = 1;
  bool averaged = false;  ///< has a twin in `averaged()` at the same offset
  bool trainable = true;
  int64_t first_step = 0;  ///< untouched before this step
};

/// What the schedules give at a position. `momentum` is the teacher's; `next_momentum` that of the step after (1 after
/// the last).
struct Values {
  double lr = 0;
  double weight_decay = 0;
  double momentum = 0;
  double next_momentum = 1;
  /// Further values worth logging, in order: ("coefficient_correspondence", 0.5).
  std::vector<std::pair<std::string, double>> others;
};

/// One named part of the loss: total = sum of weight * value. `value` is a float32 scalar, unweighted.
struct Term {
  std::string name;
  at::Tensor value;
  double weight = 1;
};

/// Takes the terms of one part of a forward pass.
using Contribute = std::function<void(std::span<const Term> terms)>;

/// One number that a check or a probe found. Name as in metrics: "probe_correspondence_projector".
struct Figure {
  std::string name;
  double value = 0;
};

/// A warning about the state of learning, by name ("collapse").
struct Finding {
  std::string name;
  std::string text;
};

/// What a health check found: figures for the curves, warnings for the user.
struct Health {
  std::vector<Figure> figures;
  std::vector<Finding> warnings;
};

/// A micro-batch on the device: the batch's buffers as tensors of the same names and shapes.
class DeviceBatch {
 public:
  explicit DeviceBatch(std::shared_ptr<const data::Batch> host);
  /// Shares the host's memory on CPU; lives as long as the batch.
  const at::Tensor& operator[](std::string_view name) const;
  const std::vector<data::SampleKey>& keys() const { return host_->keys; }
  int64_t size() const { return static_cast<int64_t>(host_->keys.size()); }

 private:
  std::shared_ptr<const data::Batch> host_;
  std::map<std::string, at::Tensor, std::less<>> tensors_;
};

/// What a loss needs to know besides the batch.
struct Context {
  uint64_t seed = 0;
  Position position;
  /// Place of the micro-batch's first sample in the step's whole batch over all ranks: draws are keyed by it.
  int64_t first_sample = 0;
  Phases* phases = nullptr;  ///< told which part of the step begins, if there is one
  void enter(std::string_view part) const {
    if (phases != nullptr) phases->enter(part);
  }
};

class Task {
 public:
  virtual ~Task() = default;
  /// Every tensor of a checkpoint, in the file's order, under the original's names.
  virtual void walk(const nn::Walk& visit) = 0;
  virtual nn::Flat& trained() = 0;
  /// The teacher; its layout is a prefix of trained()'s. Null if the method has none.
  virtual nn::Flat* averaged() { return nullptr; }
  /// True: the teacher follows inside the forward pass (GTSA), so it is updated once with m(0) before step 0 and with
  /// m(k+1) after step k. False: with m(k) after step k.
  virtual bool averages_before_step() const { return false; }
  /// One a slot of trained(), in its order.
  virtual std::vector<Row> rows() const = 0;
  /// Makes the samples; used by the loader's workers.
  virtual const data::Recipe& recipe() const = 0;
  /// A pure function of the position.
  virtual Values values(const Position& position) const = 0;
  /// Forward pass, in one part or several: `contribute` is called with each part's terms (all of them each time; values
  /// of one name add up) and may run backward at once, so that one part's memory is free before the next is made.
  /// Changes no state but pending values, which commit() folds in and discard() drops.
  virtual void losses(const DeviceBatch& batch, const Context& context, const Contribute& contribute) = 0;
  virtual void commit() {}
  virtual void discard() {}
  /// Signs of collapse in the last forward pass. Called every few steps; changes nothing.
  virtual Health health(const Position& position) = 0;
  /// Writes what users take away (encoder.safetensors) into the run.
  virtual void export_weights(FileSystem& files, const run::Run& run) = 0;
  /// The same, when an evaluation has just become the best so far (TrainerOptions::best_figure): beside the last one.
  virtual void export_best(FileSystem&, const run::Run&) {}
  /// Facts about the networks that a reader of the checkpoint needs and cannot read off the shapes (num_heads).
  virtual std::map<std::string, std::string> metadata() const = 0;
};

/// When an evaluator is asked, and by whom.
struct Occasion {
  dist::Communicator& ranks;
  run::Run* run = nullptr;              ///< receives artefacts; null for a probe alone
  int64_t step = run::kBeforeTraining;  ///< the last one done
};

/// Measures something of the networks that training does not: a probe. Changes no state.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  virtual std::string name() const = 0;
  /// Figures go to the events and the curves; there may be none.
  virtual std::vector<Figure> evaluate(const Occasion& occasion) = 0;
};

}  // namespace gtsa::train
