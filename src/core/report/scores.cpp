#include "core/report/scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/report/fields.h"

namespace gtsa::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostCells = size_t{1} << 22;  ///< that are read
constexpr int64_t kLargestCount = int64_t{1} << 40;
constexpr size_t kCellsShown = 40'000;  ///< 200 classes, all of them

struct Cell {
  int64_t truth = 0, predicted = 0, count = 0;
};

std::vector<Cell> read_cells(const Json& rows, int64_t classes) {
  // The limit keeps sums far from where they would overflow.
  const auto whole_number = [](const Json& value) {
    return value.is_number_integer() && value.get<int64_t>() >= 0 && value.get<int64_t>() <= kLargestCount;
  };
  std::vector<Cell> cells;
  cells.reserve(rows.size());
  for (const Json& row : rows) {
    if (!row.is_array() || row.size() != 3 || !std::all_of(row.begin(), row.end(), whole_number)) {
      throw Error("confusion holds what is no cell [true class, predicted class, count]");
    }
    const Cell cell{row[0].get<int64_t>(), row[1].get<int64_t>(), row[2].get<int64_t>()};
    if (std::max(cell.truth, cell.predicted) >= classes) {
      throw Error("confusion has class {} of {}", std::max(cell.truth, cell.predicted), classes);
    }
    cells.push_back(cell);
  }
  return cells;
}

std::string web_colour(const Json& colour) {
  std::array<int64_t, 3> rgb{};
  if (!colour.is_array() || colour.size() != rgb.size()) throw Error("palette holds what is no [red, green, blue]");
  for (size_t i = 0; i < rgb.size(); ++i) {
    if (!colour[i].is_number_integer() || colour[i].get<int64_t>() < 0 || colour[i].get<int64_t>() > 255) {
      throw Error("palette holds what is no byte");
    }
    rgb[i] = colour[i].get<int64_t>();
  }
  return fmt::format("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2]);
}

Json sample_of(const Json& sample, size_t classes, const std::filesystem::path& folder, Pictures& pictures) {
  Json shown{{"width", side(sample, "width")}, {"height", side(sample, "height")}};
  for (const char* key : {"picture", "truth", "prediction"}) {
    shown[key] = pictures.add_from(folder, word(sample, key));
  }
  shown["miou"] = number_or_null(sample, "miou");
  shown["classes"] = Json::array();
  for (const Json& index : list(sample, "classes")) {
    if (!index.is_number_integer() || index.get<int64_t>() < 0 || index.get<size_t>() >= classes) {
      throw Error("a sample's classes hold what is no class");
    }
    shown["classes"].push_back(index);
  }
  return shown;
}

}  // namespace

Json confusion_of(const Json& file, size_t classes) {
  if (!file.contains("confusion")) return nullptr;
  std::vector<Cell> cells = read_cells(list(file, "confusion", kMostCells), static_cast<int64_t>(classes));
  if (cells.empty()) return nullptr;
  std::vector<int64_t> rows(classes);
  for (const Cell& cell : cells) rows[static_cast<size_t>(cell.truth)] += cell.count;
  const size_t shown = std::min(cells.size(), kCellsShown), left_out = cells.size() - shown;
  std::stable_sort(cells.begin(), cells.end(), [](const Cell& a, const Cell& b) { return a.count > b.count; });
  Json flat = Json::array();
  for (size_t i = 0; i < shown; ++i) {
    for (const int64_t value : {cells[i].truth, cells[i].predicted, cells[i].count}) flat.push_back(value);
  }
  return {{"cells", std::move(flat)}, {"rows", rows}, {"left_out", left_out}};
}

Json classification_scores(const Json& file) {
  Json scores = Json::object();
  for (const char* key : {"top1", "top5", "loss", "mean_class_accuracy"}) scores[key] = number_or_null(file, key);
  scores["images"] = whole(file, "images", 0, INT64_MAX);
  scores["classes"] = by_class(file, "per_class_accuracy");
  scores["confusion"] = confusion_of(file, scores["classes"].size());
  return scores;
}

Json segmentation_scores(const Json& file, const std::filesystem::path& folder, Pictures& pictures) {
  Json scores = Json::object();
  for (const char* key : {"miou", "mean_accuracy", "pixel_accuracy"}) scores[key] = number_or_null(file, key);
  scores["pictures"] = whole(file, "pictures", 0, INT64_MAX);
  Json classes = by_class(file, "per_class_iou");
  const Json accuracies = by_class(file, "per_class_accuracy");
  const Json& palette = list(file, "palette");
  if (palette.size() != classes.size()) {
    throw Error("palette holds {} colours of {} classes", palette.size(), classes.size());
  }
  for (size_t i = 0; i < classes.size(); ++i) {
    classes[i].push_back(accuracies[i][1]);
    classes[i].push_back(web_colour(palette[i]));
  }
  scores["confusion"] = confusion_of(file, classes.size());
  scores["samples"] = Json::array();
  for (const Json& sample : list(file, "samples")) {
    scores["samples"].push_back(sample_of(sample, classes.size(), folder, pictures));
  }
  scores["classes"] = std::move(classes);
  return scores;
}

}  // namespace gtsa::report
