#pragma once
// NumPy's array file (numpy.lib.format, versions 1.0 to 3.0): "\x93NUMPY", version, header length, a Python dictionary
// of descr, fortran_order and shape, then the elements. Read and written here: little-endian, C order.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/files.h"
#include "core/formats/safetensors.h"

namespace gtsa::formats {

/// A parsed file; `data` points into the file's bytes, at no particular alignment.
struct NpyArray {
  Dtype dtype = Dtype::f32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;
};

/// Throws Error "REASON (byte N)": not an array file, cut, longer than its shape, Fortran order, big-endian or another
/// dtype (records, objects, complex numbers). Allocates the shape alone.
NpyArray parse_npy(std::span<const std::byte> bytes);

/// A file mapped into memory and parsed; errors name the file.
class NpyFile {
 public:
  explicit NpyFile(const std::filesystem::path& path);
  const NpyArray& array() const { return array_; }

 private:
  MappedFile map_;
  NpyArray array_;
};

/// What stands before the elements (version 1.0, padded so that they begin at a multiple of 64). NumPy has no bf16 and
/// no f8.
std::string npy_header(Dtype dtype, std::span<const int64_t> shape);

/// Saves whole or not at all. `data` is row-major and as long as dtype and shape say.
void write_npy(FileSystem& files, const std::filesystem::path& path, const NpyArray& array);

}  // namespace gtsa::formats
