#include "core/synth/backdrop.h"

#include <array>
#include <vector>

#include "core/synth/objects.h"

namespace gtsa::synth {
namespace {

/// Smooth noise of one variable: a value a whole number, blended between.
class Profile {
 public:
  explicit Profile(Rng& rng) {
    for (float& value : values_) value = rng.uniform(-1, 1);
  }
  float at(float x) const {
    const float floor = std::floor(x), t = x - floor;
    const auto i = static_cast<size_t>(static_cast<int64_t>(floor) & 63);
    const float s = t * t * (3 - 2 * t);
    return values_[i] * (1 - s) + values_[(i + 1) & 63] * s;
  }

 private:
  std::array<float, 64> values_;
};

}  // namespace

Weather draw_weather(Rng& rng) {
  Weather w;
  const float azimuth = rng.uniform(-2.6f, 2.6f);
  const auto sun_at = [&](float elevation) {
    return normalized(
        {std::sin(azimuth) * std::cos(elevation), std::sin(elevation), -std::cos(azimuth) * std::cos(elevation)});
  };
  const float kind = rng.uniform();
  if (kind < 0.5f) {  // fair
    w.light = {sun_at(rng.uniform(0.6f, 1.1f)),
               {0.62f, 0.58f, 0.5f},
               {0.46f, 0.5f, 0.58f},
               {0.74f, 0.82f, 0.9f},
               rng.uniform(250, 900),
               0.5f};
    w.zenith = pick(rng, {{0.25f, 0.45f, 0.78f}, {0.34f, 0.55f, 0.85f}, {0.2f, 0.38f, 0.68f}});
    w.horizon = {0.76f, 0.85f, 0.93f};
    w.cloud = {0.96f, 0.96f, 0.97f};
    w.clouds = rng.uniform(0.05f, 0.65f);
  } else if (kind < 0.75f) {  // overcast
    w.light = {sun_at(1.2f),         {0.14f, 0.14f, 0.14f}, {0.72f, 0.74f, 0.78f},
               {0.76f, 0.78f, 0.8f}, rng.uniform(120, 500), 0.25f};
    w.zenith = pick(rng, {{0.62f, 0.66f, 0.72f}, {0.74f, 0.76f, 0.78f}, {0.5f, 0.54f, 0.6f}});
    w.horizon = {0.84f, 0.85f, 0.86f};
    w.cloud = w.zenith * 0.82f;
    w.clouds = rng.uniform(0.5f, 1.0f);
  } else if (kind < 0.92f) {  // low sun
    w.light = {sun_at(rng.uniform(0.2f, 0.4f)),
               {0.85f, 0.6f, 0.36f},
               {0.38f, 0.38f, 0.5f},
               {0.9f, 0.76f, 0.62f},
               rng.uniform(150, 500),
               0.5f};
    w.zenith = pick(rng, {{0.35f, 0.45f, 0.68f}, {0.42f, 0.42f, 0.6f}});
    w.horizon = pick(rng, {{0.96f, 0.78f, 0.55f}, {0.95f, 0.66f, 0.5f}});
    w.cloud = pick(rng, {{0.95f, 0.7f, 0.55f}, {0.72f, 0.55f, 0.6f}});
    w.clouds = rng.uniform(0.2f, 0.8f);
  } else {  // mist
    w.light = {sun_at(1.0f),         {0.1f, 0.1f, 0.1f},   {0.74f, 0.75f, 0.77f},
               {0.8f, 0.82f, 0.83f}, rng.uniform(40, 110), 0.2f};
    w.zenith = {0.78f, 0.8f, 0.82f};
    w.horizon = w.light.haze;
    w.cloud = {0.86f, 0.87f, 0.88f};
    w.clouds = 0.4f;
  }
  return w;
}

void draw_sky(Stage& stage, Rng& rng, const Weather& weather) {
  stage.stuff(Category::sky, 0);
  const float width = static_cast<float>(stage.size().width), height = static_cast<float>(stage.size().height);
  const float margin = 0.5f * (width + height), horizon = stage.camera().vanishing.y;
  const Path whole = Path().rectangle({-margin, -margin}, {width + margin, horizon + 0.06f * height});
  stage.fill(whole,
             gradient(weather.zenith, weather.horizon, {0, std::min(0.0f, horizon - 0.6f * height)}, {0, horizon}));
  if (weather.clouds <= 0.02f) return;
  // Clouds lie on a plane 900 m up, so they flatten toward the horizon.
  const float threshold = 0.75f - 1.1f * weather.clouds;
  const Vec3 origin{rng.uniform(-9000, 9000), 900, rng.uniform(-9000, 9000)};
  Paint clouds{.b = weather.cloud, .base = -2.2f * threshold, .opacity = 0.92f, .fades = true};
  clouds.blend = {&tile(Pattern::clouds), 2.6f, stage.plane(origin, {1, 0, 0}, {0, 0, 1}, rng.uniform(0.03f, 0.07f))};
  clouds.tone = {&tile(Pattern::clouds), -0.16f, stage.plane(origin + Vec3{-150, 0, 150}, {1, 0, 0}, {0, 0, 1}, 0.05f)};
  const Path above = Path().rectangle({-margin, -margin}, {width + margin, horizon - 4 * stage.unit()});
  stage.glaze(above, clouds);
}

void draw_patch(Stage& stage, const Patch& patch) {
  stage.stuff(patch.category, 0);
  stage.face({{patch.left, patch.y, patch.near},
              {patch.right, patch.y, patch.near},
              {patch.right, patch.y, patch.far},
              {patch.left, patch.y, patch.far}},
             {1, 0, 0}, {0, 0, 1}, patch.surface);
}

void draw_ground_haze(Stage& stage) {
  const Camera& camera = stage.camera();
  const float width = static_cast<float>(stage.size().width);
  const float depth = camera.focal * camera.height / (0.2f * stage.light().haze_distance);
  const float y = camera.vanishing.y;
  stage.stuff(Category::none, 0);
  stage.glaze(Path().rectangle({-width, y - 1}, {2 * width, y + depth}),
              {.b = stage.light().haze, .base = 0.9f + 0.9f * y / depth, .along = {0, -0.9f / depth}, .fades = true});
}

void draw_water(Stage& stage, Rng& rng, const Weather& weather, float near, float far) {
  stage.stuff(Category::water, 0);
  const Rgb deep = pick(rng, {{0.10f, 0.26f, 0.36f}, {0.12f, 0.3f, 0.32f}, {0.2f, 0.28f, 0.32f}, {0.08f, 0.2f, 0.3f}});
  const Rgb mirror = mix(weather.horizon, weather.zenith, 0.35f);
  const Vec2 top = stage.project({0, 0, far}), bottom = stage.project({0, 0, std::max(near, stage.nearest_ground())});
  const float width = static_cast<float>(stage.size().width);
  Paint paint =
      gradient(mix(mirror, deep, 0.25f), mix(deep, mirror, 0.18f), top, {top.x, std::max(bottom.y, top.y + 1)});
  const float fine = rng.uniform(14, 26), offset = rng.uniform(0, 256);
  const float strength = rng.uniform(0.5f, 1.2f);
  paint.blend = {&tile(Pattern::waves), 0.55f * strength, stage.plane({offset, 0, offset}, {1, 0, 0}, {0, 0, 1}, fine)};
  paint.tone = {&tile(Pattern::waves), 0.35f * strength,
                stage.plane({offset, 0, -offset}, {1, 0, 0}, {0, 0, 1}, 0.22f * fine)};
  stage.fill(Path().rectangle({-width, top.y},
                              {2 * width, std::max(bottom.y, static_cast<float>(stage.size().height)) + width}),
             paint);
  const Vec3 sun = stage.light().to_sun;
  if (sun.z < 0.2f || stage.light().sun.r < 0.4f) return;
  // The sun's road on the water.
  const float x = top.x + sun.x / sun.z * stage.camera().focal, half = 0.16f * width;
  Paint glitter{.b = stage.light().sun * 1.3f,
                .base = 0.45f,
                .radial = -0.5f,
                .centre = {x, top.y},
                .radii = {half, 1e6f},
                .opacity = 0.85f,
                .fades = true};
  glitter.blend = {&tile(Pattern::waves), 1.4f, paint.blend.map};
  stage.glaze(Path().rectangle({x - half, top.y}, {x + half, static_cast<float>(stage.size().height) + width}),
              glitter);
}

void draw_ridge(Stage& stage, Rng& rng, const Ridge& ridge) {
  stage.stuff(ridge.category, ridge.z);
  const Profile coarse(rng), middle(rng), fine(rng);
  const float scale = stage.scale(ridge.z), reach = 1.3f * stage.reach(ridge.z),
              width = static_cast<float>(stage.size().width);
  const float step = 2.5f * stage.unit() / scale, shift = rng.uniform(0, 60);
  const float horizon = stage.project({0, 0, ridge.z}).y, foot = horizon + 8 * stage.unit();
  std::vector<Vec2> outline = {{-width, foot}, {-width, horizon}};
  std::vector<Vec2> snow;
  for (float x = -reach; x <= reach; x += step) {
    const float u = x / ridge.wavelength + shift;
    const float r = ridge.roughness;
    const float shape = (coarse.at(u) + r * 0.5f * middle.at(3.1f * u) + r * 0.25f * fine.at(9.7f * u) +
                         r * 0.12f * middle.at(31 * u)) /
                        (1 + 0.87f * r);
    const float y = ridge.low + (ridge.high - ridge.low) * (0.5f + 0.5f * shape);
    const Vec2 crest = stage.project({x, y, ridge.z});
    outline.push_back(crest);
    const float line = ridge.snow_line + 0.25f * (ridge.high - ridge.low) * fine.at(14 * u);
    if (ridge.snow_line < 1e8f)
      snow.push_back({crest.x, std::min(stage.project({x, line, ridge.z}).y,
                                        std::max(crest.y, stage.project({x, line, ridge.z}).y))});
  }
  outline.push_back({2 * width, horizon});
  outline.push_back({2 * width, foot});
  const Rgb lit = stage.lit(ridge.surface.colour, normalized({0.3f, 0.5f, -0.8f}));
  const float top = stage.project({0, ridge.high, ridge.z}).y;
  Paint paint = gradient(lit * 1.12f, lit * 0.8f, {0, top}, {0, horizon});
  const Vec2 offset{rng.uniform(0, 256), rng.uniform(0, 256)};
  const float texels = ridge.surface.texels_per_metre / scale;
  paint.tone = {ridge.surface.tile, ridge.surface.amount, flat_map({texels, texels}, offset)};
  stage.fill(Path().add(outline), paint);
  if (snow.empty()) return;
  // Snow lies between the crest and its own ragged line; the part above the crest is cut by drawing only below it.
  std::vector<Vec2> cap;
  for (size_t i = 0; i < snow.size(); ++i) cap.push_back(outline[i + 2]);
  for (size_t i = snow.size(); i-- > 0;) cap.push_back({snow[i].x, std::max(snow[i].y, outline[i + 2].y)});
  Paint white = plain(stage.lit(ridge.snow, normalized({0.3f, 0.5f, -0.8f})));
  white.tone = {ridge.surface.tile, 0.5f * ridge.surface.amount, paint.tone.map};
  stage.fill(Path().add(cap), white);
}

void draw_tufts(Stage& stage, Rng& rng, Rgb colour, float near, float far, int count) {
  stage.stuff(Category::none, 0);
  constexpr int kShades = 3;
  std::array<Path, kShades> paths;
  for (int i = 0; i < count; ++i) {
    const float t = rng.uniform(), z = 1 / (1 / far + (1 / near - 1 / far) * t);
    const Vec2 root = stage.project({rng.uniform(-1, 1) * stage.reach(z), 0, z});
    const float s = stage.scale(z), high = rng.uniform(0.12f, 0.32f) * s;
    Path& path = paths[rng.below(kShades)];
    for (int blade = 0; blade < 3; ++blade) {
      const float x = root.x + rng.uniform(-0.12f, 0.12f) * s;
      path.stroke({x, root.y}, {x + rng.uniform(-0.5f, 0.5f) * high, root.y - high * rng.uniform(0.6f, 1.0f)},
                  std::max(0.03f * s, 0.7f), 0.2f);
    }
  }
  for (int i = 0; i < kShades; ++i)
    stage.glaze(paths[i], plain(stage.lit(colour * (0.6f + 0.4f * static_cast<float>(i)), {0, 0.7f, -0.7f})));
}

void draw_fence(Stage& stage, Rng& rng, Vec3 from, Vec3 to) {
  const Rgb wood = pick(rng, {{0.5f, 0.42f, 0.33f}, {0.85f, 0.85f, 0.82f}, {0.36f, 0.3f, 0.25f}});
  const Vec3 way = to - from;
  const float length = std::sqrt(dot(way, way));
  const int posts = std::clamp(static_cast<int>(length / 2.2f), 2, 40);
  const Rgb lit = stage.lit(wood, {0, 0.2f, -1});
  for (int i = posts; i >= 0; --i) {
    const Vec3 a = from + way * (static_cast<float>(i) / static_cast<float>(posts));
    if (a.z < 0.8f) continue;
    stage.stuff(Category::fence, a.z);
    const float s = stage.scale(a.z), thick = std::max(0.1f * s, 0.8f);
    stage.fill(Path().stroke(stage.project(a), stage.project(a + Vec3{0, 1.15f, 0}), thick, thick), lit * 1.05f);
    if (i == posts) continue;
    const Vec3 b = from + way * (static_cast<float>(i + 1) / static_cast<float>(posts));
    if (b.z < 0.8f) continue;
    for (const float y : {0.45f, 0.9f})
      stage.fill(Path().stroke(stage.project(a + Vec3{0, y, 0}), stage.project(b + Vec3{0, y, 0}),
                               std::max(0.09f * s, 0.7f), std::max(0.09f * stage.scale(b.z), 0.6f)),
                 lit * 0.9f);
  }
}

}  // namespace gtsa::synth
