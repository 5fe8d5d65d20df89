#include "core/data/batch.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "core/base/error.h"

namespace gtsa::data {
namespace {

TEST(Batch, KnowsTheBytesOfABuffer) {
  EXPECT_EQ((BufferSpec{"a", Element::f32, {2, 3, 4}}).bytes(), 96U);
  EXPECT_EQ((BufferSpec{"b", Element::i64, {5}}).bytes(), 40U);
  EXPECT_EQ((BufferSpec{"c", Element::u8, {}}).bytes(), 1U);
  EXPECT_EQ((BufferSpec{"d", Element::i32, {4, 0}}).bytes(), 0U);
}

TEST(Batch, FindsItsBuffersByName) {
  Batch batch;
  batch.buffers.push_back({{"turns", Element::i64, {2}}, allocate_on_heap(16)});
  batch["turns"].as<int64_t>()[1] = 3;
  EXPECT_EQ(batch["turns"].as<int64_t>()[1], 3);
  EXPECT_THROW(batch["angles"], BugError);
}

TEST(Batch, LiesOnWholeCacheLines) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{100}, size_t{1} << 20}) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(allocate_on_heap(bytes).get()) % 64, 0U);
  }
}

}  // namespace
}  // namespace gtsa::data
