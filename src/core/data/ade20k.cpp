#include "core/data/ade20k.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/data/image_folder.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

void require_folder(const fs::path& folder, const fs::path& root) {
  std::error_code failed;
  if (fs::is_directory(folder, failed)) return;
  throw Error("{} has not ADE20K's layout: the folder {} is missing", root.string(), folder.string());
}

std::vector<std::string_view> split_at(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

/// Lines without their ends; a last empty one is none.
std::vector<std::string_view> lines_of(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty()) return {};
  std::vector<std::string_view> lines = split_at(text, '\n');
  for (std::string_view& line : lines) {
    if (line.ends_with('\r')) line.remove_suffix(1);
  }
  return lines;
}

/// Of "#rrggbb".
std::optional<image::Colour> colour_of(std::string_view text) {
  constexpr size_t kLength = 7;
  constexpr int kHex = 16;
  if (text.size() != kLength || text.front() != '#') return std::nullopt;
  image::Colour colour{};
  for (size_t c = 0; c < colour.size(); ++c) {
    const char *const first = text.data() + 1 + 2 * c, *const last = first + 2;
    if (std::from_chars(first, last, colour[c], kHex).ptr != last) return std::nullopt;
  }
  return colour;
}

/// A line "name" or "name<tab>#rrggbb" a class.
Ade20kClasses classes_one_a_line(const fs::path& path) {
  Ade20kClasses classes;
  const std::string text = read_text(path);
  for (const std::string_view line : lines_of(text)) {
    const size_t number = classes.names.size() + 1, tab = line.find('\t');
    const std::string_view name = line.substr(0, tab);
    if (name.empty()) throw Error("{}:{}: the name of class {} is empty", path.string(), number, number);
    classes.names.emplace_back(name);
    if (tab != std::string_view::npos) {
      const std::string_view behind = trimmed(line.substr(tab + 1));
      const std::optional<image::Colour> colour = colour_of(behind);
      if (!colour) {
        throw Error("{}:{}: {:?} behind the tab is no colour: write it as #rrggbb", path.string(), number, behind);
      }
      classes.palette.push_back(*colour);
    }
    if (!classes.palette.empty() && classes.palette.size() != number) {
      throw Error("{}:{}: some classes have a colour and others none: give one to all of them or to none",
                  path.string(), number);
    }
  }
  return classes;
}

/// The official table. Idx counts from 1 without gaps; some of its numbers and names end with a blank.
std::vector<std::string> names_of_table(const fs::path& path) {
  const std::string text = read_text(path);
  const std::vector<std::string_view> lines = lines_of(text);
  const auto column = [head = split_at(lines.empty() ? "" : lines[0], '\t')](std::string_view name) {
    const auto is_named = [&](std::string_view cell) { return trimmed(cell) == name; };
    return static_cast<size_t>(std::find_if(head.begin(), head.end(), is_named) - head.begin());
  };
  const size_t index = column("Idx"), name = column("Name");
  std::vector<std::string> classes;
  for (size_t i = 1; i < lines.size(); ++i) {
    const auto cells = split_at(lines[i], '\t');
    if (index >= cells.size() || name >= cells.size()) {
      throw Error("{}:{}: no table with tabs and columns Idx and Name, as ADE20K's", path.string(), i + 1);
    }
    if (trimmed(cells[index]) != std::to_string(i) || trimmed(cells[name]).empty()) {
      throw Error("{}:{}: class {} and its name are due", path.string(), i + 1, i);
    }
    classes.emplace_back(trimmed(cells[name]));
  }
  return classes;
}

}  // namespace

std::vector<fs::path> Ade20kSplit::images() const {
  std::vector<fs::path> paths;
  for (const LabelledFile& file : files) paths.push_back(file.image);
  return paths;
}

std::vector<fs::path> Ade20kSplit::annotations() const {
  std::vector<fs::path> paths;
  for (const LabelledFile& file : files) paths.push_back(file.annotation);
  return paths;
}

bool is_ade20k_layout(const fs::path& root) {
  std::error_code failed;
  return fs::is_directory(root / "images" / "training", failed) &&
         fs::is_directory(root / "annotations" / "training", failed);
}

Ade20kClasses read_ade20k_classes(const fs::path& root) {
  const fs::path own = root / "classes.txt", official = root / "objectInfo150.txt";
  std::error_code failed;
  const bool has_own = fs::exists(own, failed);
  if (!has_own && !fs::exists(official, failed)) {
    throw Error("{} is missing: the names of the classes, one a line (ADE20K's own objectInfo150.txt does as well)",
                own.string());
  }
  Ade20kClasses classes =
      has_own ? classes_one_a_line(own) : Ade20kClasses{.names = names_of_table(official), .palette = {}};
  constexpr size_t kMostClasses = 32'768;
  if (classes.names.empty() || classes.names.size() > kMostClasses) {
    throw Error("{} names {} classes: between 1 and {} are possible", (has_own ? own : official).string(),
                classes.names.size(), kMostClasses);
  }
  return classes;
}

std::vector<LabelledFile> list_ade20k(const fs::path& root, const std::string& split) {
  const fs::path images = root / "images" / split;
  const fs::path annotations = root / "annotations" / split;
  require_folder(images, root);
  require_folder(annotations, root);
  const std::vector<fs::path> arguments{images};
  std::vector<LabelledFile> files;
  const ImageFolder photos(arguments);
  for (const fs::path& image : photos.files()) {
    files.push_back({image, (annotations / image.lexically_relative(images)).replace_extension(".png")});
  }
  return files;
}

Ade20kSplit read_ade20k(const fs::path& root, const std::string& split) {
  std::vector<LabelledFile> files = list_ade20k(root, split);
  Ade20kClasses classes = read_ade20k_classes(root);
  for (const LabelledFile& file : files) {
    std::error_code failed;
    if (!fs::is_regular_file(file.annotation, failed)) {
      throw Error("{} has no annotation: {} is missing", file.image.string(), file.annotation.string());
    }
  }
  return {std::move(files), std::move(classes.names), std::move(classes.palette)};
}

}  // namespace gtsa::data
