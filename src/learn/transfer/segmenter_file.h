#pragma once
// A segmenter as a file: mmsegmentation's names, and in the metadata all that a reader needs beside the tensors.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/geometry/types.h"
#include "core/image/label_colours.h"
#include "learn/model/weights.h"
#include "learn/nn/flat.h"
#include "learn/transfer/segmenter.h"

namespace gtsa::transfer {

/// Files of a run: the state that was saved last and the one that did best on the validation split.
inline constexpr const char* kSegmenterFile = "segmenter.safetensors";
inline constexpr const char* kBestSegmenterFile = "segmenter_best.safetensors";

using image::Colour;

/// What the classes are and how pictures were brought to the network.
struct SegmentClasses {
  std::vector<std::string> names;
  std::vector<Colour> palette;  ///< one a class, or empty: who draws chooses
  bool reduce_zero = true;      ///< label maps store class k as k + 1 (data::LabelRule)
  Size scale{2048, 512};        ///< pictures are resized, keeping their ratio, to fit in here
  int64_t size() const { return static_cast<int64_t>(names.size()); }
  bool operator==(const SegmentClasses&) const = default;
};

/// "classes", "palette", "scale", "taps" (JSON lists), "reduce_zero" (true or false) and the encoder's facts, of which
/// image_size is the crop.
std::map<std::string, std::string> metadata_of(const SegmenterOptions& options, const SegmentClasses& classes);

void write_segmenter(FileSystem& files, const std::filesystem::path& path, Segmenter& segmenter,
                     const SegmentClasses& classes);

/// Frozen: its tensors ask for no gradients. Moves, never copies.
struct LoadedSegmenter {
  Segmenter segmenter;
  nn::Flat flat;
  SegmentClasses classes;
  bool says_reduce_zero = false;  ///< else classes.reduce_zero is the default
  std::string source;             ///< where the values are from, for people
  model::LoadReport report;
};

/// From a .safetensors file (ours, or a state dict of mmsegmentation's Semantic FPN on a ViT), or from a run folder: its
/// segmenter_best.safetensors, else segmenter.safetensors. What the metadata does not say is read off the tensors or is
/// the default: num_heads embed_dim / 64, the blocks at the ends of the quarters, class names "0", "1", ... Throws Error
/// naming file and tensor for weights that are none of a segmenter (saying what they are), and for metadata that
/// contradicts them.
LoadedSegmenter load_segmenter(const std::filesystem::path& weights);

/// Throws Error naming both numbers, and the first name that differs, unless `classes` of the data are those that the
/// segmenter was trained for, in the same order and stored the same way.
void check_classes(const LoadedSegmenter& segmenter, const SegmentClasses& classes, const std::string& data);

}  // namespace gtsa::transfer
