#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace gtsa::report {

/// The pictures inside a page: each file once, as a data: address.
class Pictures {
 public:
  /// Takes in a JPEG or PNG file (told by its first bytes) and returns its place in json(). Throws Error for anything
  /// else, for a file of more than 8 MiB, and once a page holds 64 MiB.
  int64_t add(const std::filesystem::path& file);
  /// add() of a name that a file of the run gave: it must lie in `folder`, whatever the name says.
  int64_t add_from(const std::filesystem::path& folder, const std::string& name);

  /// ["data:image/png;base64,...", ...]
  const nlohmann::ordered_json& json() const { return addresses_; }
  /// Changes when any picture does.
  std::string fingerprint() const;

 private:
  std::map<std::filesystem::path, int64_t> places_;
  nlohmann::ordered_json addresses_ = nlohmann::ordered_json::array();
  uint64_t bytes_ = 0;
  uint64_t hash_ = 0xcbf29ce484222325;  // FNV-1a
};

}  // namespace gtsa::report
