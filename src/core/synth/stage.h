#pragma once
// Where a scene is played: camera, light and air, solids in perspective, and the book of instances.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "core/base/rng.h"
#include "core/synth/canvas.h"
#include "core/synth/categories.h"
#include "core/synth/vector.h"

namespace gtsa::synth {

/// At (0, height, 0), looking along z; a shifted horizon stands for its pitch.
struct Camera {
  float focal = 300;    ///< pixels
  float height = 1.6f;  ///< metres above the ground
  Vec2 vanishing;       ///< pixels: where z leads to
  float roll = 0;       ///< radians

  /// z > 0.
  Vec2 project(Vec3 p) const {
    const float scale = focal / p.z;
    return {vanishing.x + p.x * scale, vanishing.y + (height - p.y) * scale};
  }
};

/// One sun and the sky's light.
struct Light {
  Vec3 to_sun{0.5f, 0.7f, -0.5f};  ///< unit length
  Rgb sun{0.55f, 0.52f, 0.45f};
  Rgb sky{0.55f, 0.57f, 0.62f};
  Rgb haze{0.75f, 0.8f, 0.85f};
  float haze_distance = 400;  ///< metres after which 63% of a colour is air
  float shadow = 0.45f;       ///< opacity of shadows on the ground
};

/// What was drawn as one thing.
struct Instance {
  Category category = Category::none;
  bool crowd = false;      ///< a group that is not told apart
  bool truncated = false;  ///< reaches out of the picture
  int64_t drawn = 0;       ///< pixels it had in the picture when it was drawn
  int64_t visible = 0;     ///< pixels that nothing nearer hides
};

/// A coordinate frame on the ground that is turned about the upright axis.
struct Frame {
  Vec3 origin;
  Vec3 right{1, 0, 0};
  Vec3 away{0, 0, 1};
  /// `yaw` in radians; 0 looks as the camera does.
  static Frame standing(Vec3 foot, float yaw);
  Vec3 at(float x, float y, float z) const { return origin + right * x + Vec3{0, y, 0} + away * z; }
};

/// How a surface looks before light and air.
struct Surface {
  Rgb colour{0.5f, 0.5f, 0.5f};
  const Tile* tile = nullptr;
  float amount = 0;  ///< of the tile's tone
  float texels_per_metre = 64;
  float contrast = 1;  ///< of its shading; 0 = glows
};

class Stage {
 public:
  Stage(Size size, const Camera& camera, const Light& light);

  const Camera& camera() const { return camera_; }
  const Light& light() const { return light_; }
  Canvas& canvas() { return canvas_; }
  Size size() const { return canvas_.size(); }
  /// Length of a pixel of a picture 240 pixels high: details of flat drawings are measured in it.
  float unit() const { return unit_; }
  Vec2 project(Vec3 p) const { return camera_.project(p); }
  /// Pixels a metre at depth z.
  float scale(float z) const { return camera_.focal / z; }
  /// Half the width in metres that is seen at depth z, a little generous.
  float reach(float z) const { return 0.55f * static_cast<float>(size().width) / scale(z); }
  /// Depth at which the ground meets the lower border.
  float nearest_ground() const;

  /// Drawing from here on belongs to a region.
  void stuff(Category category, float z);
  /// Drawing until end() belongs to a new thing at depth z (for the air in between).
  void begin(Category category, float z, bool crowd = false);
  void end();
  /// Depth of what is drawn next.
  void depth(float z) { z_ = z; }

  /// Colour of a lit surface, before air.
  Rgb lit(Rgb colour, Vec3 normal, float contrast = 1) const;
  /// A colour seen through the air at the current depth.
  Rgb through_air(Rgb colour) const;

  /// Colours are taken as lit; air is added.
  void fill(const Path& path, Paint paint);
  void fill(const Path& path, Rgb colour) { fill(path, plain(colour)); }
  /// Colour only: neither label nor instance change.
  void glaze(const Path& path, Paint paint);
  /// A soft dark spot on the ground.
  void shadow(Vec3 centre, float width, float depth, float strength = 1);

  /// A flat polygon in space, lit by its normal; cut where it comes too near. Textured in its own plane: `u` and `v`
  /// are unit vectors in it.
  void face(std::span<const Vec3> corners, Vec3 u, Vec3 v, const Surface& surface);
  void face(std::initializer_list<Vec3> corners, Vec3 u, Vec3 v, const Surface& surface) {
    face(std::span(corners.begin(), corners.size()), u, v, surface);
  }
  /// A box that stands in `frame`: x in [-w/2, w/2], y in [y0, y1], z in [-d/2, d/2]; the faces that are seen.
  void box(const Frame& frame, Vec2 x, Vec2 y, Vec2 z, const Surface& surface);
  /// A profile in the frame's (z, y) plane, anticlockwise, pushed along x: sides that are seen, then the visible end.
  void prism(const Frame& frame, std::span<const Vec2> profile, Vec2 x, std::span<const Surface> sides,
             const Surface& ends);
  /// Texture coordinates of a plane through `origin`: texels along the unit vectors u and v.
  TextureMap plane(Vec3 origin, Vec3 u, Vec3 v, float texels_per_metre) const;

  std::vector<Instance>& instances() { return instances_; }

 private:
  float air() const;

  Camera camera_;
  Light light_;
  Canvas canvas_;
  float unit_;
  float z_ = 1;
  Tag tag_;
  std::vector<Instance> instances_;
};

}  // namespace gtsa::synth
