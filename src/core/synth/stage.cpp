#include "core/synth/stage.h"

#include <array>
#include <limits>

#include "core/base/error.h"

namespace gtsa::synth {
namespace {

/// Nearer than this nothing is drawn, in metres.
constexpr float kNear = 0.4f;

/// The part of a polygon beyond z = kNear.
std::vector<Vec3> clipped(std::span<const Vec3> corners) {
  std::vector<Vec3> kept;
  kept.reserve(corners.size() + 1);
  Vec3 last = corners.back();
  for (const Vec3 corner : corners) {
    if ((last.z < kNear) != (corner.z < kNear)) {
      const float t = (kNear - last.z) / (corner.z - last.z);
      kept.push_back(last + (corner - last) * t);
    }
    if (corner.z >= kNear) kept.push_back(corner);
    last = corner;
  }
  return kept;
}

}  // namespace

Frame Frame::standing(Vec3 foot, float yaw) {
  const float c = std::cos(yaw), s = std::sin(yaw);
  return {foot, {c, 0, -s}, {s, 0, c}};
}

Stage::Stage(Size size, const Camera& camera, const Light& light)
    : camera_(camera),
      light_(light),
      canvas_(size, camera.roll),
      unit_(static_cast<float>(std::min(size.width, size.height)) / 240) {}

float Stage::nearest_ground() const {
  const float below = static_cast<float>(size().height) - camera_.vanishing.y;
  return camera_.focal * camera_.height / std::max(below, 0.05f * static_cast<float>(size().height));
}

void Stage::stuff(Category category, float z) {
  tag_ = {.label = static_cast<uint8_t>(category)};
  z_ = z;
}

void Stage::begin(Category category, float z, bool crowd) {
  GTSA_CHECK(is_thing(category), "{} has no instances", name_of(category));
  GTSA_CHECK(instances_.size() < std::numeric_limits<uint16_t>::max(), "too many instances");
  instances_.push_back({.category = category, .crowd = crowd});
  tag_ = {static_cast<uint8_t>(category), static_cast<uint16_t>(instances_.size())};
  z_ = z;
  canvas_.clear_extent();
}

void Stage::end() {
  Instance& instance = instances_.back();
  const Canvas::Extent& extent = canvas_.extent();
  const float width = static_cast<float>(size().width), height = static_cast<float>(size().height);
  instance.truncated = extent.left < 0 || extent.top < 0 || extent.right > width || extent.bottom > height;
  const auto left = static_cast<int64_t>(std::clamp(extent.left, 0.0f, width));
  const auto right = static_cast<int64_t>(std::ceil(std::clamp(extent.right, 0.0f, width)));
  const auto top = static_cast<int64_t>(std::clamp(extent.top, 0.0f, height));
  const auto bottom = static_cast<int64_t>(std::ceil(std::clamp(extent.bottom, 0.0f, height)));
  for (int64_t y = top; y < bottom; ++y) {
    const uint16_t* row = canvas_.instances().data() + y * size().width;
    instance.drawn += std::count(row + left, row + std::max(left, right), tag_.instance);
  }
  tag_ = {};
}

float Stage::air() const { return 1 - std::exp(-z_ / light_.haze_distance); }

Rgb Stage::lit(Rgb colour, Vec3 normal, float contrast) const {
  const float facing = std::max(0.0f, dot(normal, light_.to_sun));
  const float up = 0.75f + 0.25f * normal.y;
  const Rgb full = colour * (light_.sky * up + light_.sun * (facing * 1.25f));
  return mix(colour, full, contrast);
}

Rgb Stage::through_air(Rgb colour) const { return mix(colour, light_.haze, air()); }

void Stage::fill(const Path& path, Paint paint) {
  paint.a = through_air(paint.a);
  paint.b = through_air(paint.b);
  paint.tone.amount *= 1 - air();
  canvas_.fill(path, paint, tag_);
}

void Stage::glaze(const Path& path, Paint paint) {
  paint.a = through_air(paint.a);
  paint.b = through_air(paint.b);
  Tag silent = tag_;
  silent.marks = false;
  canvas_.fill(path, paint, silent);
}

void Stage::shadow(Vec3 centre, float width, float depth, float strength) {
  if (centre.z - depth < kNear) return;
  const Vec2 middle = project(centre);
  const float rx = std::max(0.5f * width * scale(centre.z), 0.7f);
  const float ry = std::max(
      0.5f * (project(centre - Vec3{0, 0, 0.5f * depth}).y - project(centre + Vec3{0, 0, 0.5f * depth}).y), 0.7f);
  const Paint paint{.b = {0.02f, 0.03f, 0.06f},
                    .base = 1,
                    .radial = -1,
                    .centre = middle,
                    .radii = {rx, ry},
                    .opacity = std::min(0.9f, 1.5f * light_.shadow * strength),
                    .fades = true};
  const float z = z_;
  z_ = centre.z;
  glaze(Path().ellipse(middle, rx, ry), paint);
  z_ = z;
}

TextureMap Stage::plane(Vec3 origin, Vec3 u, Vec3 v, float texels_per_metre) const {
  // A ray d = ((x - vx) / f, (vy - y) / f, 1) from the camera meets origin + a u + b v where
  // a = -d . (q x v) / d . (u x v), b = d . (q x u) / d . (u x v), with q = origin - camera.
  const Vec3 q = origin - Vec3{0, camera_.height, 0};
  const float f = camera_.focal;
  const auto in_pixels = [&](Vec3 normal, float factor) {
    return Vec3{normal.x / f, -normal.y / f,
                normal.z - normal.x * camera_.vanishing.x / f + normal.y * camera_.vanishing.y / f} *
           factor;
  };
  return {in_pixels(cross(q, v), -texels_per_metre), in_pixels(cross(q, u), texels_per_metre),
          in_pixels(cross(u, v), 1)};
}

void Stage::face(std::span<const Vec3> corners, Vec3 u, Vec3 v, const Surface& surface) {
  const std::vector<Vec3> kept = clipped(corners);
  if (kept.size() < 3) return;
  Vec3 normal = normalized(cross(u, v));
  const Vec3 eye{0, camera_.height, 0};
  if (dot(normal, eye - kept[0]) < 0) normal = normal * -1.0f;
  std::array<Vec2, 24> points;
  GTSA_CHECK(kept.size() <= points.size(), "a face of {} corners", kept.size());
  for (size_t i = 0; i < kept.size(); ++i) points[i] = project(kept[i]);
  Paint paint = plain(lit(surface.colour, normal, surface.contrast));
  if (surface.tile != nullptr) {
    paint.tone = {surface.tile, surface.amount, plane(corners[0], u, v, surface.texels_per_metre)};
  }
  fill(Path().add(std::span<const Vec2>(points.data(), kept.size())), paint);
}

void Stage::box(const Frame& frame, Vec2 x, Vec2 y, Vec2 z, const Surface& surface) {
  const Vec3 eye{0, camera_.height, 0};
  const Vec3 up{0, 1, 0};
  const auto seen = [&](Vec3 point, Vec3 normal) { return dot(normal, eye - point) > 0; };
  const auto corner = [&](float a, float b, float c) { return frame.at(a, b, c); };
  const Vec3 left = frame.right * -1.0f, near = frame.away * -1.0f, down{0, -1, 0};
  if (seen(corner(x.x, y.y, z.x), up))
    face({corner(x.x, y.y, z.x), corner(x.y, y.y, z.x), corner(x.y, y.y, z.y), corner(x.x, y.y, z.y)}, frame.right,
         frame.away, surface);
  if (seen(corner(x.x, y.x, z.x), down))
    face({corner(x.x, y.x, z.x), corner(x.y, y.x, z.x), corner(x.y, y.x, z.y), corner(x.x, y.x, z.y)}, frame.right,
         frame.away, surface);
  for (const float side : {x.x, x.y}) {
    if (!seen(corner(side, y.x, z.x), side == x.x ? left : frame.right)) continue;
    face({corner(side, y.x, z.x), corner(side, y.x, z.y), corner(side, y.y, z.y), corner(side, y.y, z.x)}, frame.away,
         up, surface);
  }
  for (const float side : {z.x, z.y}) {
    if (!seen(corner(x.x, y.x, side), side == z.x ? near : frame.away)) continue;
    face({corner(x.x, y.x, side), corner(x.y, y.x, side), corner(x.y, y.y, side), corner(x.x, y.y, side)}, frame.right,
         up, surface);
  }
}

void Stage::prism(const Frame& frame, std::span<const Vec2> profile, Vec2 x, std::span<const Surface> sides,
                  const Surface& ends) {
  GTSA_CHECK(profile.size() == sides.size(), "{} sides of {} corners", sides.size(), profile.size());
  const Vec3 eye{0, camera_.height, 0};
  // Both ends are drawn if seen; of a solid that is nearly convex the sides do not hide each other.
  for (size_t i = 0; i < profile.size(); ++i) {
    const Vec2 a = profile[i], b = profile[(i + 1) % profile.size()];
    const Vec3 p = frame.at(x.x, a.y, a.x);
    const Vec3 along = normalized(frame.at(x.x, b.y, b.x) - p);
    const Vec3 outward = cross(frame.right, along);
    if (dot(outward, eye - p) <= 0) continue;
    face({p, frame.at(x.x, b.y, b.x), frame.at(x.y, b.y, b.x), frame.at(x.y, a.y, a.x)}, frame.right, along, sides[i]);
  }
  std::vector<Vec3> end(profile.size());
  for (const float side : {x.x, x.y}) {
    const Vec3 outward = frame.right * (side == x.x ? -1.0f : 1.0f);
    if (dot(outward, eye - frame.at(side, 0, 0)) <= 0) continue;
    for (size_t i = 0; i < profile.size(); ++i) end[i] = frame.at(side, profile[i].y, profile[i].x);
    face(end, frame.away, {0, 1, 0}, ends);
  }
}

}  // namespace gtsa::synth
