#pragma once
// COCO's layout: annotations/instances_SPLIT.json or instances_SPLIT2017.json, pictures in SPLIT/ or SPLIT2017/. Boxes,
// masks and classes of objects, for detection and instance segmentation.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/data/coco_json.h"
#include "core/geometry/masks.h"
#include "core/geometry/polygon.h"

namespace gtsa::data {

/// The files of a split.
struct CocoFiles {
  std::filesystem::path annotations;
  std::filesystem::path pictures;
};

/// True if `root` has annotations/instances_{train,val}{,2017}.json.
bool is_coco_layout(const std::filesystem::path& root);
/// Where a split ("train" or "val") lies, the year's files before those without; none if there is no JSON for it.
/// Throws Error if there is one and the folder of its pictures is missing.
std::optional<CocoFiles> find_coco(const std::filesystem::path& root, const std::string& split);

struct CocoCategory {
  int64_t id = 0;  ///< as in the file, with gaps
  std::string name;
  bool operator==(const CocoCategory&) const = default;
};

struct CocoImage {
  int64_t id = 0;
  std::filesystem::path file;  ///< folder of the pictures / file_name
  Size size;                   ///< as the JSON says; 0 x 0 if it does not
};

/// One object (or a crowd of them).
struct CocoAnnotation {
  int64_t id = 0;
  int64_t image = 0;  ///< index into images
  int64_t label = 0;  ///< index into categories: the rank of the category's id
  geometry::BoxXywh box;
  double area = 0;                              ///< as in the file: what size classes go by
  bool crowd = false;                           ///< never trained on, and matched by a rule of its own
  bool ignored = false;                         ///< flag `ignore`: dropped in training
  std::vector<geometry::Polygon> polygons;      ///< the parts of the object
  std::optional<geometry::RunLengthMask> runs;  ///< of crowds as a rule; no polygons then

  bool has_mask() const { return runs || !polygons.empty(); }
  /// The pixels of the object in its picture of `size`; it has a mask.
  geometry::RunLengthMask mask(Size size) const;
};

struct CocoSplit {
  std::vector<CocoCategory> categories;     ///< sorted by id: label = index
  std::vector<CocoImage> images;            ///< in the file's order
  std::vector<CocoAnnotation> annotations;  ///< grouped by image, within a group in the file's order
  std::vector<int64_t> first_of_image;      ///< images.size() + 1 places: where each image's group begins

  std::span<const CocoAnnotation> of(size_t image) const {
    return std::span(annotations)
        .subspan(static_cast<size_t>(first_of_image[image]),
                 static_cast<size_t>(first_of_image[image + 1] - first_of_image[image]));
  }
};

/// Reads a split's JSON; pictures are not opened. Throws Error (file, record, byte) for JSON that is torn or not
/// COCO's, ids that occur twice, annotations of images or categories that there are not, masks that are none or not of
/// their picture's size, and file names that leave the folder. Boxes are taken as they are.
CocoSplit read_coco(const CocoFiles& files);
/// The same, but such records are told to `on_fault` and left out; only JSON that is torn or not COCO's throws.
CocoSplit read_coco(const CocoFiles& files, const OnFault& on_fault);

/// What the original's detection training drops (spec: detection, section 3): flagged `ignore`, no overlap with the
/// picture, area <= 0, width or height under 1. Crowds are not dropped by this rule: they are kept apart.
bool is_trainable(const CocoAnnotation& annotation, Size picture);

}  // namespace gtsa::data
