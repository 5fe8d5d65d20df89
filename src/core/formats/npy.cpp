#include "core/formats/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/formats/json_cursor.h"

namespace gtsa::formats {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxHeader = size_t{1} << 20;
constexpr size_t kMaxRank = 64;

constexpr std::array<std::pair<std::string_view, Dtype>, 12> kDescriptions = {{{"|b1", Dtype::boolean},
                                                                               {"|u1", Dtype::u8},
                                                                               {"|i1", Dtype::i8},
                                                                               {"<u2", Dtype::u16},
                                                                               {"<i2", Dtype::i16},
                                                                               {"<f2", Dtype::f16},
                                                                               {"<u4", Dtype::u32},
                                                                               {"<i4", Dtype::i32},
                                                                               {"<f4", Dtype::f32},
                                                                               {"<u8", Dtype::u64},
                                                                               {"<i8", Dtype::i64},
                                                                               {"<f8", Dtype::f64}}};

/// The dictionary, read from left to right: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class Dictionary {
 public:
  Dictionary(std::string_view text, size_t base) : text_(text), base_(base) {}

  void parse(NpyArray& array) {
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!consume('}')) {
      const size_t at = next_;
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !std::exchange(has_descr, true)) {
        array.dtype = dtype();
      } else if (key == "fortran_order" && !std::exchange(has_order, true)) {
        order();
      } else if (key == "shape" && !std::exchange(has_shape, true)) {
        array.shape = shape();
      } else {
        fail(at, fmt::format("key {} is unknown or there twice", shown(key)));
      }
      if (!consume(',')) {
        expect('}');
        break;
      }
    }
    if (!has_descr || !has_order || !has_shape) fail(next_, "descr, fortran_order or shape is missing");
    skip_space();
    if (next_ != text_.size()) fail(next_, "something follows the header's dictionary");
  }

 private:
  [[noreturn]] void fail(size_t at, const std::string& reason) const { fail_at(base_ + at, reason); }
  void skip_space() {
    while (next_ < text_.size() && (text_[next_] == ' ' || text_[next_] == '\n')) ++next_;
  }
  bool consume(char c) {
    skip_space();
    if (next_ == text_.size() || text_[next_] != c) return false;
    ++next_;
    return true;
  }
  void expect(char c) {
    if (!consume(c)) fail(next_, fmt::format("broken header: '{}' is due", c));
  }
  std::string_view quoted() {
    expect('\'');
    const size_t end = text_.find('\'', next_);
    if (end == std::string_view::npos) fail(next_, "the header ends inside a string");
    const std::string_view word = text_.substr(next_, end - next_);
    next_ = end + 1;
    return word;
  }
  Dtype dtype() {
    skip_space();
    const size_t at = next_;
    const std::string_view word = quoted();
    for (const auto& [description, dtype] : kDescriptions) {
      if (word == description) return dtype;
    }
    fail(at, fmt::format("elements of type {} are not read (little-endian numbers are)", shown(word)));
  }
  void order() {
    skip_space();
    if (text_.substr(next_).starts_with("True"))
      fail(next_, "Fortran order is not read: save it with numpy.ascontiguousarray");
    if (!text_.substr(next_).starts_with("False")) fail(next_, "fortran_order is neither True nor False");
    next_ += 5;
  }
  std::vector<int64_t> shape() {
    std::vector<int64_t> extents;
    expect('(');
    while (!consume(')')) {
      if (extents.size() == kMaxRank) fail(next_, fmt::format("a shape of more than {} axes", kMaxRank));
      extents.push_back(extent());
      if (!consume(',')) {
        expect(')');
        break;
      }
    }
    return extents;
  }
  int64_t extent() {
    skip_space();
    const size_t start = next_;
    int64_t value = 0;
    for (; next_ < text_.size() && text_[next_] >= '0' && text_[next_] <= '9'; ++next_) {
      const int64_t digit = text_[next_] - '0';
      if (__builtin_mul_overflow(value, int64_t{10}, &value) || __builtin_add_overflow(value, digit, &value)) {
        fail(start, "an extent beyond 63 bits");
      }
    }
    if (next_ == start) fail(start, "an extent is not a whole number from 0 up");
    return value;
  }

  std::string_view text_;
  size_t base_;
  size_t next_ = 0;
};

