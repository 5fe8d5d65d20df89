#pragma once
// From recipe, --config, --set and flags to one resolved set of options. Precedence: recipe < --config < --set < flag.

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "program/app/pretrain_options.h"

namespace gtsa::app {

enum Layer : int { kDefault = 0, kRecipe = 1, kConfig = 2, kSet = 3, kFlag = 4 };

/// Flags as the command line gave them: what was said, in order, a flag without dashes and its text ("true" for a
/// switch).
struct FlagText {
  std::string flag;
  std::vector<std::string> texts;
};

/// The options of a pretraining run, with the fields that remember where each value came from.
struct PretrainConfiguration {
  PretrainOptions options;
  Fields fields;             ///< points into `options`
  std::string recipe;        ///< what the run is based on, for people
  int64_t recipe_batch = 0;  ///< the recipe's own batch

  PretrainConfiguration() { options.describe(fields); }
  PretrainConfiguration(const PretrainConfiguration&) = delete;
  PretrainConfiguration& operator=(const PretrainConfiguration&) = delete;
};

/// Sets the field of a flag from what was said, as of layer kFlag.
void set_flag(Fields& fields, const FlagText& said);

/// Resolves a new run's options, or with --resume those of the run's config.toml, where a flag may change only what
/// does not change the run (steps, workers, threads, save-every, device, micro-batch). Throws UsageError.
void configure(PretrainConfiguration& configuration, const std::vector<FlagText>& flags);

}  // namespace gtsa::app
