#pragma once
// What `--data` names for classification: iNaturalist's JSON or class folders.

#include <filesystem>
#include <string>
#include <vector>

#include "core/data/class_folder.h"
#include "core/data/photographs.h"

namespace gtsa::data {

/// Reads a split ("train" or "val") of either layout: train2019.json and val2019.json (inaturalist.h), or the folders
/// train/CLASS and val/CLASS (class_folder.h). Where both are there, the JSON is read. Classes and labels are those of
/// training for every split, so validation need not have all of them.
///
/// Throws Error in one line where `root` has neither layout, what is read contradicts itself (the readers' errors),
/// there are fewer than two classes or no pictures, validation has a class that training has not, or files that the
/// JSON names are missing: the first one and how many.
ClassifiedSplit read_classified(const std::filesystem::path& root, const std::string& split);

/// Training and validation; each file is read once.
struct ClassifiedSplits {
  ClassifiedSplit train, val;
};
/// Both splits, as read_classified(root, split) reads each.
ClassifiedSplits read_classified(const std::filesystem::path& root);

/// Photographs and, by their number, their labels.
struct LabelledPhotographs {
  Photographs photographs;
  std::vector<int64_t> labels;
};
LabelledPhotographs labelled(const ClassifiedSplit& split);

}  // namespace gtsa::data
