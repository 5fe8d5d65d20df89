#include "core/synth/canvas.h"

#include <cstdlib>
#include <cstring>
#include <utility>

namespace gtsa::synth {

Paint plain(Rgb colour) { return {.a = colour, .b = colour}; }

Paint gradient(Rgb a, Rgb b, Vec2 from, Vec2 to) {
  const Vec2 way = to - from;
  const float scale = 1 / std::max(way.x * way.x + way.y * way.y, 1e-6f);
  const Vec2 along = way * scale;
  return {.a = a, .b = b, .base = -(from.x * along.x + from.y * along.y), .along = along};
}

Paint ball(Rgb lit, Rgb dark, Vec2 centre, Vec2 radii, Vec2 light) {
  const Vec2 bright{centre.x + 0.4f * light.x * radii.x, centre.y + 0.4f * light.y * radii.y};
  return {.a = lit, .b = dark, .base = -0.1f, .radial = 0.75f, .centre = bright, .radii = radii};
}

/// The part of the picture that an outline touches: columns [left, right), rows [top, bottom). Scratch rows have two
/// columns more, for the differences that fall behind the last pixel.
struct Canvas::Band {
  int64_t left = 0, top = 0, right = 0, bottom = 0;
  int64_t stride() const { return right - left + 2; }
  bool empty() const { return left >= right || top >= bottom; }
};

Canvas::Memory& Canvas::spare() {
  thread_local Memory memory;
  return memory;
}

Canvas::Canvas(Size size, float roll)
    : size_(size),
      middle_{0.5f * static_cast<float>(size.width), 0.5f * static_cast<float>(size.height)},
      roll_{std::cos(roll), std::sin(roll)},
      labels_(static_cast<size_t>(size.width * size.height)),
      instances_(labels_.size()),
      memory_(std::move(spare())) {
  for (auto& channel : memory_.channels) channel.assign(labels_.size(), 0.0f);
  for (auto* row : {&memory_.coverage, &memory_.mixture, &memory_.tone}) row->resize(static_cast<size_t>(size.width));
}

Canvas::~Canvas() { spare() = std::move(memory_); }

Vec2 Canvas::rolled(Vec2 p) const {
  const Vec2 d = p - middle_;
  return {middle_.x + roll_.x * d.x - roll_.y * d.y, middle_.y + roll_.y * d.x + roll_.x * d.y};
}

Vec2 Canvas::upright(Vec2 p) const {
  const Vec2 d = p - middle_;
  return {middle_.x + roll_.x * d.x + roll_.y * d.y, middle_.y - roll_.y * d.x + roll_.x * d.y};
}

void Canvas::fill(const Path& path, const Paint& paint, const Tag& tag) {
  Extent extent;
  for (size_t i = 0; i < path.contours(); ++i) {
    for (const Vec2 corner : path.contour(i)) {
      const Vec2 p = rolled(corner);
      extent.left = std::min(extent.left, p.x);
      extent.right = std::max(extent.right, p.x);
      extent.top = std::min(extent.top, p.y);
      extent.bottom = std::max(extent.bottom, p.y);
    }
  }
  if (tag.marks) {
    extent_.left = std::min(extent_.left, extent.left);
    extent_.right = std::max(extent_.right, extent.right);
    extent_.top = std::min(extent_.top, extent.top);
    extent_.bottom = std::max(extent_.bottom, extent.bottom);
  }
  const auto bounded = [](float value, int64_t most) {
    return static_cast<int64_t>(std::clamp(value, 0.0f, static_cast<float>(most)));
  };
  const Band band{bounded(std::floor(extent.left), size_.width), bounded(std::floor(extent.top), size_.height),
                  bounded(std::ceil(extent.right), size_.width), bounded(std::ceil(extent.bottom), size_.height)};
  if (band.empty()) return;
  accumulate(path, band);
  for (int64_t y = band.top; y < band.bottom; ++y) fill_row(y, band, paint, tag);
}

void Canvas::accumulate(const Path& path, const Band& band) {
  const auto count = static_cast<size_t>(band.stride() * (band.bottom - band.top));
  memory_.areas.assign(count, 0.0f);
  memory_.windings.assign(count, 0);
  for (size_t i = 0; i < path.contours(); ++i) {
    const auto corners = path.contour(i);
    Vec2 last = rolled(corners.back());
    for (const Vec2 corner : corners) {
      const Vec2 next = rolled(corner);
      accumulate_edge(last, next, band);
      last = next;
    }
  }
}

// Summed from left to right, the differences of a row give each pixel's signed covered area (as in font rasterisers)
// and the winding number of its centre. What lies left of the band counts at its first column, what lies right of it
// nowhere.
void Canvas::accumulate_edge(Vec2 from, Vec2 to, const Band& band) {
  if (from.y == to.y) return;
  const float sign = from.y < to.y ? 1.0f : -1.0f;
  const Vec2 upper = from.y < to.y ? from : to, lower = from.y < to.y ? to : from;
  const float slope = (lower.x - upper.x) / (lower.y - upper.y);
  const float width = static_cast<float>(band.right - band.left), origin = static_cast<float>(band.left);
  const auto first = std::max(band.top, static_cast<int64_t>(std::max(upper.y, 0.0f)));
  const float bottom = static_cast<float>(band.bottom);
  for (int64_t y = first; y < band.bottom && static_cast<float>(y) < lower.y; ++y) {
    const float row = static_cast<float>(y);
    const float y0 = std::max(upper.y, row), y1 = std::min({lower.y, row + 1, bottom});
    if (y1 <= y0) continue;
    float* areas = memory_.areas.data() + (y - band.top) * band.stride();
    const float at0 = std::clamp(upper.x + (y0 - upper.y) * slope - origin, 0.0f, width);
    const float at1 = std::clamp(upper.x + (y1 - upper.y) * slope - origin, 0.0f, width);
    const float x0 = std::min(at0, at1), x1 = std::max(at0, at1);
    const float height = sign * (y1 - y0);
    const auto column = static_cast<int64_t>(x0);
    if (x1 <= static_cast<float>(column + 1)) {
      const float inside = 1 - (0.5f * (x0 + x1) - static_cast<float>(column));
      areas[column] += height * inside;
      areas[column + 1] += height * (1 - inside);
    } else {
      // Coverage to the right of the edge grows over the columns that it crosses: each gets the difference.
      const float rate = height / (x1 - x0);
      float before = 0;
      int64_t c = column;
      for (; static_cast<float>(c) < x1; ++c) {
        const float a = std::max(x0, static_cast<float>(c)), b = std::min(x1, static_cast<float>(c + 1));
        const float crossed = rate * (a - x0);
        const float covered = crossed + rate * (b - a) * (static_cast<float>(c + 1) - 0.5f * (a + b));
        areas[c] += covered - before;
        before = covered;
      }
      areas[c] += height - before;
    }
    const float centre = row + 0.5f;
    if (upper.y <= centre && centre < lower.y) {
      const float x = std::clamp(upper.x + (centre - upper.y) * slope - origin, 0.0f, width + 1);
      // The first pixel whose centre is not left of the edge.
      const auto floor = static_cast<int64_t>(x);
      const int64_t pixel = floor + (x - static_cast<float>(floor) > 0.5f ? 1 : 0);
      memory_.windings[(y - band.top) * band.stride() + std::min(pixel, band.stride() - 1)] +=
          static_cast<int8_t>(sign);
    }
  }
}

int64_t Canvas::sum_coverage(const float* areas, int64_t width, int64_t& first) {
  float sum = 0;
  int64_t last = -1;
  first = width;
  const auto covered = [](float area) {
    const float share = std::min(std::abs(area), 1.0f);
    return share < 1e-4f ? 0.0f : share;  // rounding leaves traces outside the outline
  };
  for (int64_t x = 0; x < width;) {
    // Between its edges an outline's row has no differences: eight columns at a time.
    uint64_t words[4];
    if (x + 8 <= width) {
      std::memcpy(words, areas + x, sizeof words);
      if ((words[0] | words[1] | words[2] | words[3]) == 0) {
        const float share = covered(sum);
        std::fill_n(memory_.coverage.begin() + x, 8, share);
        if (share > 0) {
          first = std::min(first, x);
          last = x + 7;
        }
        x += 8;
        continue;
      }
    }
    const int64_t end = std::min(x + 8, width);
    for (; x < end; ++x) {
      sum += areas[x];
      memory_.coverage[x] = covered(sum);
      if (memory_.coverage[x] > 0) {
        first = std::min(first, x);
        last = x;
      }
    }
  }
  return last + 1;
}

void Canvas::fill_row(int64_t y, const Band& band, const Paint& paint, const Tag& tag) {
  const int64_t width = band.right - band.left, offset = (y - band.top) * band.stride();
  int64_t first = 0;
  const int64_t last = sum_coverage(memory_.areas.data() + offset, width, first);
  if (first < last) {
    const auto count = static_cast<size_t>(last - first);
    shade(upright({static_cast<float>(band.left + first) + 0.5f, static_cast<float>(y) + 0.5f}), paint, count);
    const Rgb step = paint.fades ? Rgb{} : paint.b + paint.a * -1.0f;
    const Rgb base = paint.fades ? paint.b : paint.a;
    const float bases[3] = {base.r, base.g, base.b}, steps[3] = {step.r, step.g, step.b};
    float* coverage = memory_.coverage.data() + first;
    if (paint.fades) {
      for (size_t i = 0; i < count; ++i) coverage[i] *= memory_.mixture[i];
    }
    if (paint.opacity != 1) {
      for (size_t i = 0; i < count; ++i) coverage[i] *= paint.opacity;
    }
    const bool even = is_even(paint), toned = paint.tone.tile != nullptr;
    const float *mixture = memory_.mixture.data(), *tone = memory_.tone.data();
    for (int c = 0; c < 3; ++c) {
      float* out = memory_.channels[c].data() + y * size_.width + band.left + first;
      const float from = bases[c], way = steps[c];
      if (even && !toned) {
        for (size_t i = 0; i < count; ++i) out[i] += (from - out[i]) * coverage[i];
      } else if (even) {
        for (size_t i = 0; i < count; ++i) out[i] += (from * tone[i] - out[i]) * coverage[i];
      } else if (!toned) {
        for (size_t i = 0; i < count; ++i) out[i] += (from + way * mixture[i] - out[i]) * coverage[i];
      } else {
        for (size_t i = 0; i < count; ++i) out[i] += ((from + way * mixture[i]) * tone[i] - out[i]) * coverage[i];
      }
    }
  }
  if (tag.marks) mark_row(memory_.windings.data() + offset, y * size_.width + band.left, width, tag);
}

void Canvas::mark_row(const int8_t* windings, int64_t at, int64_t width, const Tag& tag) {
  int winding = 0;
  for (int64_t x = 0; x < width;) {
    uint64_t word = 1;
    if (x + 8 <= width) std::memcpy(&word, windings + x, sizeof word);
    const int64_t end = std::min(x + 8, width);
    if (word == 0 && winding == 0) {
      x = end;
    } else if (word == 0) {
      std::fill_n(labels_.begin() + at + x, 8, tag.label);
      std::fill_n(instances_.begin() + at + x, 8, tag.instance);
      x = end;
    }
    for (; x < end; ++x) {
      winding += windings[x];
      if (winding == 0) continue;
      labels_[at + x] = tag.label;
      instances_[at + x] = tag.instance;
    }
  }
}

/// True where a paint's mixture is of no account: fill_row() then looks at `a` alone.
bool Canvas::is_even(const Paint& paint) { return !paint.fades && paint.a == paint.b; }

void Canvas::shade(Vec2 start, const Paint& paint, size_t count) {
  const Vec2 step{roll_.x, -roll_.y};  // upright() of one pixel to the right
  if (paint.tone.tile != nullptr) {
    std::fill_n(memory_.tone.begin(), count, 1.0f);
    add_texture(paint.tone, start, step, std::span(memory_.tone.data(), count));
  }
  if (is_even(paint)) return;
  const float base = paint.base + paint.along.x * start.x + paint.along.y * start.y;
  const float slope = paint.along.x * step.x + paint.along.y * step.y;
  for (size_t i = 0; i < count; ++i) memory_.mixture[i] = base + slope * static_cast<float>(i);
  if (paint.radial != 0) {
    const float sx = 1 / paint.radii.x, sy = 1 / paint.radii.y;
    for (size_t i = 0; i < count; ++i) {
      const float x = (start.x + static_cast<float>(i) * step.x - paint.centre.x) * sx;
      const float y = (start.y + static_cast<float>(i) * step.y - paint.centre.y) * sy;
      memory_.mixture[i] += paint.radial * (x * x + y * y);
    }
  }
  add_texture(paint.blend, start, step, std::span(memory_.mixture.data(), count));
  for (size_t i = 0; i < count; ++i) memory_.mixture[i] = std::clamp(memory_.mixture[i], 0.0f, 1.0f);
}

}  // namespace gtsa::synth
