#pragma once
// From recipe, --config, --set and flags to one resolved set of options. Precedence: recipe < --config < --set < flag.

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/options.h"
#include "program/app/training_options.h"

namespace gtsa::app {

enum Layer : int { kDefault = 0, kRecipe = 1, kConfig = 2, kSet = 3, kFlag = 4 };

/// Flags as the command line gave them: what was said, in order, a flag without dashes and its text ("true" for a
/// switch).
struct FlagText {
  std::string flag;
  std::vector<std::string> texts;
};

/// A training run's options, whatever the method, with the fields that remember where each value came from.
class Configuration {
 public:
  explicit Configuration(std::unique_ptr<TrainingOptions> options) : holder_(std::move(options)), training(*holder_) {
    training.describe(fields);
  }
  Configuration(const Configuration&) = delete;
  Configuration& operator=(const Configuration&) = delete;

 private:
  std::unique_ptr<TrainingOptions> holder_;

 public:
  TrainingOptions& training;
  Fields fields;             ///< points into `training`
  std::string recipe;        ///< what the run is based on, for people
  int64_t recipe_batch = 0;  ///< the recipe's own batch
};

/// The same, with the method's own options in sight.
template <class Options>
class ConfigurationOf : public Configuration {
 public:
  ConfigurationOf() : Configuration(std::make_unique<Options>()), options(static_cast<Options&>(training)) {}
  Options& options;
};

/// Sets the field of a flag from what was said, as of layer kFlag.
void set_flag(Fields& fields, const FlagText& said);

/// Resolves the options of a command that trains no run: those of its --config (a recipe's name or a TOML file), if it
/// has one, then its flags. Throws UsageError.
void configure(Fields& fields, const std::vector<FlagText>& flags);

/// Resolves a new run's options, or with --resume those of the run's config.toml, where a flag may change only what
/// does not change the run (steps, workers, threads, save-every, device, micro-batch). Throws UsageError.
void configure(Configuration& configuration, const std::vector<FlagText>& flags);

}  // namespace gtsa::app
