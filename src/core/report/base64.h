#pragma once
#include <cstddef>
#include <span>
#include <string>

namespace gtsa::report {

/// RFC 4648 section 4, with padding: 4 characters for 3 bytes.
std::string base64(std::span<const std::byte> bytes);

}  // namespace gtsa::report
