#pragma once
// A segmenter at work on photographs of any size (spec: segmentation, section 4): whole or in windows, mirrored and at
// several scales on request; memory follows the pixels, not the pixels times the classes.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/data/segment_recipe.h"
#include "core/image/image.h"
#include "core/image/label_map.h"
#include "learn/dist/communicator.h"
#include "learn/transfer/logit_field.h"
#include "learn/transfer/segmenter.h"

namespace gtsa::transfer {

/// How the network looks at a photograph. Defaults are the original's.
struct SegmentInferenceOptions {
  bool slide = false;     ///< in windows instead of as a whole
  Size scale{2048, 512};  ///< the photograph is resized, keeping its ratio, to fit in here
  int64_t crop = 512;     ///< side of the windows, pixels
  int64_t stride = 341;   ///< from one window to the next
  bool flip = false;      ///< also mirrored
  /// Scales relative to `scale`. With several, or mirrored, the probabilities of all ways of looking are averaged.
  std::vector<double> ratios{1.0};
  /// Throws UsageError naming all that cannot be.
  void check() const;
};

/// One way in which the network looks at a photograph.
struct SegmentView {
  Size size;             ///< of the resized photograph
  bool flipped = false;  ///< it is mirrored
};

/// Pixels of a view where a window lies: normalised [3, window.height, window.width]. They are made when the network is
/// about to see them: views at several scales, as float32, would take many times the photograph's memory.
using ViewPixels = std::function<void(const Rect& window, std::span<float> chw)>;

/// Each ratio, upright and then, if asked for, mirrored.
std::vector<SegmentView> segment_views(Size photo, const SegmentInferenceOptions& options);

/// Along one axis of a view: windows, or one that is all of it.
WindowAxis windows_along(int64_t side, const SegmentInferenceOptions& options);

/// The network's answer for one view of a photograph of size `photo`, looked at through these windows: mmsegmentation's
/// two resizings (to the view's size, then to the photograph's) as one. A mirrored view's answer is mirrored back.
LogitField logit_field(const Segmenter& segmenter, const SegmentView& view, const ViewPixels& pixels, Size photo,
                       const WindowAxis& rows, const WindowAxis& columns);

/// The answers for all views of a photograph.
std::vector<LogitField> logit_fields(const Segmenter& segmenter, const image::Image& photo,
                                     const SegmentInferenceOptions& options);

/// The class of each pixel, at the photograph's own size.
image::LabelMap segment(const Segmenter& segmenter, const image::Image& photo, const SegmentInferenceOptions& options);

/// A photograph that was segmented.
struct SegmentedPhoto {
  int64_t file = 0;          ///< its place in the list
  data::LabelledPhoto read;  ///< what `read` gave; without pixels if these were not kept
  Size size;                 ///< of the photograph
  image::LabelMap classes;   ///< of each pixel
};

struct SegmentStreamOptions {
  SegmentInferenceOptions inference;
  int workers = 1;              ///< threads that read, and as many that finish
  double max_bad_share = 0.01;  ///< of the files may be unreadable
  bool keep_pixels = false;     ///< finish() is given the photograph's pixels
  /// Asked before each photograph, if it is there: true ends the stream early.
  std::function<bool()> stop;
};

/// What is done with a segmented photograph on a thread of its own, several at once; what it returns is called after it
/// on the caller's thread, in the order of the list.
using FinishSegmented = std::function<std::function<void()>(SegmentedPhoto&& photo)>;

struct SegmentStreamResult {
  std::vector<std::string> skipped;  ///< why photographs were left out, each with its file
  double network_share = 0;          ///< of the time, spent in the network and not waiting for other threads
  bool stopped = false;              ///< by `stop`: not every photograph was segmented
};

/// Throws Error, listing some of `reasons`, if all of `files` files were left out, or more than `max_bad_share` of
/// them. `bad` counts those of all ranks, `reasons` are this one's.
void check_bad_files(int64_t bad, int64_t files, double max_bad_share, const std::vector<std::string>& reasons);

/// Every one of `files` photographs once: read(file), the network, finish(), each overlapping the others; a few are in
/// memory at a time. Of several ranks each takes its share. `read` throws Error for a photograph that cannot be used;
/// too many of them are an Error as soon as they are met. Of several ranks none knows how many the others left out:
/// the caller adds them up and calls check_bad_files() on all ranks alike.
SegmentStreamResult for_each_segmented(const Segmenter& segmenter, int64_t files,
                                       const std::function<data::LabelledPhoto(int64_t file)>& read,
                                       const SegmentStreamOptions& options, const dist::Communicator& ranks,
                                       const FinishSegmented& finish);

}  // namespace gtsa::transfer
