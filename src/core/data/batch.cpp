#include "core/data/batch.h"

#include <algorithm>
#include <new>

#include "core/base/error.h"

namespace gtsa::data {

size_t size_of(Element element) {
  switch (element) {
    case Element::u8:
      return 1;
    case Element::i32:
    case Element::f32:
      return 4;
    case Element::i64:
      return 8;
  }
  GTSA_CHECK(false, "an element type is one of four, not {}", static_cast<int>(element));
}

size_t BufferSpec::bytes() const {
  size_t count = size_of(element);
  for (const int64_t extent : shape) {
    GTSA_CHECK(extent >= 0, "buffer {} has an extent of {}", name, extent);
    count *= static_cast<size_t>(extent);
  }
  return count;
}

std::shared_ptr<std::byte> allocate_on_heap(size_t bytes) {
  constexpr std::align_val_t kAlignment{64};
  auto* data = static_cast<std::byte*>(::operator new(std::max<size_t>(bytes, 1), kAlignment));
  return {data, [](std::byte* p) { ::operator delete(p, kAlignment); }};
}

const Buffer& Batch::operator[](std::string_view name) const {
  const auto found = std::find_if(buffers.begin(), buffers.end(), [&](const Buffer& b) { return b.spec.name == name; });
  GTSA_CHECK(found != buffers.end(), "the batch has a buffer named {}", name);
  return *found;
}

}  // namespace gtsa::data
