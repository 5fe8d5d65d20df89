#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace gtsa::image {

/// Memory that begins with a cache line: vectors at multiples of their size then lie within one.
template <class T>
struct CacheLineAllocator {
  static constexpr std::align_val_t kCacheLine{64};
  using value_type = T;

  CacheLineAllocator() = default;
  template <class Other>
  explicit CacheLineAllocator(const CacheLineAllocator<Other>&) {}

  T* allocate(size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), kCacheLine)); }
  void deallocate(T* memory, size_t) { ::operator delete(memory, kCacheLine); }
  bool operator==(const CacheLineAllocator&) const = default;
};

using AlignedBytes = std::vector<uint8_t, CacheLineAllocator<uint8_t>>;

}  // namespace gtsa::image
