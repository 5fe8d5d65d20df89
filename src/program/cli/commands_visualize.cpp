// visualize: what features look like, on one's own photographs.

#include "program/app/visualize.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

using app::VisualizeOptions;

constexpr const char* kExamples =
    "Examples:\n"
    "  gtsa visualize pca --weights runs/first --images photos --out pictures\n"
    "  gtsa visualize correspondence --weights encoder.safetensors --images a.jpg b.jpg --out pictures\n"
    "  gtsa visualize crops --images photos --out crops --crop-sizes 64,32 --num-crops 2,6";

template <void (*visualize)(const VisualizeOptions&)>
Exit done(const VisualizeOptions& options) {
  visualize(options);
  return kDone;
}

}  // namespace

void add_visualize_commands(CLI::App& root, std::vector<Command>& commands) {
  CLI::App* kinds = root.add_subcommand("visualize", "pictures of what features know");
  kinds->require_subcommand(1);
  kinds->fallthrough();
  const auto add = [&](const char* name, const char* what, Exit (*run)(const VisualizeOptions&)) {
    commands.push_back(add_command(*kinds, name, what, kExamples, run));
  };
  add("pca", "principal components of patch features as colours", done<app::visualize_pca>);
  add("attention", "what the class token looks at, head by head", done<app::visualize_attention>);
  add("correspondence", "matched patches of two views, and a page to click on", done<app::visualize_correspondence>);
  add("crops", "the views that pretraining takes, with their overlaps", done<app::visualize_crops>);
}

}  // namespace gtsa::cli
