#include "core/formats/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <tuple>

#include "core/base/error.h"
#include "core/formats/json_cursor.h"

namespace gtsa::formats {
namespace {

static_assert(std::endian::native == std::endian::little,
              "records are used in place, so the machine must be little-endian");

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeader = 100'000'000;
/// As many axes as LibTorch's iterators take; keeps what a header can make us allocate within a small multiple of it.
constexpr size_t kMaxRank = 64;
constexpr std::string_view kMetadata = "__metadata__";

struct DtypeFacts {
  std::string_view name;
  size_t size;
};
constexpr std::array<DtypeFacts, 15> kDtypes = {{{"BOOL", 1},
                                                 {"U8", 1},
                                                 {"I8", 1},
                                                 {"U16", 2},
                                                 {"I16", 2},
                                                 {"F16", 2},
                                                 {"BF16", 2},
                                                 {"U32", 4},
                                                 {"I32", 4},
                                                 {"F32", 4},
                                                 {"U64", 8},
                                                 {"I64", 8},
                                                 {"F64", 8},
                                                 {"F8_E4M3", 1},
                                                 {"F8_E5M2", 1}}};

/// A tensor as the header tells it, with the places in the file to name in errors.
struct Entry {
  TensorRecord record;
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t name_at = 0;
  uint64_t offsets_at = 0;
};

/// "4, 3"
std::string joined(std::span<const int64_t> shape, std::string_view separator) {
  std::string text;
  for (const int64_t extent : shape) {
    if (!text.empty()) text += separator;
    text += std::to_string(extent);
  }
  return text;
}

std::optional<Dtype> dtype_of(std::string_view name) {
  for (size_t i = 0; i < kDtypes.size(); ++i) {
    if (kDtypes[i].name == name) return static_cast<Dtype>(i);
  }
  return std::nullopt;
}

/// dtype x shape, or nothing if it overflows.
std::optional<uint64_t> byte_size(Dtype dtype, std::span<const int64_t> shape) {
  uint64_t bytes = 1;
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(extent), &bytes)) return std::nullopt;
  }
  if (__builtin_mul_overflow(bytes, uint64_t{size_of(dtype)}, &bytes)) return std::nullopt;
  return bytes;
}

Dtype parse_dtype(JsonCursor& json) {
  const uint64_t at = json.position();
  const std::string name = json.string();
  const auto dtype = dtype_of(name);
  if (!dtype) fail_at(at, fmt::format("unknown dtype {}", shown(name)));
  return *dtype;
}

std::vector<int64_t> parse_shape(JsonCursor& json) {
  std::vector<int64_t> shape;
  json.array([&] {
    const uint64_t at = json.position();
    const uint64_t extent = json.unsigned_integer();
    if (extent > static_cast<uint64_t>(INT64_MAX)) fail_at(at, "an extent beyond 63 bits");
    if (shape.size() == kMaxRank) fail_at(at, fmt::format("a shape of more than {} axes", kMaxRank));
    shape.push_back(static_cast<int64_t>(extent));
  });
  return shape;
}

std::pair<uint64_t, uint64_t> parse_offsets(JsonCursor& json) {
  const uint64_t at = json.position();
  json.expect('[');
  const uint64_t begin = json.unsigned_integer();
  json.expect(',');
  const uint64_t end = json.unsigned_integer();
  json.expect(']');
  if (end < begin) fail_at(at, fmt::format("data_offsets end ({}) before they begin ({})", end, begin));
  return {begin, end};
}

