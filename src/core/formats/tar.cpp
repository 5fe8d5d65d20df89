#include "core/formats/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "core/formats/json_cursor.h"

namespace gtsa::formats {
namespace {

using namespace std::string_view_literals;

constexpr uint64_t kBlock = 512;
constexpr uint64_t kMostExtension = uint64_t{1} << 20;  ///< bytes of a long name or of pax records
constexpr uint64_t kMostFill = uint64_t{1} << 20;  ///< bytes of zeros after the end mark: tar fills its last record

/// A block of 512 bytes and its fields (POSIX ustar; offsets as the standard's table gives them).
class Header {
 public:
  explicit Header(const ReadAt& read, uint64_t at) { read(at, std::as_writable_bytes(std::span(bytes_))); }

  bool is_zero() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](char c) { return c == '\0'; });
  }
  char type() const { return bytes_[156]; }
  std::optional<uint64_t> size() const { return number(field(124, 12)); }
  bool begins_with(std::string_view magic) const { return field(0, magic.size()) == magic; }
  /// Whether another block of a sparse file's map follows: of the header itself, of a block of the map.
  bool map_goes_on() const { return bytes_[482] != '\0'; }
  bool map_block_goes_on() const { return bytes_[504] != '\0'; }

  std::string name() const {
    const std::string_view name = text(0, 100), folder = text(345, 155);
    // GNU's own form (magic "ustar ") keeps times where POSIX has the folder.
    const bool posix = field(257, 6) == "ustar\0"sv;
    return posix && !folder.empty() ? fmt::format("{}/{}", folder, name) : std::string(name);
  }

  /// The sum of all bytes with blanks in the checksum's place; some old programs summed signed ones.
  bool checksum_fits() const {
    const auto stated = number(field(148, 8));
    int64_t sum = 8 * ' ', signed_sum = 8 * ' ';
    for (size_t i = 0; i < bytes_.size(); ++i) {
      if (i >= 148 && i < 156) continue;
      sum += static_cast<unsigned char>(bytes_[i]);
      signed_sum += static_cast<signed char>(bytes_[i]);
    }
    return stated && (static_cast<int64_t>(*stated) == sum || static_cast<int64_t>(*stated) == signed_sum);
  }

 private:
  std::string_view field(size_t begin, size_t count) const { return {bytes_.data() + begin, count}; }
  /// A field up to its first NUL.
  std::string_view text(size_t begin, size_t count) const {
    const std::string_view whole = field(begin, count);
    return whole.substr(0, whole.find('\0'));
  }

  /// Octal digits between blanks, none for 0; or, GNU's way, a big-endian number marked by its first bit. Nothing if it
  /// is neither or beyond 63 bits.
  static std::optional<uint64_t> number(std::string_view digits) {
    const bool binary = (static_cast<unsigned char>(digits[0]) & 0x80) != 0;
    uint64_t value = 0;
    if (binary) {
      value = static_cast<unsigned char>(digits[0]) & 0x7F;
      for (const char c : digits.substr(1)) {
        if (value >> 55 != 0) return std::nullopt;
        value = value << 8 | static_cast<unsigned char>(c);
      }
      return value;
    }
    const size_t begin = std::min(digits.find_first_not_of(' '), digits.size());
    const size_t end = std::min(digits.find_first_of(" \0"sv, begin), digits.size());
    for (const char c : digits.substr(begin, end - begin)) {
      if (c < '0' || c > '7') return std::nullopt;
      value = value << 3 | static_cast<uint64_t>(c - '0');  // at most 12 digits: 36 bits
    }
    return digits.find_first_not_of(" \0"sv, end) == std::string_view::npos ? std::optional(value) : std::nullopt;
  }

  std::array<char, kBlock> bytes_{};
};

/// The program that packed bytes which begin so, or "".
std::string_view compression_of(const Header& first) {
  constexpr std::array kMagics{std::pair("\x1f\x8b"sv, "gzip"sv), std::pair("BZh"sv, "bzip2"sv),
                               std::pair("\xfd"
                                         "7zXZ\0"sv,
                                         "xz"sv),
                               std::pair("\x28\xb5\x2f\xfd"sv, "zstd"sv), std::pair("\x04\x22\x4d\x18"sv, "lz4"sv)};
  for (const auto& [magic, name] : kMagics) {
    if (first.begins_with(magic)) return name;
  }
  return "";
}

/// What the entries before a member say about it.
struct Extension {
  std::string long_name;               ///< GNU's
  std::string pax_name;                ///< goes before the other
  std::optional<uint64_t> size;        ///< pax
  bool sparse = false;                 ///< pax: the content is a map and pieces of a file
  std::optional<uint64_t> pending_at;  ///< where the first of them began
};

class Walker {
 public:
  Walker(uint64_t size, const ReadAt& read, const std::function<void(TarMember&&)>& visit)
      : size_(size), read_(read), visit_(visit) {}

  TarWalk walk() {
    while (at_ < size_ && !result_.torn) {
      const Header header = read_header();
      if (header.is_zero()) {
        check_end();
        break;
      }
      check(header);
      entry(header);
    }
    if (extension_.pending_at)
      fail_at(*extension_.pending_at, "the archive ends after a long name, before the file that it belongs to");
    return result_;
  }

 private:
  Header read_header() const {
    if (size_ - at_ < kBlock) fail_at(at_, fmt::format("the archive ends inside a header, {} bytes long", size_));
    return Header(read_, at_);
  }

  void check(const Header& header) const {
    if (header.checksum_fits()) return;
    if (at_ > 0) fail_at(at_, "no header where one is due: its checksum does not fit");
    if (const auto program = compression_of(header); !program.empty())
      fail_at(0,
              fmt::format("compressed with {}: unpack it, only plain tar archives can be read at any place", program));
    fail_at(0, "no tar archive: the checksum of its first header does not fit");
  }

