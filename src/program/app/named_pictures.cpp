#include "program/app/named_pictures.h"

#include <array>
#include <fstream>

#include "core/data/image_folder.h"
#include "core/image/decode.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

/// By its name or its first bytes.
bool is_picture(const fs::path& path) {
  std::error_code failed;
  if (!fs::is_regular_file(path, failed)) return false;
  if (data::is_picture_by_name(path)) return true;
  std::array<char, image::kMagicBytes> first{};
  std::ifstream file(path, std::ios::binary);
  file.read(first.data(), first.size());
  const auto read = static_cast<size_t>(file.gcount());
  return image::looks_like_a_picture(std::as_bytes(std::span(first.data(), read)));
}

}  // namespace

std::vector<fs::path> named_pictures(std::span<const std::string> arguments) {
  std::vector<fs::path> files;
  for (const fs::path path : arguments) {
    if (is_picture(path)) {
      files.push_back(path);
      continue;
    }
    const data::ImageFolder folder(std::span(&path, 1));
    files.insert(files.end(), folder.files().begin(), folder.files().end());
  }
  return files;
}

}  // namespace gtsa::app
