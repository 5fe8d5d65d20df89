#include "program/app/synth.h"

#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/image/encode.h"
#include "core/synth/contact_sheet.h"
#include "core/synth/dataset.h"
#include "program/app/print_json.h"
#include "program/app/progress_line.h"

namespace gtsa::app {
namespace {

using Json = nlohmann::ordered_json;

/// "320x240"
synth::SceneOptions parse_size(const std::string& text) {
  synth::SceneOptions scene;
  const char* end = text.data() + text.size();
  const auto width = std::from_chars(text.data(), end, scene.width);
  const bool has_width = width.ec == std::errc() && width.ptr != end && *width.ptr == 'x';
  const auto height = has_width ? std::from_chars(width.ptr + 1, end, scene.height) : width;
  if (!has_width || height.ec != std::errc() || height.ptr != end)
    throw UsageError("--size {}: WIDTHxHEIGHT in pixels is wanted, as 320x240", text);
  for (const int64_t side : {scene.width, scene.height})
    if (side < synth::kLeastSide || side > synth::kMostSide)
      throw UsageError("--size {}: sides are {} to {} pixels", text, synth::kLeastSide, synth::kMostSide);
  return scene;
}

void write_sheet(const SynthOptions& options) {
  constexpr int kColumns = 6, kRows = 4, kQuality = 80;
  const image::Image sheet = synth::contact_sheet(static_cast<uint64_t>(options.seed), kColumns, kRows);
  image::write_jpeg(real_files(), options.contact_sheet, sheet, kQuality);
  if (options.json) {
    print_json(Json{{"contact_sheet", options.contact_sheet}, {"scenes", kColumns * kRows}});
  } else {
    std::printf("%d scenes in %s\n", kColumns * kRows, options.contact_sheet.c_str());
  }
}

Json to_json(const SynthOptions& options, const synth::DatasetSummary& summary, double seconds) {
  Json types, categories;
  for (int k = 0; k < synth::kSceneTypes; ++k)
    types[synth::name_of(static_cast<synth::SceneType>(k))] = summary.of_type[static_cast<size_t>(k)];
  for (int k = 1; k <= synth::kCategories; ++k)
    categories[synth::name_of(static_cast<synth::Category>(k))] = summary.of_category[static_cast<size_t>(k)];
  return {{"folder", options.out},
          {"training", summary.training},
          {"validation", summary.validation},
          {"things", summary.things},
          {"crowds", summary.crowds},
          {"bytes", summary.bytes},
          {"seconds", seconds},
          {"images_per_second", static_cast<double>(options.images) / seconds},
          {"scene_types", types},
          {"categories", categories}};
}

void print(const SynthOptions& options, const synth::DatasetSummary& summary, double seconds) {
  std::printf("%lld scenes of %s pixels in %s: %.1f MB, %.1f s, %.0f images/s\n",
              static_cast<long long>(options.images), options.size.c_str(), options.out.c_str(),
              1e-6 * static_cast<double>(summary.bytes), seconds, static_cast<double>(options.images) / seconds);
  std::printf("  %lld for training, %lld for validation; %lld things and %lld crowds annotated\n ",
              static_cast<long long>(summary.training), static_cast<long long>(summary.validation),
              static_cast<long long>(summary.things), static_cast<long long>(summary.crowds));
  for (int k = 0; k < synth::kSceneTypes; ++k)
    std::printf(" %s %lld%s", std::string(synth::name_of(static_cast<synth::SceneType>(k))).c_str(),
                static_cast<long long>(summary.of_type[static_cast<size_t>(k)]),
                k + 1 < synth::kSceneTypes ? "," : "\n");
}

}  // namespace

void SynthOptions::describe(Fields& f) {
  f("out", &out, "folder of the data set").flagged("out");
  f("images", &images, "scenes to render").between(1, synth::kMostImages).flagged("images");
  f("seed", &seed, "another seed gives other scenes").between(0).flagged("seed");
  f("size", &size, "WIDTHxHEIGHT of the pictures").in("pixels").flagged("size");
  f("val_share", &val_share, "share of the scenes that is for validation").between(0, 0.9).flagged("val-share");
  f("threads", &threads, "threads that render; the files are the same for any number")
      .between(0, 1024)
      .flagged("threads")
      .meaning("0 = usable CPUs");
  f("overwrite", &overwrite, "replace a synthetic set in --out; nothing else is ever replaced").flagged("overwrite");
  f("contact_sheet", &contact_sheet, "instead of a data set one JPEG with 24 scenes, all types in turn")
      .flagged("contact-sheet");
  f("json", &json, "one JSON object on standard output").flagged("json");
}

void data_synth(const SynthOptions& options) {
  const synth::SceneOptions scene = parse_size(options.size);
  if (options.out.empty() == options.contact_sheet.empty())
    throw UsageError("choose one: --out FOLDER for a data set, or --contact-sheet FILE.jpg");
  if (!options.contact_sheet.empty()) return write_sheet(options);
  const Clock clock = steady_clock();
  const double start = clock();
  synth::DatasetSummary summary;
  {
    ProgressLine progress("rendered", "scenes", clock);
    summary = synth::write_dataset(real_files(), options.out,
                                   {.images = options.images,
                                    .seed = static_cast<uint64_t>(options.seed),
                                    .scene = scene,
                                    .val_share = options.val_share,
                                    .threads = options.threads > 0 ? static_cast<int>(options.threads) : usable_cpus(),
                                    .overwrite = options.overwrite,
                                    .progress = [&](int64_t done) { progress(done, options.images); }});
  }
  const double seconds = clock() - start;
  if (options.json) {
    print_json(to_json(options, summary, seconds));
  } else {
    print(options, summary, seconds);
  }
}

}  // namespace gtsa::app