std::optional<uint64_t> byte_size(Dtype dtype, std::span<const int64_t> shape) {
  uint64_t bytes = size_of(dtype);
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(extent), &bytes)) return std::nullopt;
  }
  return bytes;
}

NpyArray parse_file(std::span<const std::byte> bytes, const std::filesystem::path& path) {
  try {
    return parse_npy(bytes);
  } catch (const Error& error) {
    throw Error("cannot read {} as a NumPy array: {}", path.string(), error.what());
  }
}

}  // namespace

NpyArray parse_npy(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic)) fail_at(0, "no NumPy array: it does not begin with \\x93NUMPY");
  const auto number = [&](size_t at) { return at < bytes.size() ? static_cast<size_t>(bytes[at]) : 0; };
  const size_t version = number(kMagic.size());
  if (version < 1 || version > 3) fail_at(kMagic.size(), fmt::format("format version {} is not known", version));
  // Version 1 has two bytes for the header's length, later ones four.
  const size_t length_at = kMagic.size() + 2;
  const size_t header_at = length_at + (version == 1 ? 2 : 4);
  if (bytes.size() < header_at) fail_at(bytes.size(), "the file ends inside the header's length");
  size_t length = number(length_at) | number(length_at + 1) << 8;
  if (version > 1) length |= number(length_at + 2) << 16 | number(length_at + 3) << 24;
  if (length > kMaxHeader)
    fail_at(length_at, fmt::format("a header of {} bytes, more than the {} allowed", length, kMaxHeader));
  if (length > bytes.size() - header_at)
    fail_at(length_at, fmt::format("a header of {} bytes in a file of {}", length, bytes.size()));

  NpyArray array;
  Dictionary(text.substr(header_at, length), header_at).parse(array);
  array.data = bytes.subspan(header_at + length);
  const auto needed = byte_size(array.dtype, array.shape);
  if (!needed) fail_at(header_at, "the size of the array overflows 64 bits");
  if (*needed != array.data.size()) {
    fail_at(header_at + length,
            fmt::format("{} bytes of elements where the shape needs {}", array.data.size(), *needed));
  }
  return array;
}

NpyFile::NpyFile(const std::filesystem::path& path) : map_(path), array_(parse_file(map_.bytes(), path)) {}

std::string npy_header(Dtype dtype, std::span<const int64_t> shape) {
  const auto found =
      std::find_if(kDescriptions.begin(), kDescriptions.end(), [&](const auto& d) { return d.second == dtype; });
  if (found == kDescriptions.end()) throw Error("NumPy has no {}: convert to F32 first", name_of(dtype));
  std::string dictionary = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': (", found->first);
  for (size_t i = 0; i < shape.size(); ++i) dictionary += fmt::format("{}{}", i == 0 ? "" : ", ", shape[i]);
  dictionary += shape.size() == 1 ? ",), }" : "), }";
  const size_t before = kMagic.size() + 4;
  dictionary.resize((before + dictionary.size() + 1 + 63) / 64 * 64 - before - 1, ' ');
  dictionary += '\n';
  GTSA_CHECK(dictionary.size() <= 0xFFFF, "an array header of {} bytes", dictionary.size());
  std::string header(kMagic);
  header += {'\x01', '\x00', static_cast<char>(dictionary.size() & 0xFF), static_cast<char>(dictionary.size() >> 8)};
  return header + dictionary;
}

void write_npy(FileSystem& files, const std::filesystem::path& path, const NpyArray& array) {
  GTSA_CHECK(byte_size(array.dtype, array.shape) == array.data.size(), "{} bytes for {}", array.data.size(),
             path.string());
  const std::string header = npy_header(array.dtype, array.shape);
  const std::array<std::span<const std::byte>, 2> pieces{std::as_bytes(std::span(header)), array.data};
  write_atomically(files, path, pieces);
}

}  // namespace gtsa::formats
