// Nearest neighbours and their votes: DINO's recorded ones, and a search that looks at everything.

#include "learn/probe/knn.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "support/golden_torch.h"

namespace gtsa::probe {
namespace {

using test::golden_tensor;

std::span<const int64_t> numbers(const at::Tensor& tensor) {
  return {tensor.data_ptr<int64_t>(), static_cast<size_t>(tensor.numel())};
}

at::Tensor random_rows(int64_t rows, int64_t width, uint64_t seed) {
  Rng rng({.seed = seed});
  at::Tensor values = at::empty({rows, width}, at::kFloat);
  for (int64_t i = 0; i < values.numel(); ++i) values.data_ptr<float>()[i] = static_cast<float>(rng.normal());
  return unit_rows(values);
}

/// Small whole numbers, so that many dot products are equal and none is rounded.
at::Tensor whole_rows(int64_t rows, int64_t width, uint64_t seed) {
  Rng rng({.seed = seed});
  at::Tensor values = at::empty({rows, width}, at::kFloat);
  for (int64_t i = 0; i < values.numel(); ++i) values.data_ptr<float>()[i] = static_cast<float>(rng.below(5)) - 2;
  return values;
}

/// Compares with a stable sort of every product.
void expect_the_whole_searchs_neighbours(const at::Tensor& bank, const at::Tensor& queries, int64_t k) {
  const Neighbours found = nearest(bank, queries, k);
  const at::Tensor products = queries.mm(bank.t()).contiguous();
  for (int64_t q = 0; q < queries.size(0); ++q) {
    const float* const row = products.data_ptr<float>() + q * bank.size(0);
    std::vector<int64_t> order(static_cast<size_t>(bank.size(0)));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return row[a] > row[b]; });
    for (int64_t j = 0; j < k; ++j) {
      ASSERT_EQ(found.indices[q][j].item<int64_t>(), order[static_cast<size_t>(j)]) << "query " << q << ", place " << j;
      ASSERT_EQ(found.similarities[q][j].item<float>(), row[order[static_cast<size_t>(j)]]);
    }
  }
}

TEST(Nearest, FindsWhatALookAtEverythingFinds) {
  for (const auto& [bank, queries, k] :
       {std::tuple{1, 1, 1}, {5, 3, 5}, {300, 7, 20}, {2049, 3, 1}, {5000, 515, 200}}) {
    SCOPED_TRACE(fmt::format("{} of {} for {}", k, bank, queries));
    expect_the_whole_searchs_neighbours(whole_rows(bank, 6, 1), whole_rows(queries, 6, 2), k);
  }
}

TEST(Nearest, AnswersTheSameOnAnyNumberOfThreads) {
  const at::Tensor bank = random_rows(3000, 24, 3), queries = random_rows(70, 24, 4);
  const int before = threads();
  set_threads(1);
  const Neighbours one = nearest(bank, queries, 33);
  set_threads(3);
  const Neighbours three = nearest(bank, queries, 33);
  set_threads(before);
  EXPECT_TRUE(at::equal(one.indices, three.indices));
}

TEST(Votes, CountClassesOnceMostVotesFirstAndOfEqualsTheLower) {
  const double t = 0.5;
  const std::vector<int64_t> labels{7, 3, 7, 1};
  const std::vector<float> similarities{0.9F, 0.9F, 0.4F, 0.9F};
  const auto votes = count_votes(labels, similarities, t);
  ASSERT_EQ(votes.size(), 3U);
  EXPECT_EQ(votes[0].label, 7);
  EXPECT_NEAR(votes[0].votes, 1 + std::exp(-1), 1e-6);
  EXPECT_EQ(votes[1].label, 1);
  EXPECT_EQ(votes[2].label, 3);
}

TEST(Votes, DoNotOverflowAtALowTemperature) {
  const auto votes = count_votes(std::vector<int64_t>{1, 0}, std::vector<float>{1.0F, 0.9F}, 1e-5);
  EXPECT_EQ(votes[0].label, 1);
  EXPECT_DOUBLE_EQ(votes[0].votes, 1);
}

TEST(ScoreKnn, TakesAnyNumberOfQueriesAndAllOfASmallBank) {
  const at::Tensor bank = at::tensor({1.F, 0.F, 0.F, 1.F}).view({2, 2});
  const std::vector<int64_t> bank_labels{1500, 4};  // no limit at a thousand classes
  const at::Tensor query = at::tensor({0.9F, 0.1F}).view({1, 2});
  for (const auto& [label, top1, top5] : {std::tuple{1500, 1.0, 1.0}, {4, 0.0, 1.0}, {3, 0.0, 0.0}}) {
    const auto scores =
        score_knn(bank, bank_labels, unit_rows(query), std::vector<int64_t>{label}, {.ks = {1, 2, 200}});
    ASSERT_EQ(scores.size(), 3U);
    EXPECT_EQ(scores[0].top5, label == 1500) << "a class without votes is no hit";
    EXPECT_EQ(scores[2].k, 200);
    EXPECT_EQ(scores[2].top1, top1);
    EXPECT_EQ(scores[2].top5, top5);
  }
}