  /// The end mark is two blocks of zeros; up to the end of the file zeros may follow.
  void check_end() const {
    const uint64_t left = size_ - at_;
    if (left > kMostFill) fail_at(at_, fmt::format("{} bytes follow where the archive ends", left));
    std::string fill(left, '\0');
    read_(at_, std::as_writable_bytes(std::span(fill)));
    if (const size_t more = fill.find_first_not_of('\0'); more != std::string::npos) {
      fail_at(at_ + more,
              "something follows the end mark: archives that were joined are not read, give each its own file");
    }
  }

  void entry(const Header& header) {
    const uint64_t begin = at_ + kBlock;
    const auto stated = header.size();
    if (!stated) fail_at(at_, "the size of an entry is no number of up to 63 bits");
    const uint64_t size = extension_.size.value_or(*stated);
    switch (header.type()) {
      case 'L':
        extension_.pending_at = extension_.pending_at.value_or(at_);
        extension_.long_name = extension_text(begin, *stated);
        extension_.long_name.resize(std::min(extension_.long_name.find('\0'), extension_.long_name.size()));
        return go_beyond(begin, *stated);
      case 'x':
        extension_.pending_at = extension_.pending_at.value_or(at_);
        pax_records(begin, extension_text(begin, *stated));
        return go_beyond(begin, *stated);
      case 'K':  // the target of a link that follows
      case 'g':  // pax records for all that follows: dates and comments
        return go_beyond(begin, *stated);
      case '0':
      case '\0':
      case '7':
        return regular(header, begin, size);
      case 'S':
        return other(end_of_map(header, begin), size);
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
        return other(begin, 0);  // whatever size they state, no content follows
      default:
        return other(begin, size);
    }
  }

  void regular(const Header& header, uint64_t begin, uint64_t size) {
    if (extension_.sparse) return other(begin, size);
    std::string name = !extension_.pax_name.empty()    ? std::move(extension_.pax_name)
                       : !extension_.long_name.empty() ? std::move(extension_.long_name)
                                                       : header.name();
    if (name.ends_with('/')) return other(begin, 0);  // how headers before POSIX mark folders
    extension_ = {};
    visit_({std::move(name), begin, size});
    go_beyond(begin, size);
  }

  void other(uint64_t begin, uint64_t size) {
    extension_ = {};
    ++result_.others;
    go_beyond(begin, size);
  }

  void go_beyond(uint64_t begin, uint64_t size) {
    result_.torn = size > size_ - begin;
    if (result_.torn) return;
    const uint64_t fill = (kBlock - size % kBlock) % kBlock;
    at_ = begin + size + std::min(fill, size_ - begin - size);
  }

  std::string extension_text(uint64_t begin, uint64_t size) const {
    if (size > kMostExtension)
      fail_at(at_, fmt::format("a long name or pax records of {} bytes; at most {} are read", size, kMostExtension));
    if (size > size_ - begin) fail_at(at_, "the archive ends inside a long name or pax records");
    std::string text(size, '\0');
    read_(begin, std::as_writable_bytes(std::span(text)));
    return text;
  }

  /// Records "LENGTH KEY=VALUE\n", the length in decimal digits and counting the whole record.
  void pax_records(uint64_t begin, std::string_view text) {
    for (size_t next = 0; next < text.size();) {
      const size_t blank = text.find(' ', next);
      const auto length = decimal(text.substr(next, blank == text.npos ? 0 : blank - next));
      if (!length || *length > text.size() - next || *length < blank + 2 - next || text[next + *length - 1] != '\n')
        fail_at(begin + next, "a broken pax record: no length that fits");
      const std::string_view record = text.substr(blank + 1, next + *length - blank - 2);
      const size_t equals = record.find('=');
      if (equals == record.npos) fail_at(begin + next, "a broken pax record: no '='");
      pax_record(begin + next, record.substr(0, equals), record.substr(equals + 1));
      next += *length;
    }
  }

  void pax_record(uint64_t at, std::string_view key, std::string_view value) {
    if (key == "path") {
      if (value.find('\0') != value.npos) fail_at(at, "a pax path with a NUL");
      extension_.pax_name = value;
    } else if (key == "size") {
      extension_.size = decimal(value);
      if (!extension_.size) fail_at(at, "a pax size that is no number of up to 63 bits");
    } else if (key.starts_with("GNU.sparse.")) {
      extension_.sparse = true;
    }
  }

  static std::optional<uint64_t> decimal(std::string_view digits) {
    uint64_t value = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9' || value > INT64_MAX / 10 - 1) return std::nullopt;
      value = 10 * value + static_cast<uint64_t>(c - '0');
    }
    return digits.empty() ? std::nullopt : std::optional(value);
  }

  /// Where a GNU sparse file's content begins: after the blocks that its map goes on in.
  uint64_t end_of_map(const Header& header, uint64_t begin) {
    bool more = header.map_goes_on();
    while (more) {
      if (size_ - begin < kBlock) fail_at(begin, "the archive ends inside the map of a sparse file");
      more = Header(read_, begin).map_block_goes_on();
      begin += kBlock;
    }
    return begin;
  }

  const uint64_t size_;
  const ReadAt& read_;
  const std::function<void(TarMember&&)>& visit_;
  uint64_t at_ = 0;
  Extension extension_;
  TarWalk result_;
};

}  // namespace

TarWalk walk_tar(uint64_t size, const ReadAt& read, const std::function<void(TarMember&&)>& visit) {
  return Walker(size, read, visit).walk();
}

}  // namespace gtsa::formats
