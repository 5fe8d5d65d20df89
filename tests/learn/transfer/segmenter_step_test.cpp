// A whole step of segmentation's fine-tuning: maps, neck, head, loss, gradients, AdamW, running statistics; then the
// evaluation of what it left.

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/where.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "learn/nn/flat.h"
#include "learn/train/optimizer.h"
#include "learn/transfer/segment_loss.h"
#include "learn/transfer/segment_task.h"
#include "learn/transfer/segmenter.h"
#include "support/golden_torch.h"

namespace gtsa::transfer {
namespace {

using test::golden_tensor;

constexpr double kForward = 1e-4, kGradient = 1e-3;

/// |got - want| <= tolerance * max|want| everywhere.
void expect_close(const at::Tensor& got, const at::Tensor& want, double tolerance, const std::string& what) {
  ASSERT_EQ(got.sizes(), want.sizes()) << what;
  EXPECT_LE(test::max_difference(got, want), tolerance * want.abs().max().item<double>()) << what;
}

/// Tokens [n, T, C] as a map [n, C, rows, columns].
at::Tensor as_map(const at::Tensor& tokens, nn::Grid grid) {
  return tokens.unflatten(1, {grid.rows, grid.columns}).permute({0, 3, 1, 2});
}

SegmenterOptions options_of(const test::Golden& golden) {
  const auto& s = golden.json().at("settings");
  return {.vit = {.image_size = s.at("img_size").at(0),
                  .patch_size = s.at("patch"),
                  .embed_dim = s.at("embed"),
                  .depth = s.at("depth"),
                  .num_heads = s.at("heads"),
                  .drop_path = 0},
          .taps = s.at("out_indices").get<std::vector<int64_t>>(),
          .neck_width = s.at("neck"),
          .head_width = s.at("channels"),
          .classes = s.at("classes"),
          .dropout = golden.json().at("dropout_rate")};
}

class Step {
 public:
  Step()
      : golden_("semfpn_step_tiny"),
        settings_(golden_.json().at("settings")),
        segmenter_(make_segmenter(options_of(golden_))),
        flat_(nn::bind(segmenter_, true)) {
    load("param/", "buffer/");
    training_.keep = golden_tensor(golden_, "dropout_keep");
    label_ = golden_tensor(golden_, "label");
    label_ = at::where(label_ == golden_.json().at("ignore_index").get<int64_t>(), at::full_like(label_, -1), label_)
                 .to(at::kInt);
  }

  void load(const std::string& parameters, const std::string& buffers) {
    test::load_golden(golden_, parameters, nn::parameters(segmenter_));
    test::load_golden(golden_, buffers, [this](const nn::Walk& visit) { segmenter_.walk_buffers(visit); });
  }

  nn::VitMaps check_backbone() {
    nn::VitMaps maps = nn::forward_maps(segmenter_.encoder, golden_tensor(golden_, "image"), segmenter_.options.taps);
    for (size_t i = 0; i < maps.maps.size(); ++i) {
      maps.maps[i].retain_grad();
      expect_close(as_map(maps.maps[i], maps.grid), of_level("backbone/", i), kForward, "backbone");
    }
    return maps;
  }

  std::vector<at::Tensor> check_neck(const nn::VitMaps& maps) {
    std::vector<at::Tensor> levels = nn::forward(segmenter_.neck, maps.maps, maps.grid);
    for (size_t i = 0; i < levels.size(); ++i) {
      expect_close(as_map(levels[i], maps.grid), of_level("neck/", i), kForward, "neck");
    }
    return levels;
  }

  /// The plain head's branches, and its logits as the fast one's.
  void check_head(const std::vector<at::Tensor>& levels, nn::Grid grid) {
    const at::NoGradGuard no_grad;
    for (int64_t level = 0; level < nn::kFpnLevels; ++level) {
      nn::FpnTraining training;
      expect_close(
          nn::reference::scale_head(segmenter_.head, level, levels[static_cast<size_t>(level)], grid, &training),
          of_level("scale_head/", static_cast<size_t>(level)), kForward, "scale_head");
    }
    nn::FpnTraining training{.keep = training_.keep, .moments = {}, .sum_over_ranks = {}};
    expect_close(as_map(nn::reference::forward(segmenter_.head, levels, grid, &training), grid),
                 golden_tensor(golden_, "logits"), kForward, "plain logits");
  }

  void check_loss_and_gradients() {
    const nn::VitMaps maps = check_backbone();
    const auto levels = check_neck(maps);
    check_head(levels, maps.grid);
    const at::Tensor logits = nn::forward(segmenter_.head, levels, maps.grid, &training_);
    logits.retain_grad();
    expect_close(as_map(logits, maps.grid), golden_tensor(golden_, "logits"), kForward, "logits");
    const SegmentLoss loss = segment_loss({maps.grid, logits}, label_);
    EXPECT_NEAR(loss.value.item<float>(), golden_.scalar("loss"), kForward * golden_.scalar("loss"));
    EXPECT_NEAR(100.0 * static_cast<double>(loss.pixels.correct) / static_cast<double>(loss.pixels.labelled),
                golden_.scalar("acc_seg"), kForward * golden_.scalar("acc_seg"));
    loss.value.backward();
    expect_close(as_map(logits.grad(), maps.grid), golden_tensor(golden_, "grad_logits"), kGradient, "grad_logits");
    for (size_t i = 0; i < maps.maps.size(); ++i) {
      expect_close(as_map(maps.maps[i].grad(), maps.grid), of_level("grad_backbone/", i), kGradient, "grad_backbone");
    }
    segmenter_.walk([&](const std::string& name, at::Tensor& tensor) {
      if (name.ends_with("in_proj_bias")) {
        expect_close(without_keys(tensor.grad()), without_keys(golden_tensor(golden_, "grad/" + name)), kGradient,
                     name);
        EXPECT_LE(tensor.grad().chunk(3)[1].abs().max().item<float>(), 1e-6) << name;
        return;
      }
      expect_close(tensor.grad(), golden_tensor(golden_, "grad/" + name), kGradient, name);
    });
  }

