// bench: how fast this machine is at the two hot paths.

#include "program/app/bench.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

constexpr const char* kDataExamples =
    "Examples:\n"
    "  gtsa bench data --data photos\n"
    "  gtsa bench data --data photos --recipe classify\n"
    "  gtsa bench data --data photos --threads 1 --seconds 30 --json";
constexpr const char* kStepExamples =
    "Examples:\n"
    "  gtsa bench step\n"
    "  gtsa bench step --model tiny --patch-size 8 --crop-sizes 64,32 --num-crops 2,6 --batch 32\n"
    "  gtsa bench step --batch 16 --threads 4 --json";
constexpr const char* kFeaturesExamples =
    "Examples:\n"
    "  gtsa bench features\n"
    "  gtsa bench features --model base --batch 8 --json";

constexpr const char* kKnnExamples =
    "Examples:\n"
    "  gtsa bench knn\n"
    "  gtsa bench knn --train 100000 --test 100000 --dim 384 --k 200 --json";

template <class Options, void (*bench)(const Options&)>
Exit run(const Options& options) {
  bench(options);
  return kDone;
}

}  // namespace

void add_bench_commands(CLI::App& root, std::vector<Command>& commands) {
  CLI::App* bench = root.add_subcommand("bench", "how fast this machine is");
  bench->require_subcommand(1);
  bench->fallthrough();
  commands.push_back(add_command(*bench, "data", "photographs to batches, and decoding alone", kDataExamples,
                                 run<app::BenchDataOptions, app::bench_data>));
  commands.push_back(add_command(*bench, "step", "a training step, its parts, and the bare products of its layers",
                                 kStepExamples, run<app::BenchStepOptions, app::bench_step>));
  commands.push_back(add_command(*bench, "features", "the frozen encoder, and the bare products of its layers",
                                 kFeaturesExamples, run<app::BenchFeaturesOptions, app::bench_features>));
  commands.push_back(add_command(*bench, "knn", "nearest neighbours and votes, and the bare products", kKnnExamples,
                                 run<app::BenchKnnOptions, app::bench_knn>));
}

}  // namespace gtsa::cli
