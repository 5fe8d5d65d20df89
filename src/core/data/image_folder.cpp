#include "core/data/image_folder.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/image/decode.h"

namespace gtsa::data {
namespace {

namespace fs = std::filesystem;

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return extension;
}

bool begins_like_a_picture(const fs::path& path) {
  std::array<char, 64> first{};
  std::ifstream file(path, std::ios::binary);
  file.read(first.data(), first.size());
  const auto count = static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0));
  return image::looks_like_a_picture(std::as_bytes(std::span(first.data(), count)));
}

/// What one argument holds.
struct Found {
  std::vector<fs::path> files;
  int64_t unsupported = 0;
  int64_t ignored = 0;
  std::vector<std::string> choices;  ///< layouts that were recognised

  void add(const fs::path& path, FileKind kind) {
    if (kind == FileKind::other) {
      ++ignored;
      return;
    }
    if (kind == FileKind::unsupported) ++unsupported;
    files.push_back(path);
  }
};

/// The folder of training photographs of a known layout below `folder`.
struct Layout {
  std::string_view name;
  fs::path training;
};

std::optional<Layout> known_layout(const fs::path& folder) {
  std::error_code absent;
  if (fs::is_directory(folder / "train2017", absent)) return Layout{"COCO", "train2017"};
  if (fs::is_directory(folder / "images" / "training", absent))
    return Layout{"ADE20K", fs::path("images") / "training"};
  return std::nullopt;
}

class Walk {
 public:
  explicit Walk(Found& found) : found_(found) {}

