// data: what is trained on.

#include "program/app/data_check.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

constexpr const char* kCheckExamples =
    "Examples:\n"
    "  gtsa data check photos\n"
    "  gtsa data check coco --task detect\n"
    "  gtsa data check ade20k --json";

Exit check(const app::DataCheckOptions& options) { return app::data_check(options) ? kDone : kFailed; }

}  // namespace

void add_data_commands(CLI::App& root, std::vector<Command>& commands) {
  CLI::App* data = root.add_subcommand("data", "what is trained on");
  data->require_subcommand(1);
  data->fallthrough();
  commands.push_back(add_command(*data, "check", "look at every file and label of a data set before training on it",
                                 kCheckExamples, check));
}

}  // namespace gtsa::cli
