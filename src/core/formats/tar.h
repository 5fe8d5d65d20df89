#pragma once
// tar archives: which files lie where. POSIX ustar and pax (IEEE Std 1003.1), GNU's long names and the older headers
// without a magic number. Uncompressed ones: only these can be read at any place.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace gtsa::formats {

/// A regular file of an archive.
struct TarMember {
  std::string name;     ///< as stored: any bytes but NUL
  uint64_t offset = 0;  ///< of its content in the archive
  uint64_t size = 0;    ///< bytes; reaches beyond the archive's end if the archive was cut inside
};

/// What a walk met besides the members.
struct TarWalk {
  uint64_t others = 0;  ///< entries without content of their own: folders, links, devices, sparse files
  bool torn = false;    ///< the archive ends inside its last entry's content
};

/// Fills `out` with the bytes from `offset` on; never asked for any beyond the archive's size.
using ReadAt = std::function<void(uint64_t offset, std::span<std::byte> out)>;

/// Calls visit(member) for each regular file of an archive of `size` bytes, in the archive's order. Reads headers and
/// long names alone; holds one at a time.
/// Throws Error "REASON (byte N)": no tar archive, a compressed one, a header that is cut or contradicts its checksum,
/// a size or a long name beyond the limits, anything but zeros after the end mark. An archive without an end mark ends
/// with its file.
TarWalk walk_tar(uint64_t size, const ReadAt& read, const std::function<void(TarMember&&)>& visit);

}  // namespace gtsa::formats
