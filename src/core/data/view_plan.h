#pragma once
// What is done to a photograph to make a view of it: plans are pure values of their key, so the loader, golden tests,
// replay and pictures all use the same ones (docs/method.md 1).

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/rng.h"
#include "core/geometry/crop.h"
#include "core/geometry/types.h"
#include "core/image/columns.h"
#include "core/image/image.h"
#include "core/image/resample.h"

namespace gtsa::data {

/// A range of draws: uniform in [low, high).
struct Range {
  float low = 0;
  float high = 0;
  bool operator==(const Range&) const = default;
};

/// How a view's colours are drawn; all but how often it is blurred, which differs by view. Defaults are GTSA's.
struct ColourOptions {
  float jitter_probability = 0.8F;
  Range brightness{0.2F, 1.8F};
  Range contrast{0.2F, 1.8F};
  Range saturation{0.2F, 1.8F};
  Range hue{-0.2F, 0.2F};  ///< shift, in turns of the colour circle
  float grayscale_probability = 0.2F;
  Range blur_radius{0.1F, 2.0F};  ///< pixels, Pillow's radius
  bool operator==(const ColourOptions&) const = default;
};

/// How views are drawn. Defaults are the original's.
struct ViewOptions {
  std::vector<int64_t> crop_sizes{224, 96};                    ///< side of a kind's views in pixels: global, local
  std::vector<int64_t> num_crops{2, 8};                        ///< views of a kind; at least one global
  std::vector<Range> area_shares{{0.3F, 1.0F}, {0.1F, 0.3F}};  ///< share of the photograph's area, by kind
  double min_overlap = 0.01;      ///< share of the photograph that a view has in common with every global one
  int64_t max_candidates = 1000;  ///< crops drawn for one photograph before views fall back to existing ones
  ColourOptions colours;
  float blur_probability = 0.2F;

  int64_t global_views() const;
  int64_t views() const;
  /// Index of view v's kind in the vectors above: 0 global, 1 local.
  size_t kind_of(int64_t view) const;
  /// Throws UsageError naming what does not fit together.
  void check() const;
  bool operator==(const ViewOptions&) const = default;
};

/// One step of the colour jitter; the numbers are the original's codes.
enum class Jitter : uint8_t { brightness = 0, contrast = 1, saturation = 2, hue = 3 };

/// One view. The steps are done in the order of the fields; factors are drawn whether or not they are used.
struct ViewPlan {
  Rect crop;         ///< in the photograph
  int64_t side = 0;  ///< of the square view, pixels
  image::Filter filter = image::Filter::bilinear;
  bool flip = false;  ///< left and right exchanged
  bool jitter = false;
  std::array<Jitter, 4> order{Jitter::brightness, Jitter::contrast, Jitter::saturation, Jitter::hue};
  float brightness = 1;
  float contrast = 1;
  float saturation = 1;
  float hue = 0;
  bool grayscale = false;
  std::optional<float> blur_radius;  ///< pixels
  bool solarize = false;             ///< values from 128 on are inverted
  Turn turn = Turn::none;
  bool operator==(const ViewPlan&) const = default;
};

/// All views of one photograph, globals first, and the boxes of their overlaps.
struct MultiCropPlan {
  std::vector<ViewPlan> views;    ///< V
  int64_t global_views = 0;       ///< G
  std::vector<Box> global_boxes;  ///< [G, V]: overlap of (q, v) in global q's pixels
  std::vector<Box> all_boxes;     ///< [V, G]: the same in view v's pixels
  int64_t candidates = 0;         ///< crops that were drawn
  bool capped = false;            ///< the candidates ran out: some crops repeat others (very long photographs)
};

/// The plan of a photograph at `place` in the permutation of `epoch`. One stream of draws for the photograph's crops,
/// one a view for its colours and one for its turn. Where `max_candidates` are used up, a further global view takes the
/// first one's crop and a local view the intersection of the globals, which is never empty; so the boxes always have an
/// area.
MultiCropPlan plan_views(Size photo, const ViewOptions& options, uint64_t seed, uint64_t epoch, uint64_t place);

/// Seed of the views that a probe with this seed takes of the photograph at `index` of its list, the `draw`-th time:
/// they are none of pretraining's.
uint64_t probe_seed(uint64_t seed, uint64_t draw, uint64_t index);

/// Jitter, grey and blur of a view. Every draw is made whether or not it is used, so that no probability moves the
/// draws behind it.
void draw_colours(Rng& rng, const ColourOptions& options, float blur_probability, ViewPlan& plan);

/// Fills the boxes of a plan from its views.
void set_boxes(MultiCropPlan& plan);

/// The view's pixels [side, side], turned, before they are normalised.
image::Image execute(const image::Image& photo, const ViewPlan& plan);
/// The finished view: normalised float32 [3, side, side] in `chw`. Scratch memory stays with the thread.
void execute_into(const image::Columns& photo, const ViewPlan& plan, std::span<float> chw);
void execute_into(const image::Image& photo, const ViewPlan& plan, std::span<float> chw);

}  // namespace gtsa::data