Entry parse_entry(JsonCursor& json, const std::string& name, uint64_t name_at) {
  Entry entry;
  entry.record.name = name;
  entry.name_at = name_at;
  bool has_dtype = false, has_shape = false, has_offsets = false;
  const auto once = [&](bool& seen, const std::string& field, uint64_t at) {
    if (seen) fail_at(at, fmt::format("{} twice in tensor {}", field, shown(name)));
    seen = true;
  };
  json.object([&](const std::string& field, uint64_t at) {
    if (field == "dtype") {
      once(has_dtype, field, at);
      entry.record.dtype = parse_dtype(json);
    } else if (field == "shape") {
      once(has_shape, field, at);
      entry.record.shape = parse_shape(json);
    } else if (field == "data_offsets") {
      once(has_offsets, field, at);
      entry.offsets_at = json.position();
      std::tie(entry.begin, entry.end) = parse_offsets(json);
    } else {
      json.skip_value();  // the reference reader passes over fields that it does not know
    }
  });
  const char* missing = !has_dtype ? "dtype" : !has_shape ? "shape" : !has_offsets ? "data_offsets" : nullptr;
  if (missing != nullptr) fail_at(name_at, fmt::format("tensor {} has no {}", shown(name), missing));
  return entry;
}

void parse_metadata(JsonCursor& json, std::map<std::string, std::string>& metadata) {
  if (json.consume_null()) return;
  json.object([&](const std::string& key, uint64_t at) {
    if (!metadata.emplace(key, json.string()).second) fail_at(at, fmt::format("metadata key {} twice", shown(key)));
  });
}

std::vector<Entry> parse_header(std::string_view text, std::map<std::string, std::string>& metadata) {
  if (!text.starts_with('{')) fail_at(kLengthBytes, "the header does not begin with '{'");
  if (const size_t bad = first_invalid_utf8(text); bad != std::string_view::npos) {
    fail_at(kLengthBytes + bad, "the header is not UTF-8");
  }
  std::vector<Entry> entries;
  bool has_metadata = false;
  JsonCursor json(text, kLengthBytes);
  json.object([&](const std::string& name, uint64_t at) {
    if (name != kMetadata) {
      entries.push_back(parse_entry(json, name, at));
      return;
    }
    if (has_metadata) fail_at(at, fmt::format("{} twice", kMetadata));
    has_metadata = true;
    parse_metadata(json, metadata);
  });
  json.expect_end();
  return entries;
}

void refuse_duplicates(const std::vector<Entry>& entries) {
  std::vector<const Entry*> by_name;
  by_name.reserve(entries.size());
  for (const Entry& entry : entries) by_name.push_back(&entry);
  std::sort(by_name.begin(), by_name.end(), [](const Entry* a, const Entry* b) {
    return std::tie(a->record.name, a->name_at) < std::tie(b->record.name, b->name_at);
  });
  for (size_t i = 1; i < by_name.size(); ++i) {
    if (by_name[i]->record.name != by_name[i - 1]->record.name) continue;
    fail_at(by_name[i]->name_at, fmt::format("tensor {} twice", shown(by_name[i]->record.name)));
  }
}

/// `entry` must follow on `covered` data bytes, lie inside `available` and be as long as its shape says.
void check_place(const Entry& entry, uint64_t covered, uint64_t available) {
  const std::string name = shown(entry.record.name);
  if (entry.begin < covered) fail_at(entry.offsets_at, fmt::format("tensor {} overlaps the one before it", name));
  if (entry.begin > covered) {
    fail_at(entry.offsets_at, fmt::format("a hole of {} bytes before tensor {}", entry.begin - covered, name));
  }
  const auto needed = byte_size(entry.record.dtype, entry.record.shape);
  if (!needed) fail_at(entry.name_at, fmt::format("the size of tensor {} overflows 64 bits", name));
  if (*needed != entry.end - entry.begin) {
    fail_at(entry.offsets_at,
            fmt::format("tensor {} ({} [{}]) needs {} bytes, data_offsets give {}", name, name_of(entry.record.dtype),
                        joined(entry.record.shape, ", "), *needed, entry.end - entry.begin));
  }
  if (entry.end > available) {
    fail_at(entry.offsets_at,
            fmt::format("tensor {} reaches {} bytes past the end of the file", name, entry.end - available));
  }
}

void put_in_place(std::vector<Entry>& entries, std::span<const std::byte> data, uint64_t data_at) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name_at) < std::tie(b.begin, b.end, b.name_at);
  });
  uint64_t covered = 0;
  for (Entry& entry : entries) {
    check_place(entry, covered, data.size());
    entry.record.data = data.subspan(entry.begin, entry.end - entry.begin);
    covered = entry.end;
  }
  if (covered != data.size()) {
    fail_at(data_at + covered, fmt::format("{} bytes after the last tensor", data.size() - covered));
  }
}

