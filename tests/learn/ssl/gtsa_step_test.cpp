// Whole steps of the original: every intermediate, loss and gradient, the clipped gradients and the teacher's update.

#include <ATen/ops/cat.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <set>

#include "learn/ssl/golden_step.h"
#include "learn/ssl/golden_update.h"

namespace gtsa {
namespace {

using test::golden_tensor;
using test::max_difference;
using test::relative_difference;

constexpr double kActivation = 1e-4;
constexpr double kLoss = 2e-6;
constexpr double kGradient = 1e-4;

/// As the task adds up both kinds.
at::Tensor mean_over_pairs(const at::Tensor& global, const at::Tensor& local) {
  const int64_t pairs = global.numel() + local.numel();
  return ssl::share_of_mean(global, pairs) + ssl::share_of_mean(local, pairs);
}

/// A recorded step, run.
class Step {
 public:
  explicit Step(const std::string& stem)
      : golden_(stem), options_(test::golden_options(golden_)), batch_(test::golden_batch(golden_, options_)) {
    options_.check();
    student_ = ssl::make_student(options_);
    teacher_ = ssl::make_teacher(options_);
    student_flat_ = nn::bind(student_, true);
    teacher_flat_ = nn::bind(teacher_, false);
    test::load_golden(golden_, "param/", nn::parameters(student_));
    test::load_golden(golden_, "param/", nn::parameters(teacher_));
  }

  void check() {
    update_teacher();
    forward();
    check_maps();
    check_crop_loss();
    check_correspondence();
    check_rotation();
    const double c = golden_.json().at("pc_coef"), r = golden_.json().at("rot_coef");
    const at::Tensor total = crop_ + c * correspondence_ + r * rotation_;
    EXPECT_NEAR(total.item<float>(), golden_.scalar("loss/total"), kLoss);
    total.backward();
    check_gradients();
    test::check_update(golden_, {}, 2e-7);
    test::check_update(golden_, student_flat_.grads, 1e-6);
  }

 private:
  int64_t batch_size() const { return batch_.turns.numel() / options_.views(); }

  void update_teacher() {
    const at::NoGradGuard no_grad;
    const double m = golden_.json().at("momentum");
    teacher_flat_.values.mul_(m).add_(student_flat_.values.narrow(0, 0, teacher_flat_.layout.size), 1.0 - m);
    teacher_.walk([&](const std::string& name, at::Tensor& tensor) {
      EXPECT_LE(max_difference(tensor, golden_tensor(golden_, "teacher_after/" + name)), 1e-6) << name;
    });
  }

  std::unique_ptr<nn::DropPath> masks(const std::string& kind) const {
    if (options_.vit.drop_path == 0) return nullptr;
    std::vector<at::Tensor> keep;
    for (int64_t j = 0; j < options_.vit.depth; ++j) {
      for (const char* branch : {"attn", "mlp"}) {
        const std::string name = "droppath/" + kind + "/" + std::to_string(j) + "/" + branch;
        keep.push_back(golden_.has(name) ? golden_tensor(golden_, name).to(at::kByte) : at::Tensor());
      }
    }
    at::Tensor all;  // a block of rate 0 may have no masks: it keeps everything
    for (const at::Tensor& mask : keep) all = mask.defined() ? mask : all;
    for (at::Tensor& mask : keep) mask = mask.defined() ? mask : at::ones_like(all);
    return std::make_unique<nn::DropPath>(nn::DropPath{at::stack(keep).unflatten(0, {options_.vit.depth, 2})});
  }

  void forward() {
    ssl::check_views(options_, options_.global, batch_.global_views);
    ssl::check_views(options_, options_.local, batch_.local_views);
    global_ = ssl::forward(student_, batch_.global_views, masks("global").get());
    local_ = ssl::forward(student_, batch_.local_views, masks("local").get());
    target_ = ssl::forward(teacher_, batch_.global_views);
  }

