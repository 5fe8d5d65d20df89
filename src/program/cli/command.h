#pragma once
// A command of the program: its side of CLI11, and what to do when it was chosen.

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "program/app/configuration.h"
#include "program/cli/command_line.h"

namespace gtsa::cli {

enum Exit : int { kDone = 0, kFailed = 1, kWrongUsage = 2, kInterrupted = 130 };

struct Command {
  CLI::App* app = nullptr;
  std::unique_ptr<Flags> flags;
  std::function<Exit(const std::vector<app::FlagText>&)> run;
};

/// A command whose options are a plain struct with describe(Fields&).
template <class Options>
Command add_command(CLI::App& parent, const char* name, const char* what, const char* examples,
                    Exit (*run)(const Options&)) {
  struct Described {
    Options options;
    Fields fields;
    Described() { options.describe(fields); }
  };
  Command command;
  command.app = parent.add_subcommand(name, what);
  command.app->footer(examples);
  auto described = std::make_shared<Described>();  // the flags point into it
  command.flags = std::make_unique<Flags>(*command.app, described->fields);
  command.run = [described, run](const std::vector<app::FlagText>& said) {
    app::configure(described->fields, said);
    return run(described->options);
  };
  return command;
}

/// One a file commands_*.cpp: each adds its commands to the root.
void add_demo_commands(CLI::App& root, std::vector<Command>& commands);      ///< demo
void add_pretrain_commands(CLI::App& root, std::vector<Command>& commands);  ///< pretrain, replay, options
void add_finetune_commands(CLI::App& root, std::vector<Command>& commands);  ///< finetune classify
void add_eval_commands(CLI::App& root, std::vector<Command>& commands);      ///< eval classify
void add_predict_commands(CLI::App& root, std::vector<Command>& commands);   ///< predict classify
void add_probe_commands(CLI::App& root, std::vector<Command>& commands);  ///< probe correspondence|segment|knn|linear
void add_features_commands(CLI::App& root, std::vector<Command>& commands);   ///< features
void add_data_commands(CLI::App& root, std::vector<Command>& commands);       ///< data check|synth
void add_report_commands(CLI::App& root, std::vector<Command>& commands);     ///< report
void add_visualize_commands(CLI::App& root, std::vector<Command>& commands);  ///< visualize pca|attention|...
void add_bench_commands(CLI::App& root, std::vector<Command>& commands);      ///< bench data|step|features|knn

}  // namespace gtsa::cli
