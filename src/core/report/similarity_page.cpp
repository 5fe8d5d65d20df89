#include "core/report/similarity_page.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

#include "core/base/error.h"
#include "core/report/base64.h"
#include "core/report/page.h"
#include "core/report/pictures.h"

namespace gtsa::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kScripts[] = {"base.js", "similarity.js"};

/// Each row of `dim` values to -127..127 by its own largest: cosines do not depend on lengths.
std::vector<int8_t> quantised(std::span<const float> features, size_t dim) {
  constexpr float kLargest = 127;
  std::vector<int8_t> result(features.size());
  for (size_t row = 0; row < features.size(); row += dim) {
    float largest = 0;
    for (size_t i = 0; i < dim; ++i) largest = std::max(largest, std::abs(features[row + i]));
    const float scale = std::isfinite(largest) && largest > 0 ? kLargest / largest : 0;
    for (size_t i = 0; i < dim; ++i) {
      const float value = features[row + i] * scale;
      result[row + i] = static_cast<int8_t>(std::isfinite(value) ? std::lround(value) : 0);
    }
  }
  return result;
}

}  // namespace

std::string render_similarity_page(const SimilarityPage& page) {
  GTSA_CHECK(page.dim > 0 && !page.photos.empty(), "{} photographs with features of {} channels", page.photos.size(),
             page.dim);
  Pictures pictures;
  Json photos = Json::array();
  for (const SimilarityPhoto& photo : page.photos) {
    GTSA_CHECK(photo.width > 0 && photo.height > 0 && photo.rows > 0 && photo.columns > 0, "{}: {} x {}, {} x {}",
               photo.picture.string(), photo.width, photo.height, photo.rows, photo.columns);
    GTSA_CHECK(photo.features.size() == static_cast<size_t>(photo.rows * photo.columns * page.dim),
               "{}: {} values for {} x {} patches of {} channels", photo.picture.string(), photo.features.size(),
               photo.rows, photo.columns, page.dim);
    const std::vector<int8_t> features = quantised(photo.features, static_cast<size_t>(page.dim));
    photos.push_back({{"picture", pictures.add(photo.picture)},
                      {"width", photo.width},
                      {"height", photo.height},
                      {"rows", photo.rows},
                      {"columns", photo.columns},
                      {"features", base64(std::as_bytes(std::span(features)))}});
  }
  const Json data{{"title", page.title}, {"dim", page.dim}, {"photos", photos}, {"pictures", pictures.json()}};
  return render_page({.title = page.title, .data = data, .scripts = kScripts});
}

}  // namespace gtsa::report
