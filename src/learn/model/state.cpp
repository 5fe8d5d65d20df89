#include "learn/model/state.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <array>
#include <cstring>
#include <optional>

#include "core/base/error.h"

namespace gtsa::model {
namespace {

using formats::Dtype;

std::optional<at::ScalarType> scalar_type_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::boolean:
      return at::kBool;
    case Dtype::u8:
      return at::kByte;
    case Dtype::i8:
      return at::kChar;
    case Dtype::i16:
      return at::kShort;
    case Dtype::f16:
      return at::kHalf;
    case Dtype::bf16:
      return at::kBFloat16;
    case Dtype::i32:
      return at::kInt;
    case Dtype::f32:
      return at::kFloat;
    case Dtype::i64:
      return at::kLong;
    case Dtype::f64:
      return at::kDouble;
    default:
      return std::nullopt;
  }
}

Dtype dtype_of(const at::Tensor& tensor, const std::string& name) {
  constexpr std::array kKnown = {Dtype::boolean, Dtype::u8,  Dtype::i8,  Dtype::i16, Dtype::f16,
                                 Dtype::bf16,    Dtype::i32, Dtype::f32, Dtype::i64, Dtype::f64};
  for (const Dtype dtype : kKnown) {
    if (scalar_type_of(dtype) == tensor.scalar_type()) return dtype;
  }
  GTSA_CHECK(false, "{} has a dtype that safetensors does not know", name);
}

void check_record(const at::Tensor& tensor, const formats::TensorRecord* record, const std::string& name,
                  const std::string& source) {
  if (record == nullptr) throw Error("{} has no tensor {}; it was written for another network", source, name);
  if (tensor.sizes() != at::IntArrayRef(record->shape)) {
    throw Error("{}: tensor {} has shape {}, the network needs {}; the file is of another architecture", source, name,
                shape_text(record->shape), shape_text(tensor.sizes()));
  }
  if (dtype_of(tensor, name) != record->dtype) {
    throw Error("{}: tensor {} is {}, the network needs {}", source, name, formats::name_of(record->dtype),
                formats::name_of(dtype_of(tensor, name)));
  }
}

}  // namespace

void Records::add(const std::string& name, const at::Tensor& tensor) {
  const at::Tensor host = tensor.detach().cpu().contiguous();
  held.push_back(host);
  records.push_back({name,
                     dtype_of(host, name),
                     host.sizes().vec(),
                     {static_cast<const std::byte*>(host.data_ptr()), static_cast<size_t>(host.nbytes())}});
}

void Records::add(const nn::Parameters& network, std::string_view prefix) {
  network([&](const std::string& name, at::Tensor& tensor) { add(std::string(prefix) + name, tensor); });
}

Records records_of(const nn::Parameters& network, std::string_view prefix) {
  Records records;
  records.add(network, prefix);
  return records;
}

at::Tensor tensor_of(const formats::TensorRecord& record) {
  const std::optional<at::ScalarType> type = scalar_type_of(record.dtype);
  if (!type) throw Error("tensor {} is {}, which cannot be read here", record.name, formats::name_of(record.dtype));
  at::Tensor tensor = at::empty(record.shape, at::TensorOptions().dtype(*type));
  // Copied byte by byte: a record may lie at any address.
  if (!record.data.empty()) std::memcpy(tensor.data_ptr(), record.data.data(), record.data.size());
  return tensor;
}

void check_records(const nn::Parameters& network, const formats::Safetensors& file, const std::string& source,
                   std::string_view prefix) {
  network([&](const std::string& name, at::Tensor& tensor) {
    const std::string full = std::string(prefix) + name;
    check_record(tensor, file.find(full), full, source);
  });
}

void copy_records(const nn::Parameters& network, const formats::Safetensors& file, const std::string& source,
                  std::string_view prefix) {
  check_records(network, file, source, prefix);
  const at::NoGradGuard no_grad;
  network([&](const std::string& name, at::Tensor& tensor) {
    tensor.copy_(tensor_of(*file.find(std::string(prefix) + name)));
  });
}

std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (const int64_t extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

}  // namespace gtsa::model
