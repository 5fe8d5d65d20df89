// data: what is trained on.

#include "program/app/data_check.h"
#include "program/app/synth.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

constexpr const char* kCheckExamples =
    "Examples:\n"
    "  gtsa data check photos\n"
    "  gtsa data check coco --task detect\n"
    "  gtsa data check ade20k --json";

constexpr const char* kSynthExamples =
    "Examples:\n"
    "  gtsa data synth --out scenes --images 1000\n"
    "  gtsa data synth --out scenes --images 5000 --seed 7 --size 512x384 --val-share 0.1\n"
    "  gtsa data synth --contact-sheet scenes.jpg";

Exit check(const app::DataCheckOptions& options) { return app::data_check(options) ? kDone : kFailed; }

Exit synthesise(const app::SynthOptions& options) {
  app::data_synth(options);
  return kDone;
}

}  // namespace

void add_data_commands(CLI::App& root, std::vector<Command>& commands) {
  CLI::App* data = root.add_subcommand("data", "what is trained on");
  data->require_subcommand(1);
  data->fallthrough();
  commands.push_back(add_command(*data, "check", "look at every file and label of a data set before training on it",
                                 kCheckExamples, check));
  commands.push_back(add_command(*data, "synth", "render a data set of scenes with labels for every task",
                                 kSynthExamples, synthesise));
}

}  // namespace gtsa::cli
