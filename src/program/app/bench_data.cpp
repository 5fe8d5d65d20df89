#include "program/app/bench.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/data/ade20k.h"
#include "core/data/classify_recipe.h"
#include "core/data/loader.h"
#include "core/data/multicrop_recipe.h"
#include "core/data/segment_recipe.h"
#include "core/data/shards.h"
#include "program/app/machine.h"
#include "program/app/pretrain_options.h"
#include "program/app/print_json.h"
#include "program/app/training.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kBatch = 8, kPrefetch = 2;
/// Turns of whole input and bare decoding: what slows the machine for a while slows both.
constexpr int kTurns = 5;

/// Counts of one kind of work.
struct Tally {
  double images = 0;
  double pixels = 0;
  double seconds = 0;
  double rate() const { return images / seconds; }
};

/// Decodes photographs one after the other on `threads` threads until `seconds` are over.
void decode(const data::Photographs& photographs, int threads, double seconds, const image::DecodeOptions& how,
            std::atomic<uint64_t>& next, Tally& tally) {
  const Clock clock = steady_clock();
  const double begin = clock();
  std::atomic<int64_t> images = 0, pixels = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      while (clock() - begin < seconds) {
        const image::Image photo = photographs[next++ % static_cast<uint64_t>(photographs.size())].read(how);
        ++images;
        pixels += photo.width() * photo.height();
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) workers.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  tally.seconds += clock() - begin;
  tally.images += static_cast<double>(images);
  tally.pixels += static_cast<double>(pixels);
}

/// Photographs and what is made of them.
struct Input {
  data::Photographs photographs;
  std::unique_ptr<data::Recipe> recipe;
};

Input segmentation_input(const BenchDataOptions& options) {
  if (options.decode_side != 0) throw UsageError("--decode-side: labels belong to the pixels as they are stored");
  if (options.data.size() > 1) throw UsageError("--data: one folder in ADE20K's layout is wanted");
  const data::Ade20kSplit split = data::read_ade20k(options.data[0], "training");
  const data::SegmentOptions segment{.crop = options.crop,
                                     .scale = {4 * options.crop, options.crop},
                                     .labels = {.classes = std::ssize(split.classes)}};
  return {split.images(), std::make_unique<data::SegmentRecipe>(split.annotations(), segment)};
}

Input make_input(const BenchDataOptions& options, const image::DecodeOptions& how) {
  if (options.recipe == "segment") return segmentation_input(options);
  const std::vector<fs::path> folders(options.data.begin(), options.data.end());
  data::Photographs photographs = data::find_photographs(folders).photographs;
  if (options.recipe == "pretrain") {
    return {std::move(photographs), std::make_unique<data::MultiCropRecipe>(data::MultiCropOptions{.decode = how})};
  }
  data::ClassifyOptions classify{
      .augment = options.recipe == "classify", .randaugment = "rand-m9-mstd0.5-inc1", .decode = how};
  classify.erasing.probability = 0.25F;
  const std::vector<int64_t> labels(static_cast<size_t>(photographs.size()));
  return {std::move(photographs), std::make_unique<data::ClassifyRecipe>(labels, std::move(classify))};
}

}  // namespace

void BenchDataOptions::describe(Fields& f) {
  f("data", &data, "folder of photographs; several are taken together").flagged("data");
  f("recipe", &recipe,
    "what is made of them: ten views, a classifier's view for training or evaluation, a labelled crop")
      .one_of({"pretrain", "classify", "evaluate", "segment"})
      .flagged("recipe");
  f("crop", &crop, "side of the labelled crop").in("pixels").between(1, 4096).flagged("crop");
  f("threads", &threads, "threads that make samples").between(0).flagged("threads").meaning("0 = usable CPUs");
  f("seconds", &seconds, "how long to measure").in("seconds").between(0.1, 3600).flagged("seconds");
  f("decode_side", &decode_side, "decode JPEGs smaller while their shorter side keeps this")
      .in("pixels")
      .between(0)
      .flagged("decode-side")
      .meaning("0 = whole");
  f("json", &json, "one JSON object on standard output").flagged("json");
}

void bench_data(const BenchDataOptions& options) {
  if (options.data.empty()) throw UsageError("--data is missing: name a folder of photographs");
  const int threads = options.threads > 0 ? static_cast<int>(options.threads) : usable_cpus();
  const image::DecodeOptions how{.least_side = options.decode_side};
  const auto [photographs, recipe] = make_input(options, how);
  data::Loader loader(photographs, make_sampler(photographs, kBatch, 0, PhotoOptions{}.shuffle_buffer), *recipe,
                      {.workers = threads, .prefetch = kPrefetch});
  const Clock clock = steady_clock();
  Tally input, decoding;
  std::atomic<uint64_t> next = 0;
  const double share = options.seconds / (2 * kTurns);
  for (int turn = 0; turn < kTurns; ++turn) {
    for (int64_t i = 0; i < kPrefetch; ++i) loader.next();  // made while nobody looked
    const double begin = clock();
    while (clock() - begin < share) {
      loader.next();
      input.images += kBatch;
    }
    input.seconds += clock() - begin;
    // The workers fill the queue and rest, so that decoding has the cores for itself.
    constexpr double kSurely = 1.5;
    std::this_thread::sleep_for(std::chrono::duration<double>(kSurely * kPrefetch * kBatch / input.rate()));
    decode(photographs, threads, share, how, next, decoding);
  }
  const nlohmann::ordered_json result{{"threads", threads},
                                      {"images_per_second", input.rate()},
                                      {"decode_images_per_second", decoding.rate()},
                                      {"mean_megapixels", 1e-6 * decoding.pixels / decoding.images},
                                      {"images", input.images},
                                      {"peak_rss_mb", peak_memory_mb()}};
  if (options.json) {
    print_json(result);
    return;
  }
  std::printf("%-28s %10.1f images/s\n", ("input, " + options.recipe).c_str(), input.rate());
  std::printf("%-28s %10.1f images/s\n", "decoding alone", decoding.rate());
  std::printf("%-28s %10.2f\n", "input over decoding, time", decoding.rate() / input.rate());
  std::printf("%-28s %10.3f megapixels\n", "mean photograph", 1e-6 * decoding.pixels / decoding.images);
}

}  // namespace gtsa::app
