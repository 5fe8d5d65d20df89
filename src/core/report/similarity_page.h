#pragma once
// A page on which one clicks a patch of a photograph and sees how similar the patches of all photographs are to it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gtsa::report {

struct SimilarityPhoto {
  std::filesystem::path picture;  ///< JPEG or PNG
  int64_t width = 0;              ///< pixels
  int64_t height = 0;
  int64_t rows = 0;  ///< of patches, which cover the whole picture
  int64_t columns = 0;
  std::vector<float> features;  ///< (rows * columns, dim), any length
};

struct SimilarityPage {
  std::string title;  ///< what the features are: "teacher of runs/first, projector"
  int64_t dim = 0;    ///< channels of a feature
  std::vector<SimilarityPhoto> photos;
};

/// One HTML page that needs no other file. Similarity is the cosine of two patches' features, computed in the browser
/// from 8-bit values: within about 0.01 of the exact one. Throws Error naming a picture that cannot be shown.
std::string render_similarity_page(const SimilarityPage& page);

}  // namespace gtsa::report
