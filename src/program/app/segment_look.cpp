#include "program/app/segment_look.h"

#include <algorithm>

#include "core/base/error.h"

namespace gtsa::app {

void SegmentLookOptions::describe(Fields& f) {
  f("slide", &slide, "look through windows instead of at the whole photograph").flagged("slide");
  f("scale", &scale, "photographs are resized, keeping their ratio, to fit in LONGER,SHORTER pixels")
      .between(1, 65'536)
      .flagged("scale")
      .meaning("none = as in training");
  f("crop", &crop, "side of the windows")
      .in("pixels")
      .between(0, 65'536)
      .flagged("crop")
      .meaning("0 = the crop of training");
  f("stride", &stride, "from one window to the next")
      .in("pixels")
      .between(0, 65'536)
      .flagged("stride")
      .meaning("0 = two thirds of the crop");
  f("flip", &flip, "look at the mirrored photograph too, and average").flagged("flip");
  f("ratios", &ratios, "look at several scales, relative to the usual one, and average").flagged("ratios");
}

transfer::SegmentInferenceOptions SegmentLookOptions::inference(const transfer::LoadedSegmenter& loaded) const {
  transfer::SegmentInferenceOptions options{
      .slide = slide, .scale = loaded.classes.scale, .flip = flip, .ratios = ratios};
  if (!scale.empty()) {
    if (scale.size() != 2) throw UsageError("--scale wants two numbers, as 2048,512, not {}", scale.size());
    options.scale = {scale[0], scale[1]};
  }
  options.crop = crop > 0 ? crop : loaded.segmenter.options.vit.image_size;
  options.stride = stride > 0 ? stride : std::max<int64_t>(1, 2 * options.crop / 3);
  options.check();
  return options;
}

}  // namespace gtsa::app