Safetensors parse_file(std::span<const std::byte> bytes, const std::filesystem::path& path) {
  try {
    return parse_safetensors(bytes);
  } catch (const Error& error) {
    throw Error("cannot read {} as safetensors: {}; copy or make the file again", path.string(), error.what());
  }
}

void check_writable(std::string_view text) {
  if (first_invalid_utf8(text) != std::string_view::npos) {
    throw Error("cannot write {} into a safetensors header: it is not UTF-8", shown(text));
  }
}

}  // namespace

size_t size_of(Dtype dtype) { return kDtypes.at(static_cast<size_t>(dtype)).size; }

std::string_view name_of(Dtype dtype) { return kDtypes.at(static_cast<size_t>(dtype)).name; }

const TensorRecord* Safetensors::find(std::string_view name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const TensorRecord& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

Safetensors parse_safetensors(std::span<const std::byte> bytes) {
  if (bytes.size() < kLengthBytes) fail_at(bytes.size(), "the file ends inside the header's length");
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kMaxHeader)
    fail_at(0, fmt::format("a header of {} bytes, more than the {} allowed", length, kMaxHeader));
  if (length > bytes.size() - kLengthBytes) {
    fail_at(0, fmt::format("a header of {} bytes in a file of {}", length, bytes.size()));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);

  Safetensors file;
  std::vector<Entry> entries = parse_header(text, file.metadata);
  refuse_duplicates(entries);
  put_in_place(entries, bytes.subspan(kLengthBytes + length), kLengthBytes + length);
  file.tensors.reserve(entries.size());
  for (Entry& entry : entries) file.tensors.push_back(std::move(entry.record));
  return file;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : map_(path), content_(parse_file(map_.bytes(), path)) {}

std::string safetensors_header(std::span<const TensorRecord> tensors,
                               const std::map<std::string, std::string>& metadata) {
  std::string text = "{";
  if (!metadata.empty()) {
    text += json_quoted(kMetadata) + ":{";
    for (const auto& [key, value] : metadata) {
      check_writable(key);
      check_writable(value);
      if (text.back() != '{') text += ',';
      text += json_quoted(key) + ':' + json_quoted(value);
    }
    text += '}';
  }
  uint64_t begin = 0;
  for (const TensorRecord& tensor : tensors) {
    check_writable(tensor.name);
    if (tensor.name == kMetadata) throw Error("a tensor cannot be named {}: safetensors keeps that name", kMetadata);
    GTSA_CHECK(byte_size(tensor.dtype, tensor.shape) == tensor.data.size(), "tensor {} has {} bytes, not {} [{}]",
               tensor.name, tensor.data.size(), name_of(tensor.dtype), joined(tensor.shape, ", "));
    const uint64_t end = begin + tensor.data.size();
    if (text.size() > 1) text += ',';
    text += fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", json_quoted(tensor.name),
                        name_of(tensor.dtype), joined(tensor.shape, ","), begin, end);
    begin = end;
  }
  text += '}';
  // The data then begin at a multiple of 8, so that a map of the file is aligned.
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > kMaxHeader)
    throw Error("a safetensors header of {} bytes, more than the {} allowed", text.size(), kMaxHeader);
  const uint64_t length = text.size();
  std::string header(kLengthBytes, '\0');
  std::memcpy(header.data(), &length, kLengthBytes);
  return header + text;
}

void write_safetensors(FileSystem& files, const std::filesystem::path& path, std::span<const TensorRecord> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<std::string_view> names;
  for (const TensorRecord& tensor : tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  GTSA_CHECK(twice == names.end(), "tensor {} twice in {}", *twice, path.string());

  const std::string header = safetensors_header(tensors, metadata);
  std::vector<std::span<const std::byte>> pieces{std::as_bytes(std::span(header))};
  for (const TensorRecord& tensor : tensors) pieces.push_back(tensor.data);
  write_atomically(files, path, pieces);
}

}  // namespace gtsa::formats
