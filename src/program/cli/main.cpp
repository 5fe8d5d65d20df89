// gtsa: parses, calls app, prints errors in one line, picks the exit code.

#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <new>

#include "core/base/error.h"
#include "program/app/machine.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

/// The command that was named last: `probe segment`'s, or the root.
const CLI::App& named_last(const CLI::App& app) {
  const auto named = app.get_subcommands();
  return named.empty() ? app : named_last(*named.front());
}

/// "gtsa probe segment"
std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : full_name(*app.get_parent()) + " " + app.get_name();
}

std::string hint(const std::string& word, const CLI::App& app, const std::vector<std::string>& known) {
  if (const auto near = nearest_word(word, known)) return fmt::format("; did you mean {}?", *near);
  return fmt::format("; {} --help shows what there is", full_name(app));
}

/// What is wrong with the command line, in one line: CLI11 lists everything that it does not know, last words first.
std::string explain(const CLI::App& root, const CLI::ParseError& error, const std::vector<Command>& commands) {
  const CLI::App& app = named_last(root);
  const std::string text = error.what();
  if (error.get_name() == "ArgumentMismatch" && text.starts_with("--")) {
    return fmt::format("{} wants a value{}", text.substr(0, text.find(':')), hint("", app, {}));
  }
  const auto unknown = root.remaining(true);
  std::vector<std::string> below, flags;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    below.push_back(command->get_name());
  }
  for (const Command& command : commands) {
    if (command.app == &app && command.flags != nullptr) flags = command.flags->names();
  }
  if (unknown.empty()) {
    return below.empty() ? text + hint("", app, {})
                         : fmt::format("{} wants a command: {}", full_name(app), fmt::join(below, ", "));
  }
  const std::string& word = unknown.front();
  if (word.starts_with('-')) return fmt::format("unknown flag {}{}", word, hint(word, app, flags));
  if (!below.empty()) return fmt::format("{} has no command {}{}", full_name(app), word, hint(word, app, below));
  return fmt::format("{} belongs to no flag{}", word, hint("", app, {}));
}

int run(int argc, char** argv) {
  CLI::App root("GTSA: self-supervised pretraining of Vision Transformers on photographs that are not about one object",
                "gtsa");
  root.require_subcommand(0, 1);
  bool verbose = false, version = false;
  root.add_flag("--version", version, "versions of the program, LibTorch and BLAS; SIMD level; devices");
  root.add_flag("--verbose", verbose, "with an error, also what led to it");
  root.fallthrough();
  std::vector<Command> commands;
  add_demo_commands(root, commands);
  add_pretrain_commands(root, commands);
  add_finetune_commands(root, commands);
  add_eval_commands(root, commands);
  add_predict_commands(root, commands);
  add_probe_commands(root, commands);
  add_features_commands(root, commands);
  add_data_commands(root, commands);
  add_report_commands(root, commands);
  add_visualize_commands(root, commands);
  add_bench_commands(root, commands);
  try {
    root.parse(argc, argv);
    if (version) {
      std::fputs(app::version_text().c_str(), stdout);
      return kDone;
    }
    for (Command& command : commands) {
      if (command.app->parsed())
        return command.run(command.flags ? command.flags->said() : std::vector<app::FlagText>{});
    }
    std::fputs(root.help().c_str(), stdout);
    return kDone;
  } catch (const CLI::Success& request) {
    return root.exit(request);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "gtsa: %s\n", explain(root, error, commands).c_str());
    return kWrongUsage;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "gtsa: %s\n", verbose ? chain(error).c_str() : error.what());
    return kWrongUsage;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "gtsa: out of memory; a smaller --micro-batch or --workers needs less\n");
    return kFailed;
  } catch (const std::exception& error) {
    // LibTorch's errors carry a backtrace below their first line.
    const std::string text = verbose ? chain(error) : std::string(error.what());
    std::fprintf(stderr, "gtsa: %s\n", (verbose ? text : text.substr(0, text.find('\n'))).c_str());
    return kFailed;
  }
}

}  // namespace
}  // namespace gtsa::cli

int main(int argc, char** argv) { return gtsa::cli::run(argc, argv); }
