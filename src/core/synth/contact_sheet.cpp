#include "core/synth/contact_sheet.h"

#include <cstring>

#include "core/synth/scene.h"

namespace gtsa::synth {

image::Image contact_sheet(uint64_t seed, int columns, int rows) {
  constexpr SceneOptions kCell{240, 180};
  constexpr int64_t kLine = 3;
  image::Image sheet(columns * (kCell.width + kLine) - kLine, rows * (kCell.height + kLine) - kLine);
  for (int64_t y = 0; y < sheet.height(); ++y) std::memset(sheet.row(y), 255, static_cast<size_t>(sheet.stride()));
  uint64_t index = 0;
  for (int cell = 0; cell < columns * rows; ++cell) {
    Scene scene = render_scene(seed, index++, kCell);
    while (scene.type != static_cast<SceneType>(cell % kSceneTypes)) scene = render_scene(seed, index++, kCell);
    const int64_t left = cell % columns * (kCell.width + kLine), top = cell / columns * (kCell.height + kLine);
    for (int64_t y = 0; y < kCell.height; ++y)
      std::memcpy(sheet.row(top + y) + 3 * left, scene.image.row(y), static_cast<size_t>(scene.image.stride()));
  }
  return sheet;
}

}  // namespace gtsa::synth
