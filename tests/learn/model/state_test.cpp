// Tensors <-> records: what a checkpoint is made of.

#include "learn/model/state.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "support/temporary_folder.h"

namespace gtsa::model {
namespace {

using ::testing::HasSubstr;

/// A network of three tensors with three dtypes, one of them not contiguous.
struct Odd {
  at::Tensor weight = at::arange(6, at::kFloat).view({2, 3}).t();
  at::Tensor count = at::arange(1, at::kLong).squeeze();
  at::Tensor mask = at::zeros({0}, at::kByte);
  void walk(const nn::Walk& visit) {
    visit("weight", weight);
    visit("count", count);
    visit("mask", mask);
  }
};

TEST(Records, HoldLogicalOrderWhateverTheStrides) {
  Odd odd;
  const Records records = records_of(nn::parameters(odd), "a.");
  ASSERT_EQ(records.records.size(), 3U);
  EXPECT_EQ(records.records[0].name, "a.weight");
  EXPECT_EQ(records.records[0].shape, (std::vector<int64_t>{3, 2}));
  EXPECT_TRUE(at::equal(tensor_of(records.records[0]), odd.weight));
  EXPECT_EQ(records.records[1].shape, std::vector<int64_t>{});
  EXPECT_EQ(records.records[1].dtype, formats::Dtype::i64);
}

TEST(Records, AreCopiedBackFromAFile) {
  const test::TemporaryFolder folder;
  Odd odd;
  formats::write_safetensors(real_files(), folder / "a.safetensors", records_of(nn::parameters(odd)).records);
  const formats::SafetensorsFile file(folder / "a.safetensors");
  Odd other;
  other.weight = at::zeros({3, 2});
  copy_records(nn::parameters(other), file.content(), "a");
  EXPECT_TRUE(at::equal(other.weight, odd.weight));
}

TEST(Records, ThatDoNotFitChangeNothing) {
  Odd odd, other;
  formats::Safetensors file;
  const Records records = records_of(nn::parameters(odd));
  file.tensors = records.records;
  other.weight = at::zeros({3, 2});
  const auto refusal = [&] {
    try {
      copy_records(nn::parameters(other), file, "state.safetensors");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  other.mask = at::zeros({2}, at::kByte);
  EXPECT_THAT(refusal(), HasSubstr("state.safetensors: tensor mask has shape [0], the network needs [2]"));
  other.mask = at::zeros({0}, at::kInt);
  EXPECT_THAT(refusal(), HasSubstr("tensor mask is U8, the network needs I32"));
  file.tensors.pop_back();
  EXPECT_THAT(refusal(), HasSubstr("has no tensor mask"));
  EXPECT_TRUE(at::equal(other.weight, at::zeros({3, 2})));
}

}  // namespace
}  // namespace gtsa::model
