// eval and predict: what a fine-tuned network is good for.

#include "program/app/eval_classify.h"
#include "program/app/eval_segment.h"
#include "program/app/predict_classify.h"
#include "program/app/predict_segment.h"
#include "program/cli/command.h"

namespace gtsa::cli {
namespace {

constexpr const char* kEvalExamples =
    "Examples:\n"
    "  gtsa eval classify --weights runs/classes --data fine-cls\n"
    "  gtsa eval classify --weights runs/classes --data fine-cls --json --predictions val.csv --confusion val.png";
constexpr const char* kPredictExamples =
    "Examples:\n"
    "  gtsa predict classify photo.jpg --weights runs/classes\n"
    "  gtsa predict classify photos more/*.jpg --weights runs/classes --top 3 --format jsonl";
constexpr const char* kEvalSegmentExamples =
    "Examples:\n"
    "  gtsa eval segment --weights runs/stuff --data ADEChallengeData2016\n"
    "  gtsa eval segment --weights runs/stuff --data ade --flip --ratios 0.75,1,1.25 --json --confusion val.png";
constexpr const char* kPredictSegmentExamples =
    "Examples:\n"
    "  gtsa predict segment photo.jpg --weights runs/stuff --out labels --overlay\n"
    "  gtsa predict segment photos --weights runs/stuff --out labels --slide --scale 4096,1024 --format jsonl";

template <class Options, void (*use)(const Options&)>
Exit run(const Options& options) {
  use(options);
  return kDone;
}

CLI::App* parent(CLI::App& root, const char* name, const char* what) {
  CLI::App* command = root.add_subcommand(name, what);
  command->require_subcommand(1);
  command->fallthrough();
  return command;
}

}  // namespace

void add_eval_commands(CLI::App& root, std::vector<Command>& commands) {
  CLI::App* eval = parent(root, "eval", "how good a fine-tuned network is");
  commands.push_back(add_command(*eval, "classify", "top-1, top-5 and loss of a classifier", kEvalExamples,
                                 run<app::EvalClassifyOptions, app::eval_classify>));
  commands.push_back(add_command(*eval, "segment", "mIoU of a segmenter, and its classes one by one",
                                 kEvalSegmentExamples, run<app::EvalSegmentOptions, app::eval_segment>));
}

void add_predict_commands(CLI::App& root, std::vector<Command>& commands) {
  CLI::App* predict = parent(root, "predict", "what a fine-tuned network sees in pictures");
  commands.push_back(add_command(*predict, "classify", "the likeliest classes of pictures", kPredictExamples,
                                 run<app::PredictClassifyOptions, app::predict_classify>));
  commands.push_back(add_command(*predict, "segment", "the class of every pixel of pictures", kPredictSegmentExamples,
                                 run<app::PredictSegmentOptions, app::predict_segment>));
}

}  // namespace gtsa::cli
