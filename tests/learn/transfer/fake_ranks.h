#pragma once
// One rank of a group that is not there.

#include <vector>

#include "learn/dist/communicator.h"

namespace gtsa::test {

/// The rank of a group whose other ranks counted `others`.
class FakeRanks final : public dist::Communicator {
 public:
  FakeRanks(int rank, int size) : rank_(rank), size_(size) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void sum(at::Tensor&) override {}
  void sum(std::span<double> values) override {
    sent.assign(values.begin(), values.end());
    for (size_t i = 0; i < others.size(); ++i) values[i] += others[i];
  }
  void any(std::span<uint8_t>) override {}
  void barrier() override {}
  std::vector<double> sent, others;

 private:
  int rank_, size_;
};

}  // namespace gtsa::test
