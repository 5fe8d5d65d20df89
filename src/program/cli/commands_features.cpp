// features: what a frozen encoder makes of pictures, as a file.

#include "program/app/features.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  gtsa features --weights runs/first --data photos --out features.safetensors\n"
    "  gtsa features --weights encoder.safetensors --data fine-cls --split val --pool mean --out val.npy";

Exit features(const app::FeaturesOptions& options) {
  app::export_features(options);
  return kDone;
}

}  // namespace

void add_features_commands(CLI::App& root, std::vector<Command>& commands) {
  commands.push_back(add_command(root, "features", "features of whole pictures, as a file", kExamples, features));
}

}  // namespace gtsa::cli
