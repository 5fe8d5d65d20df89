#include "program/app/evaluators.h"

#include "core/base/error.h"
#include "core/data/ade20k.h"
#include "core/data/class_folder.h"
#include "core/data/image_folder.h"
#include "core/data/inaturalist.h"
#include "learn/probe/class_probes.h"
#include "learn/probe/correspondence.h"
#include "learn/probe/pictures.h"
#include "learn/probe/segmentation.h"
#include "learn/ssl/rotation_accuracy.h"

namespace gtsa::app {

std::vector<std::unique_ptr<train::Evaluator>> make_evaluators(const PretrainOptions& options,
                                                               const ProbedNetworks& networks) {
  std::vector<std::unique_ptr<train::Evaluator>> evaluators;
  if (options.probe_every == 0) return evaluators;
  if (options.probe_data.empty())
    throw UsageError(
        "--probe-every needs --probe-data: photographs, pictures in classes, or a folder in ADE20K's layout");
  const probe::FrozenProvider teacher = [networks] { return probe::freeze(*networks.encoder, networks.projector); };
  for (const std::string& folder : options.probe_data) {
    if (data::is_inaturalist_layout(folder) || data::is_class_folder_layout(folder)) {
      probe::KnnProbeOptions knn;
      knn.features.pool = networks.pool;
      knn.features.views.decode.max_pixels = options.data.max_pixels;
      evaluators.push_back(probe::knn_evaluator(teacher, folder, knn));
      continue;
    }
    if (data::is_ade20k_layout(folder)) {
      probe::SegmentationOptions segmentation;
      segmentation.max_pixels = options.data.max_pixels;
      evaluators.push_back(probe::segmentation_evaluator(teacher, folder, segmentation));
      // Its photographs serve for correspondence where no others are named.
      if (options.probe_data.size() > 1) continue;
    }
    const std::filesystem::path path(folder);
    const data::ImageFolder photographs(std::span(&path, 1));
    probe::CorrespondenceOptions correspondence;
    correspondence.decode = options.samples().decode;
    evaluators.push_back(probe::correspondence_evaluator(teacher, photographs.files(), correspondence));
    evaluators.push_back(probe::picture_evaluator(
        teacher, photographs.files(), {.views = options.samples().views, .decode = options.samples().decode}));
    if (networks.rotation != nullptr) {
      evaluators.push_back(ssl::rotation_evaluator(*networks.rotation, options.samples(), photographs.files(), {}));
    }
  }
  return evaluators;
}

}  // namespace gtsa::app