  void check_rows() const {
    const auto rows = segment_rows(flat_.layout, true);
    const auto& wanted = golden_.json().at("weight_decay");
    const double decay = golden_.json().at("optimizer").at("weight_decay");
    ASSERT_EQ(wanted.size(), rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::string& name = flat_.layout.slots[i].name;
      EXPECT_EQ(decay * rows[i].decay_scale, wanted.at(name).get<double>()) << name;
    }
  }

  void check_update() {
    const double lr = settings_.at("lr"), decay = settings_.at("wd");
    train::AdamW optimizer(flat_, nullptr, segment_rows(flat_.layout, true), {.clip = 0});
    optimizer.step(optimizer.norms(), lr, decay, 1, 0);
    segmenter_.walk([&](const std::string& name, at::Tensor& tensor) {
      const at::Tensor want = golden_tensor(golden_, "param_after/" + name);
      const at::Tensor gradient = golden_tensor(golden_, "grad/" + name).abs();
      const at::Tensor meant = (gradient > 1e-5 * gradient.max().item<double>()) & (gradient > 1e-7);
      const at::Tensor allowed = at::where(meant, want.abs() * 1e-4 + 1e-5, at::full_like(want, 2.2 * lr));
      EXPECT_LE(((tensor.detach() - want).abs() - allowed).max().item<float>(), 0) << name;
    });
  }

  void check_running_statistics() {
    std::vector<at::Tensor> statistics;
    segmenter_.walk_buffers([&](const std::string&, at::Tensor& tensor) { statistics.push_back(tensor); });
    nn::update_running(statistics, training_.moments);
    segmenter_.walk_buffers([&](const std::string& name, at::Tensor& tensor) {
      expect_close(tensor, golden_tensor(golden_, "buffer_after/" + name), kForward, name);
    });
  }

  void check_evaluation() {
    const at::NoGradGuard no_grad;
    load("param_after/", "buffer_after/");
    const auto resized = [](const at::Tensor& logits, int64_t height, int64_t width) {
      return at::upsample_bilinear2d(logits, {height, width}, false);
    };
    const at::Tensor image = golden_tensor(golden_, "image"), second = golden_tensor(golden_, "eval/image2");
    expect_close(resized(forward(segmenter_, image), image.size(2), image.size(3)),
                 golden_tensor(golden_, "eval/logits"), kForward, "eval/logits");
    const nn::VitMaps maps = nn::forward_maps(segmenter_.encoder, second, segmenter_.options.taps);
    expect_close(as_map(maps.maps.back(), maps.grid), golden_tensor(golden_, "eval/image2_backbone_last"), kForward,
                 "eval/image2_backbone_last");
    const at::Tensor whole = resized(resized(forward(segmenter_, second), second.size(2), second.size(3)),
                                     settings_.at("ori2").at(0), settings_.at("ori2").at(1));
    expect_close(whole, golden_tensor(golden_, "eval/image2_whole_logits"), kForward, "eval/image2_whole_logits");
  }

 private:
  at::Tensor of_level(const std::string& name, size_t level) const {
    return golden_tensor(golden_, name + std::to_string(level));
  }
  /// Of a bias of q, k and v: a key's shifts all scores of a query alike, so its true gradient is 0.
  static at::Tensor without_keys(const at::Tensor& bias) {
    const auto parts = bias.detach().chunk(3);
    return at::stack({parts[0], parts[2]});
  }

  test::Golden golden_;
  nlohmann::json settings_;
  Segmenter segmenter_;
  nn::Flat flat_;
  nn::FpnTraining training_;
  at::Tensor label_;
};

TEST(semfpn_step_tiny_GoldenTest, AgreesWithTheOriginalsStepAndEvaluation) {
  GTSA_REQUIRE_GOLDEN("semfpn_step_tiny");
  Step step;
  step.check_rows();
  step.check_loss_and_gradients();
  step.check_update();
  step.check_running_statistics();
  step.check_evaluation();
}

TEST(posembed_resize_GoldenTest, AgreesWithTheOriginalsSegmentation) {
  GTSA_REQUIRE_GOLDEN("posembed_resize");
  const test::Golden golden("posembed_resize");
  const auto grid_of = [](const std::string& name) {
    const size_t cross = name.rfind('x'), start = name.rfind('_') + 1;
    return nn::Grid{std::stoll(name.substr(start, cross - start)), std::stoll(name.substr(cross + 1))};
  };
  at::Tensor loaded;
  for (const std::string& name : golden.names()) {
    if (!name.starts_with("seg/load_")) continue;
    loaded = model::resized_pos_embed(golden_tensor(golden, "pos_14"), grid_of(name).rows);
    expect_close(loaded, golden_tensor(golden, name), 1e-5, name);
  }
  for (const std::string& name : golden.names()) {
    if (!name.starts_with("seg/forward_")) continue;
    expect_close(nn::pos_embed_on(loaded, grid_of(name)), golden_tensor(golden, name), 1e-5, name);
  }
}

}  // namespace
}  // namespace gtsa::transfer
