#include "core/report/pictures.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/report/base64.h"

namespace gtsa::report {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLargestFile = uint64_t{8} << 20;
constexpr uint64_t kLargestPage = uint64_t{64} << 20;

/// What a browser is to take the bytes for; empty if it shall not see them.
std::string_view media_type(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv)) return "image/png";
  if (bytes.starts_with("\xff\xd8\xff"sv)) return "image/jpeg";
  return {};
}

}  // namespace

int64_t Pictures::add(const fs::path& file) {
  if (const auto it = places_.find(file); it != places_.end()) return it->second;
  const std::vector<std::byte> bytes = read_bytes(file, kLargestFile);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string_view type = media_type(text);
  if (type.empty()) throw Error("{} is neither JPEG nor PNG", file.string());
  bytes_ += bytes.size();
  if (bytes_ > kLargestPage) {
    throw Error("the pictures up to {} are more than the {} MiB that a page takes", file.string(), kLargestPage >> 20);
  }
  for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  const auto place = static_cast<int64_t>(addresses_.size());
  addresses_.push_back(fmt::format("data:{};base64,{}", type, base64(bytes)));
  places_[file] = place;
  return place;
}

int64_t Pictures::add_from(const fs::path& folder, const std::string& name) {
  const fs::path path(name);
  const bool inside = !path.empty() && path.is_relative() &&
                      std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
  if (!inside) throw Error("picture \"{}\" does not lie in the run's artefacts", name);
  return add(folder / path);
}

std::string Pictures::fingerprint() const { return fmt::format("{:016x}-{}", hash_, addresses_.size()); }

}  // namespace gtsa::report
