// finetune: a pretrained encoder learns another task.

#include "program/app/finetune_classify.h"
#include "program/app/finetune_segment.h"
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

constexpr const char* kSegmentExamples =
    "Examples:\n"
    "  gtsa finetune segment --data scenes-seg --weights runs/first --out runs/labels\n"
    "  gtsa finetune segment --data scenes-seg --weights encoder.safetensors --crop 256 --lr 1e-4 --out runs/labels\n"
    "  gtsa finetune segment --config ade20k_semfpn_small --data ADEChallengeData2016 --weights runs/coco --out "
    "runs/ade --dry-run\n"
    "  gtsa finetune segment --out runs/labels --resume";

struct Texts {
  const char* name;
  const char* description;
  const char* examples;
};

/// Options that have layers (recipe, file, --set, flags) are resolved by app::configure.
template <class Configuration>
Command finetuning(CLI::App& parent, const Texts& texts, app::Ending (*finetune)(Configuration&)) {
  Command command;
  command.app = parent.add_subcommand(texts.name, texts.description);
  command.app->footer(texts.examples);
  auto configuration = std::make_shared<Configuration>();
  command.flags = std::make_unique<Flags>(*command.app, configuration->fields);
  command.run = [configuration, finetune](const std::vector<app::FlagText>& said) {
    app::configure(*configuration, said);
    return finetune(*configuration) == app::Ending::done ? kDone : kInterrupted;
  };
  return command;
}

}  // namespace

void add_finetune_commands(CLI::App& root, std::vector<Command>& commands) {
  CLI::App* finetune = root.add_subcommand("finetune", "train a pretrained encoder for another task");
  finetune->require_subcommand(1);
  finetune->fallthrough();
  commands.push_back(finetuning(*finetune, {"classify", "tell the classes of pictures apart", kClassifyExamples},
                                app::finetune_classify));
  commands.push_back(
      finetuning(*finetune, {"segment", "label the pixels of pictures", kSegmentExamples}, app::finetune_segment));
}

}  // namespace gtsa::cli
