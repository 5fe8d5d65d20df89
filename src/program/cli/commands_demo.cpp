// demo: everything once, end to end.

#include "program/app/demo.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  gtsa demo\n"
    "  gtsa demo --out try --minutes 15\n"
    "  gtsa demo --images photos --out mine";

Exit demo(const app::DemoOptions& options) { return app::demo(options) == app::Ending::done ? kDone : kInterrupted; }

}  // namespace

void add_demo_commands(CLI::App& root, std::vector<Command>& commands) {
  commands.push_back(add_command(
      root, "demo", "renders scenes, learns from them for a few minutes, shows what was learnt", kExamples, demo));
}

}  // namespace gtsa::cli
