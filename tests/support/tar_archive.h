#pragma once
// tar archives put together byte by byte, right ones and wrong ones.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace gtsa::test {

/// A header of POSIX ustar; the checksum is right. Names longer than 100 bytes are cut.
std::string tar_header(std::string_view name, uint64_t size, char type = '0');
/// The header with other bytes from `offset` on and a checksum that fits them.
std::string with_field(std::string header, size_t offset, std::string_view bytes);
/// Filled with zeros up to a whole number of blocks.
std::string tar_blocks(std::string_view content);
/// Header and content.
std::string tar_entry(std::string_view name, std::string_view content, char type = '0');
/// "LENGTH KEY=VALUE\n"
std::string pax_record(std::string_view key, std::string_view value);
/// The end mark.
std::string tar_end();

/// Every file of a folder, sorted by name, as members of one archive.
std::string tar_of_folder(const std::filesystem::path& folder);

}  // namespace gtsa::test