TEST(ScoreKnn, CountsQueriesOfEveryVotingBlock) {
  const at::Tensor bank = random_rows(40, 8, 5), queries = bank.repeat({110, 1});
  std::vector<int64_t> labels(40), truth(4400);
  for (size_t i = 0; i < truth.size(); ++i) truth[i] = static_cast<int64_t>(i % 40);
  std::iota(labels.begin(), labels.end(), 0);
  const auto scores = score_knn(bank, labels, queries, truth, {.ks = {1, 5}});
  EXPECT_EQ(scores[0].top1, 1);
  EXPECT_EQ(scores[1].top5, 1);
}

TEST(ScoreKnn, RefusesOptionsThatMeanNothing) {
  EXPECT_THROW((KnnOptions{.ks = {}}.check()), UsageError);
  EXPECT_THROW((KnnOptions{.ks = {10, 0}}.check()), UsageError);
  EXPECT_THROW((KnnOptions{.temperature = 0}.check()), UsageError);
}

TEST(UnitRows, KeepRowsOfZerosAndRefuseWhatIsNotFinite) {
  const at::Tensor rows = unit_rows(at::tensor({3.F, 4.F, 0.F, 0.F}).view({2, 2}));
  EXPECT_LT(test::max_difference(rows, at::tensor({0.6F, 0.8F, 0.F, 0.F}).view({2, 2})), 1e-7);
  EXPECT_THROW(unit_rows(at::full({1, 2}, NAN)), Error);
}

class Recorded {
 public:
  explicit Recorded(const test::Golden& golden)
      : bank(golden_tensor(golden, "train_features")),
        labels(golden_tensor(golden, "train_labels")),
        queries(golden_tensor(golden, "test_features")),
        truth(golden_tensor(golden, "test_labels")),
        temperature(golden.json().at("config").at("temp")),
        ks(golden.json().at("config").at("ks").get<std::vector<int64_t>>()) {}
  at::Tensor bank, labels, queries, truth;
  double temperature;
  std::vector<int64_t> ks;
};

TEST(knn_small_GoldenTest, NeighboursAreTheRecordedOnes) {
  GTSA_REQUIRE_GOLDEN("knn_small");
  const test::Golden golden("knn_small");
  const Recorded r(golden);
  for (const int64_t k : r.ks) {
    const Neighbours found = nearest(r.bank, r.queries, k);
    const at::Tensor want = golden_tensor(golden, fmt::format("k{}.neighbours", k));
    const at::Tensor products = r.queries.mm(r.bank.t());
    // Equal, or as similar as the recorded one at that place.
    const double difference = test::max_difference(products.gather(1, found.indices), products.gather(1, want));
    EXPECT_LE(difference, 1e-6);
    EXPECT_GE((found.indices == want).sum().item<int64_t>(), want.numel() * 99 / 100);
  }
}

TEST(knn_small_GoldenTest, VotesAndPredictionsAreTheRecordedOnes) {
  GTSA_REQUIRE_GOLDEN("knn_small");
  const test::Golden golden("knn_small");
  const Recorded r(golden);
  for (const int64_t k : r.ks) {
    const Neighbours found = nearest(r.bank, r.queries, k);
    const at::Tensor want = golden_tensor(golden, fmt::format("k{}.votes", k));
    const at::Tensor prediction = golden_tensor(golden, fmt::format("k{}.prediction", k));
    for (int64_t q = 0; q < r.queries.size(0); ++q) {
      const at::Tensor labels = r.labels.index_select(0, found.indices[q]);
      const at::Tensor similarities = found.similarities[q].contiguous();
      const auto votes = count_votes(
          numbers(labels), {similarities.data_ptr<float>(), static_cast<size_t>(similarities.numel())}, r.temperature);
      const double unit = std::exp(similarities[0].item<double>() / r.temperature);
      std::vector<double> by_class(static_cast<size_t>(want.size(1)));
      for (const Vote& vote : votes) by_class[static_cast<size_t>(vote.label)] = unit * vote.votes;
      for (int64_t c = 0; c < want.size(1); ++c) {
        const auto recorded = want[q][c].item<double>();
        EXPECT_NEAR(by_class[static_cast<size_t>(c)], recorded, 1e-4 * recorded) << "query " << q << ", class " << c;
      }
      EXPECT_EQ(votes.front().label, prediction[q].item<int64_t>());
    }
  }
}

TEST(knn_small_GoldenTest, ScoresAreTheRecordedOnes) {
  GTSA_REQUIRE_GOLDEN("knn_small");
  const test::Golden golden("knn_small");
  const Recorded r(golden);
  const auto scores =
      score_knn(r.bank, numbers(r.labels), r.queries, numbers(r.truth), {.ks = r.ks, .temperature = r.temperature});
  for (const KnnScore& score : scores) {
    const auto& want = golden.json().at("results").at(std::to_string(score.k));
    EXPECT_NEAR(100 * score.top1, want.at("top1").get<double>(), 1e-4);
    EXPECT_NEAR(100 * score.top5, want.at("top5_voted_only").get<double>(), 1e-4);
  }
}

}  // namespace
}  // namespace gtsa::probe
