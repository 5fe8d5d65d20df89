#include "learn/ssl/gtsa_losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/rng.h"
#include "core/data/pooling_buffers.h"
#include "core/geometry/crop.h"
#include "support/golden_torch.h"

namespace gtsa::ssl {
namespace {

at::Tensor normals(at::IntArrayRef shape, uint64_t stream) {
  Rng rng({9, 0, stream});
  at::Tensor tensor = at::empty(shape, at::kFloat);
  for (int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<float>()[i] = static_cast<float>(rng.normal());
  return tensor;
}

double minus_mean_cosine(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.to(at::kDouble), y = b.to(at::kDouble);
  return -((x * y).sum(-1) / (x.norm(2, -1) * y.norm(2, -1))).mean().item<double>();
}

/// The correspondence loss of one direction of one pair of maps [T, D], position by position.
double direction_of_pair(const at::Tensor& input, const at::Tensor& candidates, int64_t matches) {
  std::vector<std::pair<double, int64_t>> best;  // (-similarity, position)
  std::vector<double> cosine;
  for (int64_t i = 0; i < input.size(0); ++i) {
    double highest = -2;
    for (int64_t j = 0; j < candidates.size(0); ++j) {
      highest = std::max(highest, -minus_mean_cosine(input[i], candidates[j]));
    }
    best.emplace_back(-highest, i);
  }
  std::sort(best.begin(), best.end());
  best.resize(std::min(best.size(), static_cast<size_t>(matches)));
  double sum = 0;
  for (const auto& [minus_similarity, position] : best) sum += minus_similarity;
  return sum / static_cast<double>(best.size());
}

TEST(CropLoss, IsThatOfThePairsOneByOneForAnyNumberOfGlobalViews) {
  const int64_t batch = 2, tokens = 9, local_tokens = 4, width = 5, bins = 4;
  for (const int64_t globals : {1, 2, 3}) {
    const int64_t locals = 2;
    const at::Tensor teacher = normals({globals * batch, tokens, width}, 1);
    for (const Kind kind : {Kind::global, Kind::local}) {
      const bool global = kind == Kind::global;
      const int64_t views = global ? globals : locals, slots = global ? globals - 1 : globals;
      const int64_t own_tokens = global ? tokens : local_tokens;
      const at::Tensor student = normals({views * batch, own_tokens, width}, 2);
      const Pooling pooling{normals({views, batch, slots, bins, own_tokens}, 3),
                            normals({views, batch, slots, bins, tokens}, 4)};
      const CropTerms terms = crop_terms(kind, student, teacher, pooling);
      ASSERT_EQ(terms.pair_losses.sizes(), at::IntArrayRef({views, slots}));
      for (int64_t v = 0; v < views; ++v) {
        for (int64_t slot = 0; slot < slots; ++slot) {
          const int64_t q = global && slot >= v ? slot + 1 : slot;
          double mean = 0;
          for (int64_t b = 0; b < batch; ++b) {
            mean += minus_mean_cosine(pooling.student[v][b][slot].matmul(student[v * batch + b]),
                                      pooling.teacher[v][b][slot].matmul(teacher[q * batch + b])) /
                    static_cast<double>(batch);
          }
          EXPECT_NEAR(terms.pair_losses[v][slot].item<float>(), mean, 1e-5) << globals << " " << v << " " << slot;
        }
      }
    }
  }
}

TEST(CorrespondenceLoss, IsThatOfThePairsOneByOneForAnyNumberOfGlobalViews) {
  const int64_t batch = 2, tokens = 9, local_tokens = 4, width = 5, matches = 3;
  for (const int64_t globals : {1, 2, 3}) {
    const at::Tensor teacher = normals({globals * batch, tokens, width}, 1);
    for (const Kind kind : {Kind::global, Kind::local}) {
      const bool global = kind == Kind::global;
      const int64_t views = global ? globals : 2;
      const at::Tensor student = normals({views * batch, global ? tokens : local_tokens, width}, 2);
      const auto terms = correspondence_terms(kind, student, teacher, views, globals, matches);
      int64_t pair = 0;
      for (int64_t v = 0; v < views; ++v) {
        for (int64_t q = 0; q < globals; ++q) {
          if (global && q == v) continue;
          double forth = 0, back = 0;
          for (int64_t b = 0; b < batch; ++b) {
            const at::Tensor s = student[v * batch + b], t = teacher[q * batch + b];
            forth += direction_of_pair(s, t, matches) / static_cast<double>(batch);
            back += direction_of_pair(t, s, matches) / static_cast<double>(batch);
          }
          EXPECT_NEAR(terms.student_losses[pair].item<float>(), forth, 1e-5);
          EXPECT_NEAR(terms.teacher_losses[pair].item<float>(), back, 1e-5);
          EXPECT_NEAR(terms.pair_losses()[pair].item<float>(), (forth + back) / 2, 1e-5);
          ++pair;
        }
      }
      EXPECT_EQ(terms.student_losses.numel(), pair);
    }
  }
}

TEST(CorrespondenceLoss, TakesTheLowestIndexAmongEqualSimilarities) {
  const at::Tensor student = at::ones({1, 6, 3}), teacher = at::ones({1, 8, 3});
  const Matches found = find_matches(Kind::local, student, teacher, 1, 1, 4);
  const at::Tensor first_four = at::tensor({0, 1, 2, 3}, at::kLong).view({1, 1, 4});
  const at::Tensor first = at::zeros({1, 1, 4}, at::kLong);
  EXPECT_TRUE(at::equal(found.student, first_four));
  EXPECT_TRUE(at::equal(found.teacher_candidate, first));
  EXPECT_TRUE(at::equal(found.teacher, first_four));
  EXPECT_TRUE(at::equal(found.student_candidate, first));
}

TEST(CorrespondenceLoss, KeepsAllPositionsOfAMapWithFewerThanTheMatches) {
  const Matches found = find_matches(Kind::local, normals({2, 4, 3}, 1), normals({2, 9, 3}, 2), 1, 1, 6);
  EXPECT_EQ(found.student.sizes(), at::IntArrayRef({1, 2, 4}));
  EXPECT_EQ(found.teacher.sizes(), at::IntArrayRef({1, 2, 6}));
}

TEST(CorrespondenceLoss, SendsGradientsToTheStudentInBothDirectionsAndNeverToTheTeacher) {
  const at::Tensor student = normals({2, 4, 3}, 1).set_requires_grad(true);
  const at::Tensor teacher = normals({2, 9, 3}, 2).set_requires_grad(true);
  const auto terms = correspondence_terms(Kind::local, student, teacher, 1, 1, 3);
  terms.student_losses.sum().backward();
  const at::Tensor forth = student.grad().clone();
  EXPECT_GT(forth.abs().sum().item<float>(), 0.0F);
  terms.teacher_losses.sum().backward();
  EXPECT_FALSE(at::equal(student.grad(), forth));
  EXPECT_FALSE(teacher.grad().defined());
}

TEST(Losses, WeighAllPairsTheSameAcrossKinds) {
  const at::Tensor global = at::full({2, 1}, 1.0), local = at::full({3, 2}, 5.0);
  EXPECT_FLOAT_EQ((share_of_mean(global, 8) + share_of_mean(local, 8)).item<float>(), (2 * 1.0F + 6 * 5.0F) / 8);
  EXPECT_FLOAT_EQ(share_of_mean(global, 2).item<float>(), 1.0F);
}

TEST(Losses, AreFiniteWithZeroGradientOnMapsOfZeros) {
  const at::Tensor student = at::zeros({2, 4, 3}).set_requires_grad(true);
  const at::Tensor teacher = at::zeros({2, 9, 3});
  const Pooling pooling{normals({1, 2, 1, 4, 4}, 1), normals({1, 2, 1, 4, 9}, 2)};
  const at::Tensor loss = crop_terms(Kind::local, student, teacher, pooling).pair_losses.sum() +
                          correspondence_terms(Kind::local, student, teacher, 1, 1, 2).pair_losses().sum();
  EXPECT_EQ(loss.item<float>(), 0.0F);
  loss.backward();
  EXPECT_EQ(student.grad().abs().max().item<float>(), 0.0F);
}

TEST(RotationLoss, IsTheMeanCrossEntropy) {
  const at::Tensor logits = normals({6, 4}, 1);
  double want = 0;
  std::vector<int64_t> turns;
  for (int64_t i = 0; i < 6; ++i) {
    turns.push_back(i % 4);
    double sum = 0;
    for (int64_t k = 0; k < 4; ++k) sum += std::exp(logits[i][k].item<double>());
    want += (std::log(sum) - logits[i][i % 4].item<double>()) / 6;
  }
  EXPECT_NEAR(rotation_loss(logits, at::tensor(turns)).item<float>(), want, 1e-6);
}

/// Views of one scene, whose feature at a point is affine in its place in the photograph: what two views pool from the
/// same bin is then the same vector, exactly but for bins that reach beyond the outermost patch centres.
class Scene {
 public:
  static constexpr int64_t kPatch = 4;
  explicit Scene(uint64_t seed) {
    Rng rng({seed});
    for (int64_t v = 0; v < shape_.views(); ++v) {
      const bool global = v < shape_.globals;
      const int64_t side = (global ? 60 : 40) + rng.below(20);
      const auto start = [&](int64_t extent) {
        // Crops lie about the middle, so that all of them overlap.
        return (100 - extent) / 2 + static_cast<int64_t>(rng.below(9)) - 4;
      };
      views_.push_back({{start(side), start(side), side, side},
                        kPatch * shape_.grid[global ? 0 : 1],
                        static_cast<Turn>(rng.below(4))});
    }
  }

  /// Map of a view as the networks would see it: [1, g*g, 3], turned with the view.
  at::Tensor map(int64_t v, Turn turn) const {
    const geometry::ViewFrame& view = views_[static_cast<size_t>(v)];
    const int64_t side = view.side / kPatch;
    at::Tensor unturned = at::empty({side, side, 3}, at::kFloat);
    for (int64_t r = 0; r < side; ++r) {
      for (int64_t c = 0; c < side; ++c) {
        const auto place = [&](int64_t origin, int64_t extent, int64_t i) {
          const double share = (static_cast<double>(i) + 0.5) / static_cast<double>(side);
          return (static_cast<double>(origin) + share * static_cast<double>(extent)) / 50 - 1;
        };
        unturned[r][c][0] = place(view.crop_in_photo.left, view.crop_in_photo.width, c);
        unturned[r][c][1] = place(view.crop_in_photo.top, view.crop_in_photo.height, r);
        unturned[r][c][2] = 0.3;
      }
    }
    return unturned.rot90(static_cast<int64_t>(turn), {0, 1}).reshape({1, side * side, 3});
  }
  at::Tensor map(int64_t v) const { return map(v, views_[static_cast<size_t>(v)].turn); }

  const data::PoolingShape& shape() const { return shape_; }
  Turn turn(int64_t v) const { return views_[static_cast<size_t>(v)].turn; }

  std::vector<at::Tensor> pooling() const {
    std::vector<at::Tensor> buffers;
    for (const auto& spec : data::pooling_specs(shape_, 1)) buffers.push_back(at::empty(spec.shape, at::kFloat));
    const auto span = [&](size_t i) {
      return std::span<float>(buffers[i].data_ptr<float>(), static_cast<size_t>(buffers[i].numel()));
    };
    std::vector<Turn> turns;
    for (const auto& view : views_) turns.push_back(view.turn);
    const geometry::OverlapBoxes boxes = geometry::overlap_boxes(views_, shape_.globals);
    data::fill_pooling(shape_, boxes.in_globals, boxes.in_views, turns, 1, 0, {span(0), span(1), span(2), span(3)});
    return buffers;
  }

 private:
  data::PoolingShape shape_{2, 3, kPatch, {12, 8}, {4, 3}};
  std::vector<geometry::ViewFrame> views_;
};

double crop_loss(const Scene& scene, const std::vector<at::Tensor>& student) {
  const int64_t globals = scene.shape().globals;
  std::vector<at::Tensor> teacher;
  for (int64_t q = 0; q < globals; ++q) teacher.push_back(scene.map(q));
  const auto pooling = scene.pooling();
  const auto stack = [](auto first, auto last) {
    return at::stack(std::vector<at::Tensor>(first, last)).flatten(0, 1);
  };
  const at::Tensor targets = stack(teacher.begin(), teacher.end());
  const auto global =
      crop_terms(Kind::global, stack(student.begin(), student.begin() + globals), targets, {pooling[0], pooling[1]});
  const auto local =
      crop_terms(Kind::local, stack(student.begin() + globals, student.end()), targets, {pooling[2], pooling[3]});
  const int64_t pairs = global.pair_losses.numel() + local.pair_losses.numel();
  return (share_of_mean(global.pair_losses, pairs) + share_of_mean(local.pair_losses, pairs)).item<double>();
}

TEST(CropLoss, IsAtItsMinimumWhereBothMapsAreTheSameFeaturesSeenThroughTheirViews) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Scene scene(seed);
    std::vector<at::Tensor> student;
    for (int64_t v = 0; v < scene.shape().views(); ++v) student.push_back(scene.map(v));
    const double aligned = crop_loss(scene, student);
    EXPECT_LT(aligned, -0.995) << "seed " << seed;
    for (size_t v = 0; v < student.size(); ++v) {
      std::vector<at::Tensor> changed = student;
      const Turn wrong = static_cast<Turn>((static_cast<int>(scene.turn(static_cast<int64_t>(v))) + 1) % 4);
      changed[v] = scene.map(static_cast<int64_t>(v), wrong);
      EXPECT_GT(crop_loss(scene, changed), aligned + 0.02) << "seed " << seed << ", view " << v << " turned wrongly";
      changed[v] = student[v] + 0.3 * normals(student[v].sizes(), v);
      EXPECT_GT(crop_loss(scene, changed), aligned) << "seed " << seed << ", view " << v << " disturbed";
    }
  }
}

}  // namespace
}  // namespace gtsa::ssl
