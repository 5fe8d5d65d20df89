// finetune: a pretrained encoder learns another task.

#include "program/app/finetune_classify.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

constexpr const char* kClassifyExamples =
    "Examples:\n"
    "  gtsa finetune classify --data fine-cls --weights runs/first --out runs/classes\n"
    "  gtsa finetune classify --data fine-cls --weights encoder.safetensors --head global_pool --mixup 0.8 --cutmix 1 "
    "--out runs/mean\n"
    "  gtsa finetune classify --config inat19_small --data inat19 --weights runs/coco --out runs/inat --dry-run\n"
    "  gtsa finetune classify --out runs/classes --resume";

/// Its options have layers (recipe, file, --set, flags), so it is resolved by app::configure.
Command classify(CLI::App& parent) {
  Command command;
  command.app = parent.add_subcommand("classify", "tell the classes of pictures apart");
  command.app->footer(kClassifyExamples);
  auto configuration = std::make_shared<app::FinetuneClassifyConfiguration>();
  command.flags = std::make_unique<Flags>(*command.app, configuration->fields);
  command.run = [configuration](const std::vector<app::FlagText>& said) {
    app::configure(*configuration, said);
    return app::finetune_classify(*configuration) == app::Ending::done ? kDone : kInterrupted;
  };
  return command;
}

}  // namespace

void add_finetune_commands(CLI::App& root, std::vector<Command>& commands) {
  CLI::App* finetune = root.add_subcommand("finetune", "train a pretrained encoder for another task");
  finetune->require_subcommand(1);
  finetune->fallthrough();
  commands.push_back(classify(*finetune));
}

}  // namespace gtsa::cli
