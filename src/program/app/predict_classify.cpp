#include "program/app/predict_classify.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <span>

#include "core/base/error.h"
#include "core/base/json_line.h"
#include "core/base/log.h"
#include "core/metrics/classification.h"
#include "learn/dist/communicator.h"
#include "learn/transfer/classifier_file.h"
#include "learn/transfer/inference.h"
#include "program/app/common_options.h"
#include "program/app/csv.h"
#include "program/app/machine.h"
#include "program/app/named_pictures.h"

namespace gtsa::app {
namespace {

struct Guess {
  int64_t index = 0;
  double probability = 0;
};

std::vector<Guess> best_guesses(std::span<const float> logits, int64_t top) {
  std::vector<Guess> guesses;
  for (const int64_t index : metrics::top_classes(logits, top)) {
    guesses.push_back({index, std::exp(-metrics::cross_entropy(logits, index))});
  }
  return guesses;
}

/// "photo.jpg   red 0.9312   blue 0.0511"
std::string table_line(const std::string& file, std::span<const Guess> guesses, const transfer::ClassNames& classes) {
  std::string line = file;
  for (const auto& [index, probability] : guesses) {
    line += fmt::format("   {} {:.4f}", classes.names[static_cast<size_t>(index)], probability);
  }
  return line + '\n';
}

std::string jsonl_line(const std::string& file, std::span<const Guess> guesses, const transfer::ClassNames& classes) {
  nlohmann::ordered_json json{{"file", file}, {"classes", nlohmann::ordered_json::array()}};
  for (const auto& [index, probability] : guesses) {
    json["classes"].push_back({{"class", classes.names[static_cast<size_t>(index)]},
                               {"category_id", classes.category_ids[static_cast<size_t>(index)]},
                               {"probability", probability}});
  }
  return json_line(json) + '\n';
}

std::string csv_lines(const std::string& file, std::span<const Guess> guesses, const transfer::ClassNames& classes) {
  std::string lines;
  for (size_t rank = 0; rank < guesses.size(); ++rank) {
    const auto index = static_cast<size_t>(guesses[rank].index);
    lines += fmt::format("{},{},{},{},{:.6f}\n", csv_field(file), rank + 1, csv_field(classes.names[index]),
                         classes.category_ids[index], guesses[rank].probability);
  }
  return lines;
}

}  // namespace

void PredictClassifyOptions::describe(Fields& f) {
  f("images", &images, "photographs: files, folders, or lists of paths").positional();
  f("weights", &weights, "a run of finetune classify (its best classifier) or .safetensors").flagged("weights");
  f("top", &top, "classes a picture").between(1).flagged("top");
  describe_line_format(f, format);
  f("micro_batch", &micro_batch, "images a forward pass").between(1).flagged("micro-batch");
  describe_workers(f, workers, "threads that decode");
  describe_threads(f, threads);
  describe_no_exif(f, no_exif);
  describe_max_pixels(f, max_pixels);
}

void predict_classify(const PredictClassifyOptions& options) {
  if (options.weights.empty()) throw UsageError("--weights is missing: name a run of gtsa finetune classify");
  prepare_arithmetic(options.threads);
  const transfer::LoadedClassifier loaded = transfer::load_classifier(options.weights);
  const data::Photographs photographs(named_pictures(options.images));
  const auto line_of = options.format == "jsonl" ? jsonl_line : options.format == "csv" ? csv_lines : table_line;
  if (options.format == "csv") std::fputs("file,rank,class,category_id,probability\n", stdout);
  const auto ranks = dist::one_rank();
  const auto shown = transfer::for_each_logits(
      loaded.classifier, photographs,
      {.batch = options.micro_batch,
       .workers = workers_of(options.workers),
       .max_bad_share = 1,
       .decode = {.max_pixels = options.max_pixels, .apply_exif = !options.no_exif}},
      *ranks, [&](int64_t file, std::span<const float> logits) {
        const auto guesses = best_guesses(logits, options.top);
        std::fputs(line_of(photographs.name(static_cast<uint64_t>(file)), guesses, loaded.classes).c_str(), stdout);
        std::fflush(stdout);
      });
  const std::vector<std::string>& left_out = shown.left_out;
  for (const std::string& reason : left_out) log::warning("left out {}", reason);
  if (!left_out.empty()) {
    throw Error("{} of {} pictures could not be read, the first: {}", left_out.size(), photographs.size(),
                left_out.front());
  }
}

}  // namespace gtsa::app
