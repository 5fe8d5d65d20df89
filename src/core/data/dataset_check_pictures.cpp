#include "core/data/dataset_check_pictures.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/data/segment_labels.h"
#include "core/image/decode.h"
#include "core/image/label_map.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

/// Pictures that the threads share out before what they found is told.
constexpr int64_t kChunk = 256;
/// Below it the original's detection drops a picture, and a crop of it is mush.
constexpr int64_t kSmallSide = 32;
/// A picture longer than so many times its other side.
constexpr int64_t kLongShape = 8;

class Inspector {
 public:
  Inspector(const PictureToCheck& picture, const SurveyOptions& options) : picture_(picture), options_(options) {}

  PictureFacts inspect() {
    read_picture();
    if (!picture_.annotation.empty()) read_labels();
    return std::move(facts_);
  }

 private:
  void error(const char* kind, std::string what) { facts_.findings.push_back({kind, true, 1, std::move(what)}); }
  void warning(const char* kind, std::string what) { facts_.findings.push_back({kind, false, 1, std::move(what)}); }

  static bool is_missing(const fs::path& path) {
    std::error_code failed;
    return !fs::exists(fs::symlink_status(path, failed));
  }

  void read_picture() {
    const std::string name = picture_.file.string();
    if (is_missing(picture_.file)) return error("missing file", fmt::format("{} does not exist", name));
    image::Image image;
    try {
      image = image::read_image(picture_.file, {.max_pixels = options_.max_pixels, .apply_exif = options_.apply_exif});
    } catch (const image::ImageError& refused) {
      return error("unreadable picture", fmt::format("{} [{}]", refused.what(), image::name_of(refused.reason())));
    }
    facts_.size = image.size();
    facts_.look = difference_hash(image);
    facts_.pixels = pixel_hash(image);
    const auto [width, height] = image.size();
    if (picture_.stated != Size{} && picture_.stated != image.size()) {
      error("wrong size", fmt::format("{} has {} x {} pixels, its entry says {} x {}", name, width, height,
                                      picture_.stated.width, picture_.stated.height));
    }
    if (!facts_.look) warning("one colour", fmt::format("{} shows one colour all over", name));
    if (std::min(width, height) < kSmallSide) {
      warning("small picture", fmt::format("{} has {} x {} pixels", name, width, height));
    }
    if (std::max(width, height) > kLongShape * std::min(width, height)) {
      warning("long shape", fmt::format("{} has {} x {} pixels", name, width, height));
    }
  }

  void read_labels() {
    const std::string name = picture_.annotation.string();
    if (is_missing(picture_.annotation)) {
      return error("missing annotation", fmt::format("{} has no {}", picture_.file.string(), name));
    }
    image::LabelMap map;
    try {
      map = image::read_label_map(picture_.annotation, options_.max_pixels);
    } catch (const image::ImageError& refused) {
      return error("unreadable annotation", fmt::format("{} [{}]", refused.what(), image::name_of(refused.reason())));
    }
    if (facts_.size != Size{} && facts_.size != map.size()) {
      error("label size", fmt::format("{} has {} x {} pixels, its picture {} x {}", name, map.width, map.height,
                                      facts_.size.width, facts_.size.height));
    }
    const LabelRule rule{.classes = static_cast<int64_t>(options_.classes)};
    facts_.labels.resize(options_.classes + 1);
    for (const uint16_t label : map.values) {
      if (!rule.is_beyond(label)) ++facts_.labels[rule.ignores(label) ? 0 : label];
    }
    if (const std::string fault = fault_of(map, rule); !fault.empty()) {
      error("label out of range", fmt::format("{} has {}", name, fault));
    } else if (facts_.labels[0] == std::ssize(map.values)) {
      warning("nothing labelled", fmt::format("{} has no pixel with a class", name));
    }
  }

  const PictureToCheck& picture_;
  const SurveyOptions& options_;
  PictureFacts facts_;
};

}  // namespace

void survey(std::span<const PictureToCheck> pictures, const SurveyOptions& options,
            const std::function<void(size_t, PictureFacts&&)>& fold) {
  const int64_t all = std::ssize(pictures);
  for (int64_t first = 0; first < all; first += kChunk) {
    const int64_t count = std::min(kChunk, all - first);
    std::vector<PictureFacts> facts(static_cast<size_t>(count));
    parallel_for(count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        facts[static_cast<size_t>(i)] = Inspector(pictures[static_cast<size_t>(first + i)], options).inspect();
      }
    });
    for (int64_t i = 0; i < count; ++i) fold(static_cast<size_t>(first + i), std::move(facts[static_cast<size_t>(i)]));
    if (options.progress) options.progress(first + count, all);
  }
}

}  // namespace gtsa::data
