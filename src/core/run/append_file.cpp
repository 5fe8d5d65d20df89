#include "core/run/append_file.h"

#include <cstddef>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>
#include <vector>

namespace gtsa::run {
namespace {

namespace fs = std::filesystem;

std::string_view text_of(const MappedFile& map) {
  return {reinterpret_cast<const char*>(map.bytes().data()), map.bytes().size()};
}

}  // namespace

AppendFile::AppendFile(FileSystem& files, fs::path path, Mend mend)
    : files_(&files), path_(std::move(path)), mend_(mend) {}

void AppendFile::append(std::string_view record) {
  if (!file_) {
    mend_(*files_, path_);
    file_ = files_->open(path_, FileSystem::Mode::append);
  }
  try {
    file_->write(record);
  } catch (...) {
    file_.reset();
    throw;
  }
}

void AppendFile::sync() {
  if (file_) file_->sync();
}

void drop_torn_line(FileSystem& files, const fs::path& path) {
  if (!fs::exists(path)) return;
  const MappedFile map(path);
  const std::string_view text = text_of(map);
  if (text.empty() || text.back() == '\n') return;
  const size_t last_end = text.rfind('\n');
  write_atomically(files, path, last_end == std::string_view::npos ? std::string_view() : text.substr(0, last_end + 1));
}

void cut_lines(FileSystem& files, const fs::path& path, int64_t last_step) {
  if (!fs::exists(path)) return;
  const MappedFile map(path);
  std::vector<std::span<const std::byte>> kept;
  size_t kept_bytes = 0;
  int64_t step = std::numeric_limits<int64_t>::min();
  std::string_view rest = text_of(map);
  for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    const std::string_view line = rest.substr(0, end + 1);
    rest.remove_prefix(end + 1);
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) continue;
    if (const auto found = json.find("step"); found != json.end() && found->is_number_integer())
      step = found->get<int64_t>();
    if (step > last_step) continue;
    kept.push_back(std::as_bytes(std::span(line)));
    kept_bytes += line.size();
  }
  if (kept_bytes != map.bytes().size()) write_atomically(files, path, kept);
}

}  // namespace gtsa::run
