#include "learn/dist/communicator.h"

namespace gtsa::dist {
namespace {

class OneRank final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void sum(at::Tensor&) override {}
  void sum(std::span<double>) override {}
  void any(std::span<uint8_t>) override {}
  void barrier() override {}
};

}  // namespace

std::unique_ptr<Communicator> one_rank() { return std::make_unique<OneRank>(); }

}  // namespace gtsa::dist
