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

constexpr const char* kKnnExamples =
    "Examples:\n"
    "  gtsa probe knn --weights runs/first --data fine-cls\n"
    "  gtsa probe knn --weights encoder.safetensors --data inat19 --k 20 --pool mean --json";
constexpr const char* kLinearExamples =
    "Examples:\n"
    "  gtsa probe linear --weights runs/first --data fine-cls\n"
    "  gtsa probe linear --config linprobe_tiny_cpu --weights runs/first --data fine-cls\n"
    "  gtsa probe linear --weights runs/first --data fine-cls --augment none --epochs 30\n"
    "  gtsa probe linear --weights encoder.safetensors --data inat19 --protocol dino --augment 0 --out "
    "head.safetensors";

template <class Options, void (*probe)(const Options&)>
Exit done(const Options& options) {
  probe(options);
  return kDone;
}

}  // namespace

void add_probe_commands(CLI::App& root, std::vector<Command>& commands) {
  CLI::App* probes = root.add_subcommand("probe", "what frozen features know");
  probes->require_subcommand(1);
  probes->fallthrough();
  commands.push_back(add_command(*probes, "correspondence", "are patches of two views matched where the geometry says?",
                                 kCorrespondenceExamples, done<app::ProbeOptions, app::probe_correspondence>));
  commands.push_back(add_command(*probes, "segment", "linear segmentation of frozen features", kSegmentExamples,
                                 done<app::ProbeOptions, app::probe_segment>));
  commands.push_back(add_command(*probes, "knn", "classes by the nearest neighbours of frozen features", kKnnExamples,
                                 done<app::KnnProbeOptions, app::probe_knn>));
  commands.push_back(add_command(*probes, "linear", "classes by a linear layer on frozen features", kLinearExamples,
                                 done<app::LinearProbeOptions, app::probe_linear>));
}

}  // namespace gtsa::cli
