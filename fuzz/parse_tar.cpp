// Any bytes are a tar archive or refused with a reason. What is found lies inside the archive, in its order; only the
// last member of a torn one may go beyond its end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "core/base/error.h"
#include "core/formats/tar.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = [&](uint64_t offset, std::span<std::byte> out) {
    if (offset > size || out.size() > size - offset) std::abort();
    if (!out.empty()) std::memcpy(out.data(), data + offset, out.size());
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
  return 0;
}
