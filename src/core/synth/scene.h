#pragma once
// Synthetic photographs of scenes with the labels of every pixel.

#include <cstdint>
#include <vector>

#include "core/geometry/types.h"
#include "core/image/image.h"
#include "core/image/label_map.h"
#include "core/synth/categories.h"

namespace gtsa::synth {

inline constexpr int64_t kLeastSide = 32;
inline constexpr int64_t kMostSide = 4096;

struct SceneOptions {
  int64_t width = 320;   ///< pixels, kLeastSide..kMostSide
  int64_t height = 240;  ///< pixels, kLeastSide..kMostSide
};

/// Throws Error for sizes out of bounds.
void check_size(const SceneOptions& options);

/// One thing or, if it is a crowd, one group.
struct SceneThing {
  Category category = Category::none;
  bool crowd = false;
  bool truncated = false;  ///< reaches out of the picture
  float occlusion = 0;     ///< share of its pixels that nearer things hide, 0..1
  int64_t area = 0;        ///< visible pixels
};

struct Scene {
  SceneType type = SceneType::street;
  image::Image image;
  /// Category of each pixel: that of the nearest outline that covers the pixel's centre; 0 = unlabelled.
  image::LabelMap labels;
  /// 0 = stuff or unlabelled; k = things[k - 1]. Row-major, as the labels.
  std::vector<uint16_t> instances;
  std::vector<SceneThing> things;
  int jpeg_quality = 85;  ///< drawn with the scene
};

/// Scenes with fewer visible pixels of a thing than this leave them unlabelled.
inline constexpr int64_t kLeastArea = 12;

/// A pure function of its arguments: the same picture and labels on any number of threads. Throws Error for sizes out
/// of bounds. In every scene pixels of a thing's category have an instance of that category, and all others have none.
Scene render_scene(uint64_t seed, uint64_t index, const SceneOptions& options = {});

}  // namespace gtsa::synth
