// gtsa: parses, calls app, prints errors in one line, picks the exit code.

#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <functional>
#include <memory>
#include <new>

#include "core/base/error.h"
#include "program/app/configuration.h"
#include "program/app/machine.h"
#include "program/app/pretrain.h"
#include "program/app/probe.h"
#include "program/app/reference.h"
#include "program/app/replay.h"
#include "program/cli/command_line.h"

namespace gtsa::cli {
namespace {

enum Exit : int { kDone = 0, kFailed = 1, kWrongUsage = 2, kInterrupted = 130 };

constexpr const char* kPretrainExamples =
    "Examples:\n"
    "  gtsa pretrain --data photos --out runs/first\n"
    "  gtsa pretrain --data photos --out runs/first --resume\n"
    "  gtsa pretrain --config gtsa_coco_small --data coco --out runs/coco --batch 64 --dry-run\n"
    "  gtsa pretrain --data a --data b --out runs/ab --set model.depth=6 --epochs 50";
constexpr const char* kCorrespondenceExamples =
    "Examples:\n"
    "  gtsa probe correspondence --weights runs/first --data holdout\n"
    "  gtsa probe correspondence --random-init --model tiny --patch-size 8 --image-size 64 --data holdout --json";
constexpr const char* kSegmentExamples =
    "Examples:\n"
    "  gtsa probe segment --weights runs/first --data ade20k\n"
    "  gtsa probe segment --weights encoder.safetensors --data ade20k --json";
constexpr const char* kReplayExamples =
    "Examples:\n  gtsa replay runs/first\n  gtsa replay runs/first --step 1234 --json";

/// One command: its CLI11 side and what to do when it was chosen.
struct Command {
  CLI::App* app = nullptr;
  std::unique_ptr<Flags> flags;
  std::function<Exit(const std::vector<app::FlagText>&)> run;
};

/// A probe's options and the fields that describe them live as long as the command.
struct Probe {
  app::ProbeOptions options;
  Fields fields;
  Probe() { options.describe(fields); }
};

Command add_probe(CLI::App& probes, const char* name, const char* what, const char* examples,
                  void (*run)(const app::ProbeOptions&)) {
  Command command;
  command.app = probes.add_subcommand(name, what);
  command.app->footer(examples);
  auto probe = std::make_shared<Probe>();
  command.flags = std::make_unique<Flags>(*command.app, probe->fields);
  command.run = [probe, run](const std::vector<app::FlagText>& said) {
    for (const app::FlagText& flag : said) app::set_flag(probe->fields, flag);
    run(probe->options);
    return kDone;
  };
  return command;
}

Command add_pretrain(CLI::App& root) {
  Command command;
  command.app = root.add_subcommand("pretrain", "train a Vision Transformer on photographs with GTSA");
  command.app->footer(kPretrainExamples);
  auto configuration = std::make_shared<app::PretrainConfiguration>();
  command.flags = std::make_unique<Flags>(*command.app, configuration->fields);
  command.run = [configuration](const std::vector<app::FlagText>& said) {
    app::configure(*configuration, said);
    return app::pretrain(*configuration) == app::Ending::done ? kDone : kInterrupted;
  };
  return command;
}

Command add_replay(CLI::App& root) {
  Command command;
  command.app = root.add_subcommand("replay", "run a skipped step again from its saved state and samples");
  command.app->footer(kReplayExamples);
  auto options = std::make_shared<app::ReplayOptions>();
  command.app->add_option("run", options->run, "folder of the run")->required();
  command.app->add_option("--step", options->step, "the bad step [the newest]");
  command.app->add_flag("--json", options->json, "one JSON object on standard output");
  command.run = [options](const std::vector<app::FlagText>&) {
    app::replay(*options);
    return kDone;
  };
  return command;
}

Command add_options(CLI::App& root) {
  Command command;
  command.app = root.add_subcommand("options", "every option of pretraining with its default, as a Markdown page");
  command.run = [](const std::vector<app::FlagText>&) {
    std::fputs(app::options_reference().c_str(), stdout);
    return kDone;
  };
  return command;
}

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
  commands.push_back(add_pretrain(root));
  CLI::App* probes = root.add_subcommand("probe", "what frozen features know");
  probes->require_subcommand(1);
  probes->fallthrough();
  commands.push_back(add_probe(*probes, "correspondence", "are patches of two views matched where the geometry says?",
                               kCorrespondenceExamples, app::probe_correspondence));
  commands.push_back(
      add_probe(*probes, "segment", "linear segmentation of frozen features", kSegmentExamples, app::probe_segment));
  commands.push_back(add_replay(root));
  commands.push_back(add_options(root));
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
