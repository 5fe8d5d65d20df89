#pragma once
// What tasks and probes left in a run's artefacts/, checked and ready for a page.

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/report/pictures.h"

namespace gtsa::report {

/// {"crops": .., "pictures": .., "rotation": .., "segmentation": .., "correspondence": .., "accuracy": ..,
/// "semantic": .., "notes": [..]}. What is absent is no key, and neither is what cannot be understood: `notes` then has
/// a line that names file and key. The forms (pictures are names of files in `folder`; boxes [x0, y0, x1, y1] and
/// points [x, y] in pixels):
///
///   crops.json            {"photos": [{"picture", "width", "height",
///                           "views": [{"kind": "global" or "local", "picture", "size", "box_in_photo", "turn": 0..3,
///                             "flipped"}],
///                           "overlaps": [{"first", "second", "box_in_photo", "box_in_first", "box_in_second"}]}]}
///   pictures.json         {"patch_size", "photos": [{"picture", "width", "height", "grid": [rows, columns]}],
///                          "snapshots": [{"step", "photos": [{"pca" (or null), "attention": [a picture a head]}],
///                           "correspondences": [{"first", "second", "size",
///                             "matches": [{"from", "to", "truth", "hit", "similarity"}]}]}]}; step -1 = before
///                             training
///   probe_rotation.json   {"accuracy", "views", "confusion": 4 rows (true turn) of 4 (predicted turn)}
///   probe_segment.json    {"miou", "per_class_iou", "classes", ..}
///   probe_correspondence.json  {"encoder": {"within_one_cell"}, "projector", "chance", "patches", "photos"}
///   accuracy.json, segmentation.json  of fine-tuned networks: core/report/scores.h
///
/// In the result a picture is its place in `pictures`.
nlohmann::ordered_json read_artefacts(const std::filesystem::path& folder, Pictures& pictures);

}  // namespace gtsa::report
