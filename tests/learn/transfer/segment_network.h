#pragma once
// A segmenter of the three colours of small_segments.h, small enough for any test; random or trained for a moment.

#include "learn/nn/flat.h"
#include "learn/transfer/segmenter.h"

namespace gtsa::test {

struct SmallSegmenter {
  transfer::Segmenter network;
  nn::Flat flat;
  explicit SmallSegmenter(int64_t classes = 3, uint64_t seed = 3)
      : network(transfer::make_segmenter(
            {.vit = {.image_size = 32, .patch_size = 8, .embed_dim = 16, .depth = 4, .num_heads = 2, .drop_path = 0},
             .taps = transfer::default_taps(4),
             .neck_width = 8,
             .head_width = 8,
             .classes = classes})),
        flat(nn::bind(network, false)) {
    transfer::init(network, seed);
  }
};

}  // namespace gtsa::test
