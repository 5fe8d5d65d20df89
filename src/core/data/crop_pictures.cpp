#include "core/data/crop_pictures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/geometry/crop.h"
#include "core/image/encode.h"
#include "core/image/resample.h"

namespace gtsa::data {
namespace {

using nlohmann::ordered_json;

constexpr int kQuality = 88;
constexpr int64_t kLongestSide = 640;

ordered_json rounded(double x0, double y0, double x1, double y1) {
  const auto tenths = [](double x) { return std::round(10 * x) / 10; };
  return {tenths(x0), tenths(y0), tenths(x1), tenths(y1)};
}

/// A rectangle of the photograph in pixels of its picture, `scale` times as large.
ordered_json scaled(const Rect& r, double scale) {
  return rounded(static_cast<double>(r.left) * scale, static_cast<double>(r.top) * scale,
                 static_cast<double>(r.left + r.width) * scale, static_cast<double>(r.top + r.height) * scale);
}

ordered_json json_of(const Box& box) { return rounded(box.x1, box.y1, box.x2, box.y2); }

ordered_json sample_json(FileSystem& files, const std::filesystem::path& folder, const std::string& name,
                         const image::Image& photo, const MultiCropPlan& plan) {
  const double scale =
      std::min(1.0, static_cast<double>(kLongestSide) / static_cast<double>(std::max(photo.width(), photo.height())));
  const Size shown{std::max<int64_t>(1, std::lround(static_cast<double>(photo.width()) * scale)),
                   std::max<int64_t>(1, std::lround(static_cast<double>(photo.height()) * scale))};
  const std::string picture = name + ".jpg";
  image::write_jpeg(files, folder / picture, image::resized(photo, shown, image::Filter::bicubic), kQuality);
  ordered_json json{{"picture", picture},
                    {"width", shown.width},
                    {"height", shown.height},
                    {"views", ordered_json::array()},
                    {"overlaps", ordered_json::array()}};
  const auto views = static_cast<int64_t>(plan.views.size());
  for (int64_t v = 0; v < views; ++v) {
    const ViewPlan& view = plan.views[static_cast<size_t>(v)];
    const std::string view_picture = fmt::format("{}-{}.jpg", name, v);
    image::write_jpeg(files, folder / view_picture, execute(photo, view), kQuality);
    json["views"].push_back({{"kind", v < plan.global_views ? "global" : "local"},
                             {"picture", view_picture},
                             {"size", view.side},
                             {"box_in_photo", scaled(view.crop, scale)},
                             {"turn", static_cast<int>(view.turn)},
                             {"flipped", view.flip}});
    if (plan.global_boxes.empty()) continue;
    for (int64_t q = 0; q < std::min(v, plan.global_views); ++q) {
      json["overlaps"].push_back(
          {{"first", q},
           {"second", v},
           {"box_in_photo", scaled(geometry::intersection(plan.views[static_cast<size_t>(q)].crop, view.crop), scale)},
           {"box_in_first", json_of(plan.global_boxes[static_cast<size_t>(q * views + v)])},
           {"box_in_second", json_of(plan.all_boxes[static_cast<size_t>(v * plan.global_views + q)])}});
    }
  }
  return json;
}

}  // namespace

ordered_json write_crop_pictures(FileSystem& files, const std::filesystem::path& folder, const std::string& prefix,
                                 std::span<const PlannedSample> samples, const PlanPhoto& plan,
                                 const image::DecodeOptions& decode) {
  files.create_directories(folder / prefix);
  ordered_json json{{"photos", ordered_json::array()}};
  for (size_t i = 0; i < samples.size(); ++i) {
    const PlannedSample& sample = samples[i];
    try {
      const image::Image photo = sample.photo.read(decode);
      const MultiCropPlan drawn = plan(photo.size(), sample.epoch, sample.place);
      json["photos"].push_back(sample_json(files, folder, fmt::format("{}/{}", prefix, i), photo, drawn));
    } catch (const image::ImageError&) {
      continue;  // whoever takes samples of it says what is wrong
    }
  }
  return json;
}

ordered_json write_crop_pictures(FileSystem& files, const std::filesystem::path& folder, const std::string& prefix,
                                 std::span<const PlannedSample> samples, const ViewOptions& views, uint64_t seed,
                                 const image::DecodeOptions& decode) {
  const auto plan = [&](Size photo, uint64_t epoch, uint64_t place) {
    return plan_views(photo, views, seed, epoch, place);
  };
  return write_crop_pictures(files, folder, prefix, samples, plan, decode);
}

}  // namespace gtsa::data
