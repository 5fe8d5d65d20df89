#include "learn/train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/parallel.h"
#include "learn/train/toy_task.h"

namespace gtsa::train {
namespace {

std::map<std::string, std::vector<float>> values_of(test::ToyTask& task) {
  std::map<std::string, std::vector<float>> result;
  task.walk([&](const std::string& name, at::Tensor& tensor) {
    const at::Tensor flat = tensor.detach().contiguous().view(-1);
    result[name].assign(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  });
  return result;
}

TEST(AdamW, RowsThatBackwardDidNotTouchStayAsTheyAre) {
  test::ToyTask task;
  AdamW optimizer(task.trained(), task.averaged(), task.rows(), {});
  const auto before = values_of(task);
  task.trained().zero_grads();
  task.walk([](const std::string& name, at::Tensor& tensor) {
    if (name == "layer.weight") tensor.sum().backward();
  });
  optimizer.step(optimizer.norms(), 0.1, 0.1, 0.9, 0);
  const auto after = values_of(task);
  EXPECT_EQ(after.at("unused.weight"), before.at("unused.weight")) << "not even decay";
  EXPECT_EQ(after.at("layer.bias"), before.at("layer.bias"));
  EXPECT_NE(after.at("layer.weight"), before.at("layer.weight"));
  EXPECT_NE(after.at("teacher.bias"), before.at("teacher.bias")) << "the teacher averages all the same";
}

TEST(AdamW, ClipsEachTensorByItsOwnNorm) {
  // With lr * wd = 0 and step 1, the first moment is 0.1 * the clipped gradient.
  test::ToyTask task;
  AdamW optimizer(task.trained(), task.averaged(), task.rows(), {.clip = 0.5});
  task.trained().zero_grads();
  task.walk([](const std::string& name, at::Tensor& tensor) {
    if (name == "layer.weight") (tensor * 4).sum().backward();
    if (name == "layer.bias") (tensor * 0.25).sum().backward();
  });
  const GradientNorms norms = optimizer.norms();
  EXPECT_NEAR(norms.rows[0], 4 * std::sqrt(3.0), 1e-6);
  EXPECT_NEAR(norms.total, std::sqrt(48.0 + 0.0625), 1e-6);
  optimizer.step(norms, 0, 0, 1, 0);
  optimizer.walk([&](const std::string& name, at::Tensor& tensor) {
    if (name == "exp_avg.layer.weight") {
      EXPECT_NEAR(tensor[0][0].item<float>(), 0.1 * 0.5 / std::sqrt(3.0), 1e-6);
    }
    if (name == "exp_avg.layer.bias") {
      EXPECT_NEAR(tensor[0].item<float>(), 0.025, 1e-7) << "below the clip: as it is";
    }
  });
}

TEST(AdamW, ClipsOverAllTensorsIfAsked) {
  test::ToyTask task;
  AdamW optimizer(task.trained(), nullptr, std::vector<Row>(4),
                  {.clip = 0.5, .clip_over = AdamWOptions::ClipOver::all});
  task.trained().zero_grads();
  task.walk([](const std::string& name, at::Tensor& tensor) {
    if (name == "layer.weight") (tensor * 4).sum().backward();
    if (name == "layer.bias") (tensor * 0.25).sum().backward();
  });
  const GradientNorms norms = optimizer.norms();
  optimizer.step(norms, 0, 0, 1, 0);
  const double factor = 0.5 / norms.total;
  optimizer.walk([&](const std::string& name, at::Tensor& tensor) {
    if (name == "exp_avg.layer.weight") {
      EXPECT_NEAR(tensor[0][0].item<float>(), 0.1 * 4 * factor, 1e-6);
    }
    if (name == "exp_avg.layer.bias") {
      EXPECT_NEAR(tensor[0].item<float>(), 0.1 * 0.25 * factor, 1e-7) << "the others' norm counts";
    }
  });
}

TEST(AdamW, GivesTheSameBitsForAnyNumberOfThreads) {
  std::vector<std::vector<float>> results;
  for (const int count : {1, 2, 5}) {
    set_threads(count);
    test::ToyTask task;
    AdamW optimizer(task.trained(), task.averaged(), task.rows(), {});
    for (int step = 0; step < 5; ++step) {
      task.trained().zero_grads();
      task.walk([](const std::string& name, at::Tensor& tensor) {
        if (name.starts_with("layer")) (tensor * tensor).sum().backward();
      });
      optimizer.step(optimizer.norms(), 0.01, 0.1, 0.9, step);
    }
    results.push_back(test::all_values(task, optimizer));
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

}  // namespace
}  // namespace gtsa::train
