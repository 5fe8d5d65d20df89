#include "layering/layering.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace gtsa::layering {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFloors[] = {"core", "learn", "program"};

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> split(const std::string& text, const std::string& separators) {
  std::vector<std::string> words;
  size_t begin = 0;
  while ((begin = text.find_first_not_of(separators, begin)) != std::string::npos) {
    const size_t end = std::min(text.find_first_of(separators, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "nothing" : text;
}

/// "core/image" of "core/image/decode.h", or empty if the path does not begin with a floor.
std::string room_of(const std::string& path) {
  for (const std::string floor : kFloors) {
    if (!path.starts_with(floor + "/")) continue;
    return path.substr(0, path.find('/', floor.size() + 1));
  }
  return "";
}

bool is_source(const fs::path& path) {
  static const std::set<std::string> kExtensions = {".h", ".hpp", ".inl", ".cpp", ".cu", ".cuh"};
  return kExtensions.contains(path.extension().string());
}

bool begins_with_torch(const std::string& path) {
  static const std::regex kTorch("(torch|ATen|c10|caffe2|gloo)/.*");
  return std::regex_match(path, kTorch);
}

/// Headers that drag in all of LibTorch: 7 to 14 seconds a file, where narrow ones cost 2 to 4.
bool is_wide_torch(const std::string& path) {
  return path == "torch/torch.h" || path == "torch/extension.h" || path == "ATen/ATen.h" ||
         path.starts_with("torch/nn");
}

class Checker {
 public:
  explicit Checker(const fs::path& root) : root_(root), table_(parse_table(read(root / "docs" / "architecture.md"))) {}

  std::vector<std::string> run() {
    compare_rooms_with_table();
    for (const auto& [room, allowed] : table_) {
      if (!fs::is_directory(root_ / "src" / room)) continue;
      const Declared declared = check_cmake(room, allowed);
      for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root_ / "src" / room))
        if (entry.is_regular_file() && is_source(entry.path())) check_source(room, declared, entry.path());
    }
    std::sort(found_.begin(), found_.end());
    return found_;
  }

 private:
  void compare_rooms_with_table() {
    for (const auto& [room, allowed] : table_)
      if (!fs::is_directory(root_ / "src" / room))
        found_.push_back("docs/architecture.md: " + room + " has no folder in src");
    for (const std::string floor : kFloors) {
      if (!fs::is_directory(root_ / "src" / floor)) continue;
      for (const fs::directory_entry& entry : fs::directory_iterator(root_ / "src" / floor)) {
        const std::string room = floor + "/" + entry.path().filename().string();
        if (entry.is_directory() && !table_.contains(room))
          found_.push_back("src/" + room + ": not in the table of docs/architecture.md");
      }
    }
  }

  Declared check_cmake(const std::string& room, const std::set<std::string>& allowed) {
    const std::string where = "src/" + room + "/CMakeLists.txt";
    if (!fs::exists(root_ / where)) {
      found_.push_back(where + ": missing");
      return {};
    }
    Declared declared = parse_cmake(read(root_ / where));
    if (!declared.is_room) found_.push_back(where + ": holds no gtsa_room()");
    if (declared.names_torch) found_.push_back(where + ": names LibTorch; only cmake/ may, as gtsa::torch");
    for (const std::string& use : declared.uses)
      if (!allowed.contains(use))
        found_.push_back(where + ": USES " + use + ", but " + room + " may use " + joined(allowed));
    return declared;
  }

  void check_source(const std::string& room, const Declared& declared, const fs::path& path) {
    const std::string file = fs::relative(path, root_).generic_string();
    for (const Include& include : parse_includes(read(path))) {
      const std::string where = file + ":" + std::to_string(include.line) + ": ";
      if (begins_with_torch(include.path)) {
        if (room.starts_with("core/"))
          found_.push_back(where + "core knows no LibTorch, not even <" + include.path + ">");
        if (is_wide_torch(include.path))
          found_.push_back(where + "<" + include.path + "> is too wide; include <ATen/ops/NAME.h>");
        continue;
      }
      const std::string used = room_of(include.path);
      if (used.empty()) {
        // Public headers, and headers that CMake writes, are included with angle brackets or lie under gtsa/.
        if (!include.angled && !include.path.starts_with("gtsa/"))
          found_.push_back(where + "\"" + include.path + "\" is not written from src (\"core/image/image.h\")");
      } else if (used != room && !declared.uses.contains(used)) {
        found_.push_back(where + room + " includes " + used + ", which is not on its USES line");
      }
    }
  }

  fs::path root_;
  Table table_;
  std::vector<std::string> found_;
};

}  // namespace

Table parse_table(std::string_view markdown) {
  static const std::regex kRow(R"(^\| `((?:core|learn|program)/[a-z]+)` \|.*\| ([^|]*) \|$)");
  std::map<std::string, std::string> columns;
  std::istringstream lines{std::string(markdown)};
  for (std::string line; std::getline(lines, line);) {
    std::smatch row;
    if (std::regex_match(line, row, kRow)) columns[row[1]] = row[2];
  }
  Table table;
  for (const auto& [room, column] : columns) {
    std::set<std::string>& allowed = table[room];
    for (const std::string& word : split(column, ", ")) {
      if (word == "-") continue;
      bool known = word == "everything";
      for (const auto& [other, unused] : columns) {
        if (other == room || (word != "everything" && !other.ends_with("/" + word))) continue;
        allowed.insert(other);
        known = true;
      }
      if (!known)
        throw std::runtime_error("the table of rooms: " + room + " may use '" + word + "', which no row describes");
    }
  }
  if (table.empty()) throw std::runtime_error("docs/architecture.md holds no table of rooms");
  return table;
}

Declared parse_cmake(std::string_view text) {
  std::string code;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) code += line.substr(0, line.find('#')) + "\n";
  Declared declared;
  declared.names_torch = std::regex_search(code, std::regex("[Tt]orch|TORCH|\\bc10\\b"));
  const size_t begin = code.find("gtsa_room(");
  if (begin == std::string::npos) return declared;
  declared.is_room = true;
  bool in_uses = false;
  const size_t body = begin + std::string_view("gtsa_room(").size();
  for (const std::string& word : split(code.substr(body, code.find(')', body) - body), " \t\r\n")) {
    if (word == "SOURCES" || word == "USES" || word == "LIBRARIES") {
      in_uses = word == "USES";
    } else if (in_uses) {
      declared.uses.insert(word);
    }
  }
  return declared;
}

std::vector<Include> parse_includes(std::string_view source) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
  std::vector<Include> includes;
  std::istringstream lines{std::string(source)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::smatch match;
    if (std::regex_match(line, match, kInclude)) includes.push_back({number, match[2], match[1] == "<"});
  }
  return includes;
}

std::vector<std::string> check(const fs::path& root) { return Checker(root).run(); }

}  // namespace gtsa::layering