  void folder(const fs::path& path) {
    if (!first_visit(path)) return;
    if (const auto layout = known_layout(path)) {
      found_.choices.push_back(
          fmt::format("{}: {} layout, only the training photographs in {}/ are used (not those for "
                      "validation, nor labels)",
                      path.string(), layout->name, layout->training.string()));
      return folder(path / layout->training);
    }
    std::error_code failed;
    std::vector<fs::path> entries;
    for (fs::directory_iterator it(path, failed), end; !failed && it != end; it.increment(failed))
      entries.push_back(it->path());
    if (failed) throw Error("cannot read the folder {}: {}", path.string(), failed.message());
    // Sorted, so that which of two links to a folder is followed does not depend on the file system.
    std::sort(entries.begin(), entries.end(),
              [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
    for (const fs::path& entry : entries) visit(entry);
  }

 private:
  void visit(const fs::path& entry) {
    std::error_code failed;
    const fs::file_status status = fs::status(entry, failed);
    if (fs::is_directory(status)) return folder(entry);
    const FileKind kind = kind_by_name(entry);
    // A link that leads nowhere or in a circle is a bad file if it was meant as a picture.
    if (failed || !fs::exists(status)) return found_.add(entry, kind);
    if (!fs::is_regular_file(status)) return found_.add(entry, FileKind::other);
    const bool picture_by_content = kind == FileKind::other && begins_like_a_picture(entry);
    found_.add(entry, picture_by_content ? FileKind::picture : kind);
  }

  bool first_visit(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      throw Error("cannot read the folder {}: {}", path.string(), std::generic_category().message(errno));
    }
    return visited_.emplace(status.st_dev, status.st_ino).second;
  }

  Found& found_;
  std::set<std::pair<dev_t, ino_t>> visited_;
};

Found read_folder(const fs::path& argument) {
  Found found;
  Walk(found).folder(argument);
  std::sort(found.files.begin(), found.files.end(),
            [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  if (found.files.empty() && found.ignored == 0)
    throw Error("no photographs: the folder {} is empty", argument.string());
  if (found.files.empty()) {
    throw Error("no photographs: none of the {} files in {} is a picture (JPEG, PNG or WebP)", found.ignored,
                argument.string());
  }
  return found;
}

Found read_list(const fs::path& argument) {
  if (is_tar_by_name(argument)) {
    throw Error("{} is a tar archive: only pretraining's --data reads shards; unpack it, or name a folder",
                argument.string());
  }
  constexpr uint64_t kMostBytes = uint64_t{1} << 30;
  const std::string text = read_text(argument, kMostBytes);
  if (image::looks_like_a_picture(std::as_bytes(std::span(text.data(), std::min<size_t>(text.size(), 64))))) {
    throw Error("{} is a picture: name its folder, or a text file that lists paths", argument.string());
  }
  if (text.find('\0') != std::string::npos) {
    throw Error("{} is neither a folder nor a text file that lists paths of photographs", argument.string());
  }
  Found found;
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  for (int64_t line_number = 1; !rest.empty(); ++line_number) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const fs::path path = argument.parent_path() / fs::path(line);
    std::error_code failed;
    if (fs::is_directory(path, failed)) {
      throw Error("{}:{}: {} is a folder: a list holds files; give the folder its own --data", argument.string(),
                  line_number, path.string());
    }
    found.add(path, kind_by_name(path) == FileKind::unsupported ? FileKind::unsupported : FileKind::picture);
  }
  if (found.files.empty()) throw Error("no photographs: the list {} is empty", argument.string());
  const auto exists = [](const fs::path& path) {
    std::error_code failed;
    return fs::exists(path, failed);
  };
  if (std::none_of(found.files.begin(), found.files.end(), exists)) {
    throw Error(
        "none of the {} files that {} lists exists; its paths are relative to the list's own folder (the first is "
        "taken "
        "as {})",
        found.files.size(), argument.string(), found.files.front().string());
  }
  return found;
}

}  // namespace

FileKind kind_by_name(const fs::path& path) {
  const std::string extension = lower_extension(path);
  const auto is_one_of = [&](auto... known) { return ((extension == known) || ...); };
  if (is_one_of(".jpg", ".jpeg", ".png", ".webp")) return FileKind::picture;
  if (is_one_of(".gif", ".bmp", ".tif", ".tiff")) return FileKind::unsupported;
  return FileKind::other;
}

bool is_tar_by_name(const fs::path& path) { return lower_extension(path) == ".tar"; }

bool is_picture_by_name(const fs::path& path) { return kind_by_name(path) != FileKind::other; }

ImageFolder::ImageFolder(std::span<const fs::path> arguments) {
  if (arguments.empty()) throw UsageError("no photographs: --data is missing");
  for (const fs::path& argument : arguments) add(argument);
}

void ImageFolder::add(const fs::path& argument) {
  std::error_code failed;
  const fs::file_status status = fs::status(argument, failed);
  if (status.type() == fs::file_type::not_found) throw Error("no photographs: {} does not exist", argument.string());
  if (failed) throw Error("cannot read {}: {}", argument.string(), failed.message());
  if (!fs::is_directory(status) && !fs::is_regular_file(status)) {
    throw Error("{} is neither a folder nor a text file that lists paths of photographs", argument.string());
  }
  Found found = fs::is_directory(status) ? read_folder(argument) : read_list(argument);
  if (found.unsupported == static_cast<int64_t>(found.files.size())) {
    throw Error(
        "no photographs: all {} pictures of {} are in formats that are not read (GIF, BMP, TIFF); convert them to "
        "JPEG, PNG "
        "or WebP",
        found.unsupported, argument.string());
  }
  for (std::string& choice : found.choices) description_.push_back(std::move(choice));
  std::string line = fmt::format("{}: {} photographs", argument.string(), found.files.size());
  if (found.unsupported > 0)
    line += fmt::format(", {} of them in formats that are not read (GIF, BMP, TIFF)", found.unsupported);
  if (found.ignored > 0) line += fmt::format("; {} other files ignored", found.ignored);
  description_.push_back(std::move(line));
  unsupported_ += found.unsupported;
  ignored_ += found.ignored;
  std::move(found.files.begin(), found.files.end(), std::back_inserter(files_));
}

}  // namespace gtsa::data
