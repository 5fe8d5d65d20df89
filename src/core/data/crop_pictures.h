#pragma once
// Samples as pictures: the views of a photograph, their places on it and their overlaps.

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "core/base/files.h"
#include "core/data/photographs.h"
#include "core/data/view_plan.h"
#include "core/image/decode.h"

namespace gtsa::data {

/// One sample of a run: a photograph at its place in the epoch's permutation.
struct PlannedSample {
  PhotoRef photo;
  uint64_t epoch = 0;
  uint64_t place = 0;
};

/// The views of a photograph of this size at its place. Without boxes (MultiCropPlan) overlaps are not shown.
using PlanPhoto = std::function<MultiCropPlan(Size photo, uint64_t epoch, uint64_t place)>;

/// Writes photographs (their longer side at most 640 pixels) and views under `folder`/`prefix` and returns what is in
/// them, paths relative to `folder`: {"photos": [{"picture", "width", "height", "views": [{"kind": "global"|"local",
/// "picture", "size", "box_in_photo": [x0, y0, x1, y1], "turn", "flipped"}], "overlaps": [{"first", "second",
/// "box_in_photo", "box_in_first", "box_in_second"}]}]}. Boxes are in pixels of the picture or of the turned view; the
/// overlaps are those of each global view with the views after it. Photographs that cannot be read are left out.
nlohmann::ordered_json write_crop_pictures(FileSystem& files, const std::filesystem::path& folder,
                                           const std::string& prefix, std::span<const PlannedSample> samples,
                                           const PlanPhoto& plan, const image::DecodeOptions& decode);
/// The same of GTSA's views.
nlohmann::ordered_json write_crop_pictures(FileSystem& files, const std::filesystem::path& folder,
                                           const std::string& prefix, std::span<const PlannedSample> samples,
                                           const ViewOptions& views, uint64_t seed, const image::DecodeOptions& decode);

}  // namespace gtsa::data
