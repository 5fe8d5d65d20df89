#pragma once
// Tensors <-> records of a file. What is saved is what is read back: no conversion, no guess.

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/formats/safetensors.h"
#include "learn/nn/walk.h"

namespace gtsa::model {

/// Records whose data point into tensors that this keeps alive. A contiguous tensor in host memory is not copied, so a
/// record shows the values of the moment it is written, not of the moment it was added.
struct Records {
  std::vector<formats::TensorRecord> records;
  std::vector<at::Tensor> held;

  void add(const std::string& name, const at::Tensor& tensor);
  /// Every tensor of a network under `prefix` + its name, in the order of the walk.
  void add(const nn::Parameters& network, std::string_view prefix = "");
};

Records records_of(const nn::Parameters& network, std::string_view prefix = "");

/// A tensor of its own with the record's values, in host memory. Throws Error if LibTorch has no such dtype.
at::Tensor tensor_of(const formats::TensorRecord& record);

/// Throws Error, naming `source` (the file) and the first tensor at fault, unless the file has every tensor of the
/// network, under `prefix` + its name, with the same shape and dtype. What else the file has is not looked at.
void check_records(const nn::Parameters& network, const formats::Safetensors& file, const std::string& source,
                   std::string_view prefix = "");

/// Checks all, then copies the file's values into the network's tensors: if it throws, nothing has been changed.
void copy_records(const nn::Parameters& network, const formats::Safetensors& file, const std::string& source,
                  std::string_view prefix = "");

/// "[384, 3, 16, 16]".
std::string shape_text(at::IntArrayRef shape);

}  // namespace gtsa::model
