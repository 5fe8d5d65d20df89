#pragma once
#include <string>
#include <string_view>

namespace gtsa::app {

/// A field of a CSV line (RFC 4180): in quotes if it has commas, quotes or line breaks.
std::string csv_field(std::string_view text);

}  // namespace gtsa::app
