// Parsers allocate a small multiple of the header, whatever it claims. Counted by replacing the program's operator new.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/base/error.h"
#include "core/formats/safetensors.h"

namespace {

std::atomic<size_t> g_live = 0;
std::atomic<size_t> g_peak = 0;
constexpr size_t kPrefix = alignof(std::max_align_t);

}  // namespace

void* operator new(size_t size) {
  void* raw = std::malloc(size + kPrefix);
  if (raw == nullptr) throw std::bad_alloc();
  std::memcpy(raw, &size, sizeof(size));
  const size_t live = g_live += size;
  if (live > g_peak) g_peak = live;
  return static_cast<char*>(raw) + kPrefix;
}

void operator delete(void* pointer) noexcept {
  if (pointer == nullptr) return;
  void* raw = static_cast<char*>(pointer) - kPrefix;
  size_t size = 0;
  std::memcpy(&size, raw, sizeof(size));
  g_live -= size;
  std::free(raw);
}

void operator delete(void* pointer, size_t) noexcept { operator delete(pointer); }

namespace gtsa::formats {
namespace {

/// Most bytes held at once while the file is parsed, whether it is taken or refused.
size_t peak_of(const std::string& header, size_t data_bytes) {
  std::string file(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(file.data(), &length, 8);
  file += header;
  file.resize(file.size() + data_bytes);
  const size_t before = g_live;
  g_peak = before;
  try {
    parse_safetensors(std::as_bytes(std::span(file)));
  } catch (const Error&) {
  }
  return g_peak - before;
}

TEST(SafetensorsMemory, IsASmallMultipleOfTheHeader) {
  std::string many = "{";
  for (int i = 0; i < 20'000; ++i)
    many += fmt::format("\"{}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}},", i);
  many.back() = '}';
  EXPECT_LT(peak_of(many, 0), 16 * many.size());

  std::string keys = "{\"__metadata__\":{";
  for (int i = 0; i < 20'000; ++i) keys += fmt::format("\"{}\":\"\",", i);
  keys.back() = '}';
  keys += '}';
  EXPECT_LT(peak_of(keys, 0), 16 * keys.size());
}

TEST(SafetensorsMemory, HasNothingToDoWithWhatTheHeaderClaims) {
  const auto header = [](const char* shape, const char* end) {
    return fmt::format(R"({{"w":{{"dtype":"F64","shape":[{}],"data_offsets":[0,{}]}}}})", shape, end);
  };
  constexpr size_t kLittle = 4096;
  EXPECT_LT(peak_of(header("9000000000000", "72000000000000"), 16), kLittle);
  EXPECT_LT(peak_of(header("4294967296,4294967296", "16"), 16), kLittle);
  EXPECT_LT(peak_of("{\"w\":" + std::string(50'000, '['), 0), kLittle);
  EXPECT_LT(peak_of("{\"w\":{\"shape\":[" + std::string(50'000, '1'), 0), kLittle);
  EXPECT_LT(peak_of(header("2097152", "16777216"), 16 << 20), kLittle) << "data are not copied";
}

}  // namespace
}  // namespace gtsa::formats
