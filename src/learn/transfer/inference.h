#pragma once
// A classifier at work: every picture of a list once, in order, a batch at a time.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/data/photographs.h"
#include "core/image/decode.h"
#include "learn/dist/communicator.h"
#include "learn/transfer/classifier.h"

namespace gtsa::transfer {

struct InferenceOptions {
  int64_t batch = 64;  ///< pictures a forward pass; changes no result beyond rounding
  int workers = 1;
  double max_bad_share = 0.01;
  image::DecodeOptions decode{.apply_exif = false};
  std::function<bool()> stop;  ///< asked before each batch, if it is there: true ends the pictures early
};

struct InferenceResult {
  std::vector<std::string> left_out;  ///< why pictures were left out, each with its file
  bool stopped = false;               ///< by `stop`: not every picture was shown
};

/// Told of a picture: its place in the list and its logits [classes].
using OnLogits = std::function<void(int64_t file, std::span<const float> logits)>;

/// The evaluation transform (data/classify_recipe.h) at the encoder's image_size, no drop path. Of several ranks each
/// takes its share of the pictures. A few batches are in memory at a time. Throws Error if too many cannot be read.
InferenceResult for_each_logits(const Classifier& classifier, const data::Photographs& photographs,
                                const InferenceOptions& options, const dist::Communicator& ranks,
                                const OnLogits& on_logits);

}  // namespace gtsa::transfer
