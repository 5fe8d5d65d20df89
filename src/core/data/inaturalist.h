#pragma once
// iNaturalist-2019's layout: train2019.json and val2019.json of COCO's form (images, annotations, categories), file
// names relative to the folder. Each picture has one class.

#include <filesystem>
#include <string>

#include "core/data/class_folder.h"
#include "core/data/coco_json.h"

namespace gtsa::data {

/// True if `root` has train2019.json.
bool is_inaturalist_layout(const std::filesystem::path& root);

/// Reads a split ("train" or "val"), files in the JSON's order of images. Label = rank of the category's id.
/// Annotations are joined to images by image_id, of which each has exactly one. Throws Error (file, record, byte) for
/// JSON that is torn or not of COCO's form, ids that occur twice, unknown images or categories, file names that leave
/// the folder, and images without a class or with two.
ClassifiedSplit read_inaturalist(const std::filesystem::path& root, const std::string& split);
/// The same, but such records are told to `on_fault` and left out; only JSON that is torn or of another form throws.
ClassifiedSplit read_inaturalist(const std::filesystem::path& root, const std::string& split, const OnFault& on_fault);

}  // namespace gtsa::data
