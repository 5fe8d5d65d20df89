#pragma once
// A number that tells things apart: what a cache's entry was made of. Not against people who look for collisions.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace gtsa {

/// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv). About 1 ns a byte.
class Hash {
 public:
  void add(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) value_ = (value_ ^ static_cast<uint64_t>(byte)) * 0x100000001b3;
  }
  /// A text and its length, so that two texts are not one.
  void add(std::string_view text) {
    add(std::as_bytes(std::span(text)));
    add(text.size());
  }
  void add(std::integral auto number) {
    const auto wide = static_cast<uint64_t>(number);
    add(std::as_bytes(std::span(&wide, 1)));
  }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace gtsa
