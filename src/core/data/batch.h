#pragma once
// A batch as the loader hands it to the trainer: named host buffers and the keys of its samples. No LibTorch here.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gtsa::data {

enum class Element : uint8_t { u8, i32, i64, f32 };
size_t size_of(Element element);

/// Name, type and shape of one buffer of a batch, row-major.
struct BufferSpec {
  std::string name;
  Element element = Element::f32;
  std::vector<int64_t> shape;
  size_t bytes() const;
};

/// Gives memory for a buffer (64-byte aligned or better); the trainer injects one for pinned memory on CUDA.
using Allocator = std::function<std::shared_ptr<std::byte>(size_t bytes)>;
std::shared_ptr<std::byte> allocate_on_heap(size_t bytes);

struct Buffer {
  BufferSpec spec;
  std::shared_ptr<std::byte> data;
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data.get());
  }
};

/// Which sample stands at a place of a batch: enough to make it again alone (with the seed and the recipe's options).
struct SampleKey {
  uint64_t epoch = 0;
  uint64_t place = 0;     ///< position in the epoch's permutation: the `sample` of its random draws
  uint64_t file = 0;      ///< index in the data set of the file that was used
  bool replaced = false;  ///< the file at this place was bad; `file` is its stand-in
};

struct Batch {
  std::vector<Buffer> buffers;
  std::vector<SampleKey> keys;  ///< one a sample, in the batch's order
  /// The buffer of that name; a bug if there is none.
  const Buffer& operator[](std::string_view name) const;
};

}  // namespace gtsa::data
