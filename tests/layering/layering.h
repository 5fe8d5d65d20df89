#pragma once
// Reads include lines and CMake link lines and compares them with the table of rooms in docs/architecture.md.

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gtsa::layering {

/// A room -> the rooms it may use, all by their whole names ("core/image").
using Table = std::map<std::string, std::set<std::string>>;

/// The rows `| `core/image` | what it knows | base, geometry |` of a Markdown text. The last column holds names without
/// a floor: core's rooms first, then learn's, then program's; "-" is nothing, "everything" is every room of the table.
/// Throws std::runtime_error on a name that no row has.
Table parse_table(std::string_view markdown);

/// The rooms on the USES line of a room's CMakeLists.txt, and whether the file names LibTorch or calls gtsa_room() at
/// all.
struct Declared {
  bool is_room = false;
  bool names_torch = false;
  std::set<std::string> uses;
};
Declared parse_cmake(std::string_view text);

/// One `#include`: the path, and whether it stood in angle brackets.
struct Include {
  int line;
  std::string path;
  bool angled;
};
std::vector<Include> parse_includes(std::string_view source);

/// Everything in the tree under `root` that breaks the table or its rules, one sentence each, sorted; empty = all is
/// well. Reads docs/architecture.md and src/.
std::vector<std::string> check(const std::filesystem::path& root);

}  // namespace gtsa::layering
