#include <ATen/ops/from_blob.h>

#include "core/base/error.h"
#include "learn/train/task.h"

namespace gtsa::train {
namespace {

at::ScalarType scalar_type(data::Element element) {
  switch (element) {
    case data::Element::u8:
      return at::kByte;
    case data::Element::i32:
      return at::kInt;
    case data::Element::i64:
      return at::kLong;
    case data::Element::f32:
      return at::kFloat;
  }
  GTSA_CHECK(false, "an element type without a tensor type");
}

}  // namespace

DeviceBatch::DeviceBatch(std::shared_ptr<const data::Batch> host) : host_(std::move(host)) {
  for (const data::Buffer& buffer : host_->buffers) {
    // The buffer's memory goes back to the loader's pool only when the last tensor that sees it is gone.
    tensors_.emplace(buffer.spec.name, at::from_blob(
                                           buffer.data.get(), buffer.spec.shape, [keep = host_](void*) {},
                                           at::TensorOptions(scalar_type(buffer.spec.element))));
  }
}

const at::Tensor& DeviceBatch::operator[](std::string_view name) const {
  const auto it = tensors_.find(name);
  GTSA_CHECK(it != tensors_.end(), "the batch has no buffer {}", name);
  return it->second;
}

}  // namespace gtsa::train
