#include "core/synth/coco_writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>
#include <utility>
#include <vector>

#include "core/geometry/masks.h"
#include "core/geometry/polygon.h"

namespace gtsa::synth {
namespace {

/// Outlines with more corners are stored as run lengths.
constexpr size_t kMostCorners = 500;

/// The smallest rectangle around each instance; none are empty.
std::vector<Rect> windows(const Scene& scene) {
  struct Bounds {
    int64_t left = INT64_MAX, top = INT64_MAX, right = -1, bottom = -1;
  };
  std::vector<Bounds> bounds(scene.things.size());
  const int64_t width = scene.labels.width;
  for (int64_t y = 0; y < scene.labels.height; ++y) {
    const uint16_t* row = scene.instances.data() + y * width;
    for (int64_t x = 0; x < width; ++x) {
      if (row[x] == 0) continue;
      Bounds& b = bounds[row[x] - 1];
      b.left = std::min(b.left, x);
      b.right = std::max(b.right, x);
      b.top = std::min(b.top, y);
      b.bottom = y;
    }
  }
  std::vector<Rect> rects;
  for (const Bounds& b : bounds) rects.push_back({b.left, b.top, b.right - b.left + 1, b.bottom - b.top + 1});
  return rects;
}

geometry::RunLengthMask mask_of(const Scene& scene, size_t thing, const Rect& window) {
  std::vector<uint8_t> pixels(static_cast<size_t>(window.width * window.height));
  for (int64_t y = 0; y < window.height; ++y) {
    const uint16_t* row = scene.instances.data() + (window.top + y) * scene.labels.width + window.left;
    for (int64_t x = 0; x < window.width; ++x) pixels[y * window.width + x] = row[x] == thing + 1;
  }
  return geometry::encode_mask(pixels, window, scene.labels.size());
}

void append_segmentation(std::string& out, const geometry::RunLengthMask& mask, bool crowd) {
  auto to = std::back_inserter(out);
  if (crowd) {
    fmt::format_to(to, R"({{"counts":[{}],"size":[{},{}]}})", fmt::join(mask.counts, ","), mask.height, mask.width);
    return;
  }
  const std::vector<geometry::Polygon> outline = geometry::outline(mask);
  size_t corners = 0;
  for (const geometry::Polygon& ring : outline) corners += ring.size();
  if (corners > kMostCorners) {
    // Of the characters of compressed run lengths, JSON escapes only the backslash.
    std::string text;
    for (const char c : geometry::mask_string(mask)) text.append(c == '\\' ? 2 : 1, c);
    fmt::format_to(to, R"({{"counts":"{}","size":[{},{}]}})", text, mask.height, mask.width);
    return;
  }
  out += '[';
  for (size_t i = 0; i < outline.size(); ++i) {
    out += i == 0 ? "[" : ",[";
    for (size_t k = 0; k < outline[i].size(); ++k)
      // Corners of pixels: whole numbers.
      fmt::format_to(to, "{}{},{}", k == 0 ? "" : ",", static_cast<int64_t>(outline[i][k].x),
                     static_cast<int64_t>(outline[i][k].y));
    out += ']';
  }
  out += ']';
}

}  // namespace

std::string coco_annotations(const Scene& scene, int64_t image_id) {
  std::string out;
  auto to = std::back_inserter(out);
  const std::vector<Rect> rects = windows(scene);
  for (size_t i = 0; i < scene.things.size(); ++i) {
    const SceneThing& thing = scene.things[i];
    const Rect& box = rects[i];
    fmt::format_to(to, R"({}{{"id":{},"image_id":{},"category_id":{},"iscrowd":{},"area":{},"bbox":[{},{},{},{}],)",
                   i == 0 ? "" : ",\n", image_id * 65536 + static_cast<int64_t>(i) + 1, image_id,
                   static_cast<int>(thing.category), thing.crowd ? 1 : 0, thing.area, box.left, box.top, box.width,
                   box.height);
    fmt::format_to(to, R"("truncated":{},"occlusion":{:.3f},"segmentation":)", thing.truncated, thing.occlusion);
    append_segmentation(out, mask_of(scene, i, box), thing.crowd);
    out += '}';
  }
  return out;
}

CocoWriter::CocoWriter(FileSystem& files, std::filesystem::path path)
    : files_(files), path_(std::move(path)), aside_(path_.string() + ".part") {
  file_ = files_.open(aside_, FileSystem::Mode::truncate);
  std::string categories;
  for (int k = static_cast<int>(kFirstThing); k <= kCategories; ++k) {
    const auto category = static_cast<Category>(k);
    fmt::format_to(std::back_inserter(categories), R"({}{{"id":{},"name":"{}","supercategory":"{}"}})",
                   categories.empty() ? "" : ",", k, name_of(category), group_of(category));
  }
  // Written with the first record: a constructor that throws has no destructor to clear away what it began.
  pending_ = fmt::format(R"({{"info":{{"description":"synthetic scenes made by gtsa","version":"1.0"}},"licenses":[],)"
                         "\n\"categories\":[{}],\n\"annotations\":[\n",
                         categories);
}

CocoWriter::~CocoWriter() {
  if (file_ == nullptr) return;
  file_.reset();
  try {
    files_.remove_all(aside_);
  } catch (const std::exception&) {
    // The folder stays recognisable as unfinished; the error that led here is on its way.
  }
}

void CocoWriter::add(int64_t image_id, const std::string& file_name, Size size, const std::string& annotations) {
  fmt::format_to(std::back_inserter(images_), R"({}{{"id":{},"file_name":"{}","width":{},"height":{}}})",
                 images_.empty() ? "" : ",\n", image_id, file_name, size.width, size.height);
  if (annotations.empty()) return;
  file_->write(pending_);
  file_->write(annotations);
  pending_ = ",\n";
}

void CocoWriter::finish() {
  if (!pending_.starts_with(',')) file_->write(pending_);
  file_->write("\n],\n\"images\":[\n" + images_ + "\n]}\n");
  file_->sync();
  file_->close();
  files_.rename(aside_, path_);
  file_.reset();
  files_.sync_directory(path_.parent_path());
}

}  // namespace gtsa::synth
