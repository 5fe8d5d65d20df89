#pragma once
// The part of the check that opens files: pictures and, beside them, label maps.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/data/dataset_check.h"
#include "core/data/dataset_check_duplicates.h"

namespace gtsa::data {

/// What is to be looked at.
struct PictureToCheck {
  std::filesystem::path file;
  std::filesystem::path annotation;  ///< a label map; empty if there is none
  Size stated;                       ///< the size that a JSON gives; 0 x 0 if nothing does
  size_t split = 0;
};

/// Pixels by stored label, 0 to the last class's; all that belong to no class under 0.
using LabelCounts = std::vector<int64_t>;

/// What was found.
struct PictureFacts {
  Size size;                           ///< 0 x 0 if the picture cannot be read
  std::optional<DifferenceHash> look;  ///< difference_hash(); none for one colour
  uint64_t pixels = 0;                 ///< pixel_hash()
  std::vector<Finding> findings;       ///< in a fixed order
  LabelCounts labels;                  ///< of a label map that could be read, else empty
};

struct SurveyOptions {
  int64_t max_pixels = 0;
  bool apply_exif = false;
  size_t classes = 0;  ///< of label maps: k is class k - 1 (LabelRule)
  std::function<void(int64_t done, int64_t all)> progress;
};

/// Looks at all pictures in parallel and calls fold(index, facts) in their order; few facts exist at a time.
void survey(std::span<const PictureToCheck> pictures, const SurveyOptions& options,
            const std::function<void(size_t, PictureFacts&&)>& fold);

}  // namespace gtsa::data
