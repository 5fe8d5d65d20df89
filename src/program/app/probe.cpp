#include "program/app/probe.h"

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/data/image_folder.h"
#include "learn/probe/correspondence.h"
#include "learn/probe/segmentation.h"
#include "program/app/common_options.h"
#include "program/app/print_json.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

const std::string& only_folder(const ProbeOptions& options, const char* what) {
  if (options.data.size() != 1) throw UsageError("--data: one {} is wanted", what);
  return options.data.front();
}

}  // namespace

void ProbeOptions::describe(Fields& f) {
  f("data", &data, "photographs, or for segment a folder in ADE20K's layout").flagged("data");
  network.describe(f);
  describe_no_exif(f, no_exif);
  describe_max_pixels(f, max_pixels);
  f("json", &json, "one JSON object on standard output").flagged("json");
}

void probe_correspondence(const ProbeOptions& options) {
  if (options.data.empty()) throw UsageError("--data is missing: name a folder of photographs");
  const std::vector<fs::path> folders(options.data.begin(), options.data.end());
  const data::ImageFolder photographs(folders);
  const model::Encoder encoder = options.network.encoder();
  probe::CorrespondenceOptions probe_options;
  probe_options.seed = static_cast<uint64_t>(options.network.seed);
  probe_options.decode = {.max_pixels = options.max_pixels, .apply_exif = !options.no_exif};
  const auto network = probe::freeze(encoder.vit, encoder.projector ? &*encoder.projector : nullptr);
  const auto result = probe::probe_correspondence(network, photographs.files(), probe_options);
  if (options.json) {
    print_json(probe::to_json(result));
    return;
  }
  for (const auto& skipped : result.skipped) log::warning("{}", skipped);
  std::printf("%s\nmatches within one cell, of %lld patches in %lld photographs\n  encoder    %.4f\n",
              encoder.source.c_str(), static_cast<long long>(result.patches), static_cast<long long>(result.photos),
              result.encoder);
  if (result.projector) std::printf("  projector  %.4f\n", *result.projector);
  std::printf("  chance     %.4f\n", result.chance);
}

void probe_segment(const ProbeOptions& options) {
  const fs::path folder = only_folder(options, "folder in ADE20K's layout");
  const model::Encoder encoder = options.network.encoder();
  probe::SegmentationOptions probe_options;
  probe_options.max_pixels = options.max_pixels;
  probe_options.head.seed = static_cast<uint64_t>(options.network.seed);
  const auto result = probe::probe_segmentation(probe::freeze(encoder.vit, nullptr), folder, probe_options);
  if (options.json) {
    print_json(probe::to_json(result));
    return;
  }
  std::printf("%s\nlinear segmentation of frozen features, %lld training and %lld validation pictures\n",
              encoder.source.c_str(), static_cast<long long>(result.training_pictures),
              static_cast<long long>(result.validation_pictures));
  std::printf("  mIoU            %.4f (deviation %.4f over heads)\n  pixel accuracy  %.4f\n  mean accuracy   %.4f\n",
              result.miou, result.miou_deviation, result.pixel_accuracy, result.mean_accuracy);
  for (size_t i = 0; i < result.classes.size(); ++i)
    std::printf("  %-20s %.4f\n", result.classes[i].c_str(), result.per_class_iou[i]);
}

}  // namespace gtsa::app
