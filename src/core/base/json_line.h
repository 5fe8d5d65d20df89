#pragma once
// How every JSON text of the program is made. nlohmann's own dump() throws at a name that is not UTF-8, and names of
// files and classes need not be.

#include <string>

namespace gtsa {

/// `json` (nlohmann's, of any order) on one line without its end. Bytes that are not UTF-8 become the replacement mark,
/// numbers that are not finite null.
template <class Json>
std::string json_line(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace gtsa
