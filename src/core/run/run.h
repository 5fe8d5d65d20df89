#pragma once
// The run directory: where everything that a training run leaves behind lies, and how it is written so that a kill at
// any moment leaves it readable.
//
//   config.toml  metrics.jsonl  events.jsonl  log.txt  events.out.tfevents.0000000000.gtsa  encoder.safetensors
//   checkpoints/step-00000500.safetensors  artefacts/  bad_step/step-00000123.safetensors  .lock

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/files.h"
#include "core/run/append_file.h"
#include "core/run/folder_lock.h"

namespace gtsa::run {

/// The "step" of what is measured before the first step.
inline constexpr int64_t kBeforeTraining = -1;

/// A file in checkpoints/. `step` = optimiser steps done.
struct Checkpoint {
  int64_t step = 0;
  std::filesystem::path path;
};

/// One run's folder. Writing methods need Access::write and are for one thread at a time.
class Run {
 public:
  enum class Access { read, write };

  /// True if the folder holds a run: its config.toml.
  static bool exists(const std::filesystem::path& folder);
  /// A new run in `folder`, made if missing, locked for writing. Call write_config() first thing. A folder that holds a
  /// run, or leftovers of one, is refused unless `overwrite`, which removes the run's own files and nothing else.
  static Run create(FileSystem& files, const std::filesystem::path& folder, bool overwrite);
  /// An existing run. With Access::write it is locked, and what a killed writer left half-written is removed.
  static Run open(FileSystem& files, const std::filesystem::path& folder, Access access = Access::write);

  const std::filesystem::path& folder() const { return folder_; }
  /// False if the file system has no locks (or for Access::read): nothing then keeps a second writer away.
  bool locked() const { return lock_ && lock_->held(); }

  void write_config(std::string_view toml);
  std::string read_config() const;

  /// One line of metrics.jsonl, and a point on the curve of every finite number in it (TensorBoard, tag = key). `line`
  /// has an integer "step" above that of the line before. Numbers that are not finite become null.
  void append_metrics(const nlohmann::ordered_json& line);
  /// One line of events.jsonl. An event with a "step" is cut back with that step, one without with the event before it.
  void append_event(const nlohmann::ordered_json& event);
  /// Points on the TensorBoard curves alone: every finite number of `figures`, tag = key, at `step`. For figures that
  /// have their event.
  void append_points(const nlohmann::ordered_json& figures, int64_t step);
  /// Lines and points so far are durable when it returns: call it before saving the checkpoint that follows them.
  void sync();
  /// Every line as an object, in order. A torn last line is passed over, so a run may be read while it is written.
  std::vector<nlohmann::ordered_json> read_metrics() const;
  std::vector<nlohmann::ordered_json> read_events() const;
  /// Forgets metrics, events and TensorBoard points whose step is above `last_step` (the last step that a checkpoint
  /// contains; below kBeforeTraining: everything that has a step), and torn ends. Each file is cut whole or not at all;
  /// doing it again after a failure completes it.
  void cut_back_to(int64_t last_step);

  std::filesystem::path checkpoint_path(int64_t step) const;
  /// The state that an evaluation found best: beside the others, never pruned and none of list_checkpoints().
  std::filesystem::path best_checkpoint_path() const;
  /// Newest first. Half-written and foreign files are no checkpoints. Whether one can be loaded, its reader decides.
  std::vector<Checkpoint> list_checkpoints() const;
  /// Removes checkpoints, oldest first, but for the newest `keep_last` (>= 1) and those whose step is a multiple of
  /// `keep_every_steps` (0 = none). Call it after a save.
  void prune_checkpoints(int64_t keep_last, int64_t keep_every_steps);

  /// What a user takes away: encoder.safetensors, classifier_best.safetensors, ...
  std::filesystem::path product_path(std::string_view name) const;
  std::filesystem::path encoder_path() const { return product_path("encoder.safetensors"); }
  std::filesystem::path log_path() const;
  /// The page of a run in `folder`, unless another is asked for.
  static std::filesystem::path report_path(const std::filesystem::path& folder);
  std::filesystem::path tensorboard_path() const;
  /// Saves one JSON object as a line of text in artefacts/NAME, whole or not at all, in place of what was there.
  void write_artefact(const std::filesystem::path& name, const nlohmann::ordered_json& json);
  /// artefacts/NAME; NAME may have folders ("probe/step-100.json"), which are made.
  std::filesystem::path artefact_path(const std::filesystem::path& name);
  /// bad_step/step-00000123.safetensors; its folder is made.
  std::filesystem::path bad_step_path(int64_t step);
  /// Removes the oldest files of bad_step/ but for the newest `keep`.
  void prune_bad_steps(int64_t keep);
  /// Takes a file out of the checkpoints by giving it the ending .unusable, so that it neither counts nor is lost.
  void set_aside(const Checkpoint& checkpoint);

 private:
  Run(FileSystem& files, std::filesystem::path folder, std::optional<FolderLock> lock);
  void check_writable() const;
  void remove_partial_files();

  FileSystem* files_;
  std::filesystem::path folder_;
  std::optional<FolderLock> lock_;
  AppendFile metrics_;
  AppendFile events_;
  AppendFile tensorboard_;
  int64_t last_step_ = -1;
};

}  // namespace gtsa::run
