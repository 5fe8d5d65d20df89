#pragma once
// A confusion matrix to look at.

#include "core/image/image.h"
#include "core/metrics/segmentation.h"

namespace gtsa::transfer {

/// One square a cell: rows are true classes, columns predicted ones, both from class 0; a cell's brightness is its
/// share of the row (dark = none, bright = all). About 640 pixels a side, at least one pixel a cell. Rows of classes
/// without pictures are grey.
image::Image confusion_picture(const metrics::ConfusionMatrix& confusion);

}  // namespace gtsa::transfer
