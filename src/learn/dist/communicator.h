#pragma once
// Ranks: what a task, an evaluator and the trainer may ask of the other ranks, so that none of them is written for one
// rank only.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>

namespace gtsa::dist {

/// A group of ranks that run the same program. Every call is collective: all ranks make it in the same order.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Sum over the ranks, in place, on all of them.
  virtual void sum(at::Tensor& values) = 0;
  virtual void sum(std::span<double> values) = 0;
  /// Element-wise OR of flags over the ranks, in place, on all of them.
  virtual void any(std::span<uint8_t> flags) = 0;
  virtual void barrier() = 0;
};

/// The only rank: every sum is what it was.
std::unique_ptr<Communicator> one_rank();

}  // namespace gtsa::dist
