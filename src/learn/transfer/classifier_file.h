#pragma once
// A classifier as a file: weights, and in the metadata all that a reader needs (classes, head, sizes).

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "learn/model/weights.h"
#include "learn/nn/flat.h"
#include "learn/transfer/classifier.h"

namespace gtsa::transfer {

/// Files of a run: the state that was saved last and the one that did best on the validation split.
inline constexpr const char* kClassifierFile = "classifier.safetensors";
inline constexpr const char* kBestClassifierFile = "classifier_best.safetensors";

/// What the outputs stand for, in their order.
struct ClassNames {
  std::vector<std::string> names;
  std::vector<int64_t> category_ids;  ///< of the data set's JSON; 0, 1, ... of class folders
  int64_t size() const { return static_cast<int64_t>(names.size()); }
  bool operator==(const ClassNames&) const = default;
};

/// "head", "classes" (JSON list), "category_ids" (JSON list) and the encoder's facts, of which image_size is the side
/// of the pictures that it was trained on.
std::map<std::string, std::string> metadata_of(const ClassifierOptions& options, const ClassNames& classes);

void write_classifier(FileSystem& files, const std::filesystem::path& path, Classifier& classifier,
                      const ClassNames& classes);

/// Frozen: its tensors ask for no gradients. Moves, never copies.
struct LoadedClassifier {
  Classifier classifier;
  nn::Flat flat;
  ClassNames classes;
  std::string source;  ///< where the values are from, for people
  model::LoadReport report;
};

/// From a .safetensors file, or from a run folder: its classifier_best.safetensors, else classifier.safetensors. What
/// the metadata does not say is read off the tensors: the head's kind and size, class names "0", "1", ... Throws Error
/// naming file and tensor for weights that are none of a classifier, and for metadata that contradicts them.
LoadedClassifier load_classifier(const std::filesystem::path& weights);

/// Throws Error naming both numbers, and the first name that differs, unless `classes` of the data are those that the
/// classifier was trained for, in the same order.
void check_classes(const LoadedClassifier& classifier, const ClassNames& classes, const std::string& data);

}  // namespace gtsa::transfer
