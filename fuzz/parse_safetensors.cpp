// Any bytes are taken or refused with a reason. What is taken must come back the same when it is written again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "core/base/error.h"
#include "core/formats/safetensors.h"

namespace {

using gtsa::formats::Safetensors;

/// Writes `file` and reads the result; the two must agree.
void check_round_trip(const Safetensors& file) {
  std::string written = gtsa::formats::safetensors_header(file.tensors, file.metadata);
  for (const auto& tensor : file.tensors) {
    written.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
  }
  const Safetensors again = gtsa::formats::parse_safetensors(std::as_bytes(std::span(written)));
  if (again.metadata != file.metadata || again.tensors.size() != file.tensors.size()) std::abort();
  for (const auto& tensor : file.tensors) {
    const auto* back = again.find(tensor.name);
    if (back == nullptr || back->dtype != tensor.dtype || back->shape != tensor.shape) std::abort();
    if (!std::equal(back->data.begin(), back->data.end(), tensor.data.begin(), tensor.data.end())) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Safetensors file;
  try {
    file = gtsa::formats::parse_safetensors(std::as_bytes(std::span(data, size)));
  } catch (const gtsa::Error&) {
    return 0;
  }
  check_round_trip(file);
  return 0;
}
