// Any bytes are a tar archive or refused with a reason. What is found lies inside the archive, in its order; only the
// last member of a torn one may go beyond its end. Each input is walked as it is and with checksums that fit, for
// mutations rarely find these.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <span>
#include <string>

#include "core/base/error.h"
#include "core/formats/tar.h"

namespace {

void walk(const std::string& archive) {
  const uint64_t size = archive.size();
  const auto read = [&](uint64_t offset, std::span<std::byte> out) {
    if (offset > size || out.size() > size - offset) std::abort();
    std::memcpy(out.data(), archive.data() + offset, out.size());
  };
  uint64_t end = 0;
  const auto visit = [&](gtsa::formats::TarMember&& member) {
    if (end > size || member.offset < end || member.offset > size || member.size > INT64_MAX) std::abort();
    if (member.name.find('\0') != std::string::npos) std::abort();
    end = member.offset + member.size;
  };
  try {
    const gtsa::formats::TarWalk walk = gtsa::formats::walk_tar(size, read, visit);
    if (end > size && !walk.torn) std::abort();
  } catch (const gtsa::Error&) {
  }
}

std::string with_checksums(std::string archive) {
  for (size_t at = 0; at + 512 <= archive.size(); at += 512) {
    const std::span block(archive.data() + at, 512);
    if (std::ranges::all_of(block, [](char c) { return c == '\0'; })) continue;
    std::fill_n(block.begin() + 148, 8, ' ');
    const unsigned sum = std::accumulate(block.begin(), block.end(), 0U,
                                         [](unsigned all, char c) { return all + static_cast<unsigned char>(c); });
    std::snprintf(&block[148], 8, "%06o", sum);
  }
  return archive;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string archive(reinterpret_cast<const char*>(data), size);
  walk(archive);
  walk(with_checksums(archive));
  return 0;
}
