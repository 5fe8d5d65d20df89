// probe: what frozen features know.

#include "program/app/probe.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

constexpr const char* kCorrespondenceExamples =
    "Examples:\n"
    "  gtsa probe correspondence --weights runs/first --data holdout\n"
    "  gtsa probe correspondence --random-init --model tiny --patch-size 8 --image-size 64 --data holdout --json";
constexpr const char* kSegmentExamples =
    "Examples:\n"
    "  gtsa probe segment --weights runs/first --data ade20k\n"
    "  gtsa probe segment --weights encoder.safetensors --data ade20k --json";

Exit correspondence(const app::ProbeOptions& options) {
  app::probe_correspondence(options);
  return kDone;
}

Exit segment(const app::ProbeOptions& options) {
  app::probe_segment(options);
  return kDone;
}

}  // namespace

void add_probe_commands(CLI::App& root, std::vector<Command>& commands) {
  CLI::App* probes = root.add_subcommand("probe", "what frozen features know");
  probes->require_subcommand(1);
  probes->fallthrough();
  commands.push_back(add_command(*probes, "correspondence", "are patches of two views matched where the geometry says?",
                                 kCorrespondenceExamples, correspondence));
  commands.push_back(
      add_command(*probes, "segment", "linear segmentation of frozen features", kSegmentExamples, segment));
}

}  // namespace gtsa::cli
