#include "learn/nn/flat.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learn/nn/layers.h"

namespace gtsa::nn {
namespace {

/// y = second(first(x)) with an unused third layer.
struct Small {
  Linear first = make_linear(5, 7);
  Linear second = make_linear(7, 3);
  Linear unused = make_linear(2, 2);
  void walk(const Walk& visit) {
    first.walk(under("first.", visit));
    second.walk(under("second.", visit));
    unused.walk(under("unused.", visit));
  }
};

at::Tensor loss_of(const Small& network) {
  const at::Tensor hidden = network.first.weight.sum(1) + network.first.bias;
  return (network.second.weight.matmul(hidden) + network.second.bias).sum();
}

void fill(const Flat& flat) {
  const at::NoGradGuard no_grad;
  for (const Slot& slot : flat.layout.slots) flat.values.narrow(0, slot.offset, slot.size).fill_(0.5);
}

TEST(Flat, PutsEverySlotAtAMultipleOf64Elements) {
  Small network;
  const Layout layout = lay_out(network);
  ASSERT_EQ(layout.slots.size(), 6U);
  int64_t end = 0;
  for (const Slot& slot : layout.slots) {
    EXPECT_EQ(slot.offset % kSlotAlignment, 0) << slot.name;
    EXPECT_EQ(slot.offset, (end + kSlotAlignment - 1) / kSlotAlignment * kSlotAlignment) << slot.name;
    end = slot.offset + slot.size;
  }
  EXPECT_EQ(layout.size, (end + kSlotAlignment - 1) / kSlotAlignment * kSlotAlignment);
  EXPECT_EQ(layout.slots[2].name, "second.weight");
  EXPECT_EQ(layout.slots[2].shape, (std::vector<int64_t>{3, 7}));
  EXPECT_EQ(layout.find("second.bias"), 3);
  EXPECT_EQ(layout.find("third.bias"), -1);
}

TEST(Flat, BindsParametersAsViewsOfTheBuffer) {
  Small network;
  const Flat flat = bind(network, true);
  fill(flat);
  network.walk([&](const std::string& name, at::Tensor& tensor) {
    const Slot& slot = flat.layout.slots[static_cast<size_t>(flat.layout.find(name))];
    EXPECT_EQ(tensor.data_ptr<float>(), flat.values.data_ptr<float>() + slot.offset);
    EXPECT_EQ(tensor.grad().data_ptr<float>(), flat.grads.data_ptr<float>() + slot.offset);
    EXPECT_TRUE(tensor.is_leaf() && tensor.requires_grad()) << name;
    EXPECT_EQ(tensor.sum().item<float>(), 0.5F * static_cast<float>(slot.size));
  });
}

TEST(Flat, AccumulatesTwoBackwardsInPlaceAndKeepsPaddingZero) {
  Small network;
  Flat flat = bind(network, true);
  fill(flat);
  loss_of(network).backward();
  const at::Tensor once = flat.grads.clone();
  const float* memory = network.first.weight.grad().data_ptr<float>();
  loss_of(network).backward();
  EXPECT_TRUE(at::equal(flat.grads, once * 2));
  EXPECT_EQ(network.first.weight.grad().data_ptr<float>(), memory);
  int64_t end = 0;
  for (const Slot& slot : flat.layout.slots) {
    EXPECT_EQ(flat.grads.slice(0, end, slot.offset).abs().sum().item<float>(), 0.0F) << slot.name;
    EXPECT_EQ(flat.values.slice(0, end, slot.offset).abs().sum().item<float>(), 0.0F) << slot.name;
    end = slot.offset + slot.size;
  }
}

TEST(Flat, MarksTheRowsThatBackwardReachedAndNoOthers) {
  Small network;
  Flat flat = bind(network, true);
  fill(flat);
  EXPECT_THAT(*flat.touched, testing::Each(0));
  loss_of(network).backward();
  EXPECT_THAT(*flat.touched, testing::ElementsAre(1, 1, 1, 1, 0, 0));
  flat.zero_grads();
  EXPECT_THAT(*flat.touched, testing::Each(0));
  EXPECT_EQ(flat.grads.abs().sum().item<float>(), 0.0F);
}

TEST(Flat, GivesAFrozenRoleNoGradients) {
  Small network;
  const Flat flat = bind(network, false);
  EXPECT_FALSE(flat.grads.defined());
  EXPECT_TRUE(flat.touched->empty());
  network.walk([](const std::string& name, at::Tensor& tensor) { EXPECT_FALSE(tensor.requires_grad()) << name; });
}

TEST(Flat, LetsTheOptimiserWriteTheBufferBetweenForwards) {
  Small network;
  Flat flat = bind(network, true);
  fill(flat);
  const float before = loss_of(network).item<float>();
  {
    const at::NoGradGuard no_grad;
    flat.values.mul_(2);
  }
  EXPECT_NE(loss_of(network).item<float>(), before);
  loss_of(network).backward();
}

}  // namespace
}  // namespace gtsa::nn
