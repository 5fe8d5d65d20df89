#include "support/tar_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/base/files.h"

namespace gtsa::test {
namespace {

constexpr size_t kBlock = 512;

void put(std::string& header, size_t offset, std::string_view bytes) {
  std::copy(bytes.begin(), bytes.end(), header.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

std::string with_field(std::string header, size_t offset, std::string_view bytes) {
  put(header, offset, bytes);
  put(header, 148, "        ");
  unsigned sum = 0;
  for (size_t i = 0; i < kBlock; ++i) sum += static_cast<unsigned char>(header[i]);
  put(header, 148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return header;
}

std::string tar_header(std::string_view name, uint64_t size, char type) {
  std::string header(kBlock, '\0');
  put(header, 0, name.substr(0, 100));
  put(header, 100, "0000644");
  put(header, 108, "0001750");
  put(header, 116, "0001750");
  put(header, 124, fmt::format("{:011o}", size));
  put(header, 136, "14400000000");
  put(header, 257,
      std::string_view("ustar\0"
                       "00",
                       8));
  return with_field(header, 156, std::string(1, type));
}

std::string tar_blocks(std::string_view content) {
  std::string blocks(content);
  blocks.resize((content.size() + kBlock - 1) / kBlock * kBlock, '\0');
  return blocks;
}

std::string tar_entry(std::string_view name, std::string_view content, char type) {
  return tar_header(name, content.size(), type) + tar_blocks(content);
}

std::string pax_record(std::string_view key, std::string_view value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t length = rest;
  while (length != rest + std::to_string(length).size()) length = rest + std::to_string(length).size();
  return fmt::format("{} {}={}\n", length, key, value);
}

std::string tar_end() { return std::string(2 * kBlock, '\0'); }

std::string tar_of_folder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::string archive;
  for (const auto& file : files) archive += tar_entry(file.filename().string(), read_text(file));
  return archive + tar_end();
}

}  // namespace gtsa::test