  /// [n, T, D] as the recorded [n, D, g, g].
  static at::Tensor square(const at::Tensor& tokens) {
    const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(tokens.size(1)))));
    return tokens.transpose(1, 2).unflatten(2, {side, side});
  }

  void expect_near(const at::Tensor& got, const std::string& name, double tolerance) const {
    EXPECT_LE(max_difference(got, golden_tensor(golden_, name)), tolerance) << name;
  }

  void check_maps() const {
    const auto student = [&](const ssl::StudentMaps& maps, const std::string& kind) {
      expect_near(maps.encoder, "student/encoder/" + kind, kActivation);
      expect_near(square(maps.projector), "student/projector/" + kind, kActivation);
      expect_near(square(maps.predictor), "student/predictor/" + kind, kActivation);
    };
    student(global_, "global");
    student(local_, "local");
    expect_near(target_.encoder, "teacher/encoder/global", kActivation);
    expect_near(square(target_.projector), "teacher/projector/global", kActivation);
  }

  /// Calls visit(kind, v within the kind, slot, "pair/q_v/").
  template <class Visit>
  void for_each_pair(const Visit& visit) const {
    for (int64_t v = 0; v < options_.views(); ++v) {
      int64_t slot = 0;
      for (int64_t q = 0; q < options_.global.count; ++q) {
        if (q == v) continue;
        const bool global = v < options_.global.count;
        visit(global ? ssl::Kind::global : ssl::Kind::local, global ? v : v - options_.global.count, slot++,
              "pair/" + std::to_string(q) + "_" + std::to_string(v) + "/");
      }
    }
  }

  void check_crop_loss() {
    using ssl::Kind;
    const auto global = ssl::crop_terms(Kind::global, global_.predictor, target_.projector, batch_.global_pooling);
    const auto local = ssl::crop_terms(Kind::local, local_.predictor, target_.projector, batch_.local_pooling);
    for_each_pair([&](Kind kind, int64_t v, int64_t slot, const std::string& pair) {
      const ssl::CropTerms& terms = kind == Kind::global ? global : local;
      expect_near(square(terms.student_pooled[v].select(1, slot)), pair + "student_pooled", kActivation);
      expect_near(square(terms.teacher_pooled[v].select(1, slot)), pair + "teacher_rotated", kActivation);
      expect_near(terms.pair_losses[v][slot], pair + "dense_loss", kLoss);
    });
    crop_ = mean_over_pairs(global.pair_losses, local.pair_losses);
    EXPECT_NEAR(crop_.item<float>(), golden_.scalar("loss/dense"), kLoss);
  }

  void check_correspondence() {
    using ssl::Kind;
    const ssl::GtsaOptions& o = options_;
    const auto global = ssl::correspondence_terms(Kind::global, global_.predictor, target_.projector, o.global.count,
                                                  o.global.count, o.matches(o.global));
    const auto local = ssl::correspondence_terms(Kind::local, local_.predictor, target_.projector, o.local.count,
                                                 o.global.count, o.matches(o.local));
    for_each_pair([&](Kind kind, int64_t v, int64_t slot, const std::string& pair) {
      const ssl::CorrespondenceTerms& terms = kind == Kind::global ? global : local;
      const int64_t p = v * (kind == Kind::global ? o.global.count - 1 : o.global.count) + slot;
      expect_near(terms.found.student[p], pair + "match_student", 0);
      expect_near(terms.found.teacher_candidate[p], pair + "match_teacher", 0);
      expect_near(terms.found.teacher[p], pair + "sym_match_teacher", 0);
      expect_near(terms.found.student_candidate[p], pair + "sym_match_student", 0);
      expect_near(terms.student_losses[p], pair + "corr_loss", kLoss);
      expect_near(terms.teacher_losses[p], pair + "corr_loss_sym", kLoss);
    });
    correspondence_ = mean_over_pairs(global.pair_losses(), local.pair_losses());
    EXPECT_NEAR(correspondence_.item<float>(), golden_.scalar("loss/correspondence"), kLoss);
  }

  void check_rotation() {
    const at::Tensor logits =
        at::cat({ssl::rotation_logits(student_, global_.encoder), ssl::rotation_logits(student_, local_.encoder)});
    expect_near(logits.unflatten(0, {options_.views(), batch_size()}), "rotation/logits", kActivation);
    expect_near(batch_.turns.unflatten(0, {options_.views(), batch_size()}), "rotation/labels", 0);
    rotation_ = ssl::rotation_loss(logits, batch_.turns);
    EXPECT_NEAR(rotation_.item<float>(), golden_.scalar("loss/rotation"), kLoss);
  }

  void check_gradients() {
    const double clip = golden_.json().at("clip_grad");
    const nlohmann::json& key_rows = golden_.json().at("key_bias_rows_without_gradient");
    student_.walk([&](const std::string& name, at::Tensor& tensor) {
      const at::Tensor recorded = golden_tensor(golden_, "grad/" + name);
      EXPECT_LE(relative_difference(tensor.grad(), recorded), kGradient) << name;
      const double norm = tensor.grad().norm().item<float>();
      const at::Tensor clipped = tensor.grad() * std::min(1.0, clip / (norm + 1e-6));
      const std::string clipped_name = "clipped/" + name;
      EXPECT_LE(
          relative_difference(clipped, golden_.has(clipped_name) ? golden_tensor(golden_, clipped_name) : recorded),
          kGradient)
          << name;
      if (key_rows.contains(name)) {
        const int64_t first = key_rows.at(name).at(0), last = key_rows.at(name).at(1);
        EXPECT_LE(tensor.grad().narrow(0, first, last - first).abs().max().item<float>(), 1e-7) << name;
      }
    });
    EXPECT_THAT(*student_flat_.touched, testing::Each(1));
    teacher_.walk([](const std::string& name, at::Tensor& tensor) { EXPECT_FALSE(tensor.grad().defined()) << name; });
  }

  test::Golden golden_;
  ssl::GtsaOptions options_;
  test::GoldenBatch batch_;
  ssl::Student student_;
  ssl::Teacher teacher_;
  nn::Flat student_flat_, teacher_flat_;
  ssl::StudentMaps global_, local_;
  ssl::TeacherMaps target_;
  at::Tensor crop_, correspondence_, rotation_;
};

TEST(gtsa_step_tiny_GoldenTest, AgreesWithTheOriginal) {
  GTSA_REQUIRE_GOLDEN("gtsa_step_tiny");
  Step("gtsa_step_tiny").check();
}

TEST(gtsa_step_small_grid_GoldenTest, AgreesWithTheOriginal) {
  GTSA_REQUIRE_GOLDEN("gtsa_step_small_grid");
  Step("gtsa_step_small_grid").check();
}

TEST(gtsa_step_droppath_GoldenTest, AgreesWithTheOriginal) {
  GTSA_REQUIRE_GOLDEN("gtsa_step_droppath");
  Step("gtsa_step_droppath").check();
}

}  // namespace
}  // namespace gtsa
