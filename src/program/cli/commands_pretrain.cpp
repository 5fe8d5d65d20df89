// pretrain, and what belongs to its runs and options.

#include <cstdio>

#include "program/app/configuration.h"
#include "program/app/pretrain.h"
#include "program/app/reference.h"
#include "program/app/replay.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

constexpr const char* kPretrainExamples =
    "Examples:\n"
    "  gtsa pretrain --data photos --out runs/first\n"
    "  gtsa pretrain --data photos --out runs/first --resume\n"
    "  gtsa pretrain --config gtsa_coco_small --data coco --out runs/coco --batch 64 --dry-run\n"
    "  gtsa pretrain --data a --data b --out runs/ab --set model.depth=6 --epochs 50";
constexpr const char* kReplayExamples =
    "Examples:\n  gtsa replay runs/first\n  gtsa replay runs/first --step 1234 --json";

/// Its options have layers (recipe, file, --set, flags), so it is resolved by app::configure.
Command pretrain(CLI::App& root) {
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

Exit replay(const app::ReplayOptions& options) {
  app::replay(options);
  return kDone;
}

Command options_page(CLI::App& root) {
  Command command;
  command.app = root.add_subcommand("options", "every option of pretraining with its default, as a Markdown page");
  command.run = [](const std::vector<app::FlagText>&) {
    std::fputs(app::options_reference().c_str(), stdout);
    return kDone;
  };
  return command;
}

}  // namespace

void add_pretrain_commands(CLI::App& root, std::vector<Command>& commands) {
  commands.push_back(pretrain(root));
  commands.push_back(add_command(root, "replay", "run a skipped step again from its saved state and samples",
                                 kReplayExamples, replay));
  commands.push_back(options_page(root));
}

}  // namespace gtsa::cli
