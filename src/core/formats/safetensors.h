#pragma once
// safetensors: 8-byte little-endian header length, JSON header (name -> dtype, shape, data_offsets; optional
// __metadata__), data. Rules of the reference reader (huggingface/safetensors): header at most 100,000,000 bytes,
// begins with '{', UTF-8, names unique, known dtypes, offsets contiguous without holes or overlap, sizes = dtype x
// shape, last offset = end of file.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/files.h"

namespace gtsa::formats {

enum class Dtype : uint8_t { boolean, u8, i8, u16, i16, f16, bf16, u32, i32, f32, u64, i64, f64, f8_e4m3, f8_e5m2 };

/// Bytes an element.
size_t size_of(Dtype dtype);
/// The format's word for it: "F32".
std::string_view name_of(Dtype dtype);

/// One tensor of a file: row-major, `data` points into the file's bytes.
struct TensorRecord {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;
};

/// A parsed file. Records stand in the order of their data.
struct Safetensors {
  std::vector<TensorRecord> tensors;
  std::map<std::string, std::string> metadata;
  /// Null if there is no tensor of that name.
  const TensorRecord* find(std::string_view name) const;
};

/// Reads a file's bytes; the records point into `bytes`. Throws Error with the reason and the byte offset; allocates
/// nothing beyond a small multiple of the header.
Safetensors parse_safetensors(std::span<const std::byte> bytes);

/// A file mapped into memory and parsed; errors name the file.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);
  const Safetensors& content() const { return content_; }

 private:
  MappedFile map_;
  Safetensors content_;
};

/// The header for `tensors` in the order given (8-byte length included, padded with spaces to a multiple of 8): write
/// it, then each record's data. The bytes depend on nothing but the arguments.
std::string safetensors_header(std::span<const TensorRecord> tensors,
                               const std::map<std::string, std::string>& metadata);

/// Saves whole or not at all.
void write_safetensors(FileSystem& files, const std::filesystem::path& path, std::span<const TensorRecord> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace gtsa::formats
