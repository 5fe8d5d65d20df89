#pragma once
// Polygons in pixels: x to the right, y down, (0, 0) the top-left corner of the top-left pixel. From polygon to mask
// exactly as COCO's own code does it (spec: detection, section 5.3), and back.

#include <cstdint>
#include <span>
#include <vector>

#include "core/geometry/masks.h"

namespace gtsa::geometry {

/// A closed ring; the last point is joined to the first. Inside is what an odd number of windings surrounds.
using Polygon = std::vector<Point>;

/// Coordinates that a polygon may have at most, to both sides of zero.
inline constexpr double kMaxCoordinate = 1e8;

/// The pixels inside, of a picture of `size`; what lies outside the picture is cut off. Bit-exact with COCO: corners
/// are rounded to fifths of a pixel. Costs time by the columns that the edges cross, whatever the coordinates. Throws
/// Error for a coordinate that is not finite or beyond kMaxCoordinate.
RunLengthMask polygon_mask(std::span<const Point> polygon, Size size);
/// The union of several: how COCO stores an object that falls into parts. At least one.
RunLengthMask polygons_mask(std::span<const Polygon> polygons, Size size);
/// The box as COCO rasterises it: the polygon of its corners.
RunLengthMask box_mask(const BoxXywh& box, Size size);

/// Smallest box around the points; all zero without points.
BoxXywh bounds(std::span<const Point> polygon);

/// The outline along the sides of pixels: one ring a part (parts hang together by pixels' sides, not by corners),
/// sorted by their topmost, leftmost pixel. COCO's polygons know no holes, so a hole is joined to its ring by a
/// vertical cut that is walked there and back and takes up no area. polygons_mask() of the result is `mask`, exactly.
std::vector<Polygon> outline(const RunLengthMask& mask);

}  // namespace gtsa::geometry
