#include "core/data/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include "core/base/error.h"
#include "support/golden.h"

namespace gtsa::data {
namespace {

TEST(sampler_GoldenTest, GivesEveryRankTheRecordedFiles) {
  GTSA_REQUIRE_GOLDEN("sampler");
  const test::Golden golden("sampler");
  for (const auto& recorded : golden.json().at("cases")) {
    const auto files = recorded.at("num_images").get<int64_t>();
    const auto ranks = recorded.at("world_size").get<int64_t>();
    const auto epoch = recorded.at("epoch").get<uint64_t>();
    for (int64_t rank = 0; rank < ranks; ++rank) {
      const std::string name = std::to_string(recorded.at("case").get<int64_t>()) + "/" + std::to_string(rank);
      const auto want = golden.values<int64_t>(name);
      // Batches of one picture show all of a rank's places.
      const EpochSampler sampler(files, 1, 0, rank, ranks);
      ASSERT_EQ(sampler.samples_per_epoch(), static_cast<int64_t>(want.size())) << name;
      const auto order = sampler.permutation(epoch);
      for (size_t i = 0; i < want.size(); ++i) {
        const auto k = static_cast<int64_t>(epoch) * sampler.iterations_per_epoch() + static_cast<int64_t>(i);
        const auto iteration = sampler.iteration(k);
        ASSERT_EQ(iteration.epoch, epoch);
        EXPECT_EQ(order[iteration.places.at(0) % order.size()], want[i]) << name << ", sample " << i;
      }
    }
  }
}

TEST(EpochSampler, VisitsEveryFileOnceAnEpoch) {
  const auto order = epoch_permutation(1000, 7, 3);
  std::vector<uint32_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::vector<uint32_t> all(1000);
  std::iota(all.begin(), all.end(), 0U);
  EXPECT_EQ(sorted, all);
  EXPECT_NE(order, all);
}

TEST(EpochSampler, OrdersEveryEpochAnew) {
  EXPECT_NE(epoch_permutation(100, 0, 0), epoch_permutation(100, 0, 1));
  EXPECT_EQ(epoch_permutation(100, 1, 4), epoch_permutation(100, 0, 5)) << "the generator is seeded with seed + epoch";
}

TEST(EpochSampler, ReadsEveryFileOnceInOrderForEvaluation) {
  for (const int64_t ranks : {1, 2, 3}) {
    for (const int64_t batch : {1, 4, 64}) {
      std::vector<int64_t> seen(10);
      int64_t iterations = 0;
      for (int64_t rank = 0; rank < ranks; ++rank) {
        const auto sampler = EpochSampler::in_order(10, batch, rank, ranks);
        for (int64_t k = 0; k < sampler.iterations_per_epoch(); ++k) {
          const auto iteration = sampler.iteration(k);
          EXPECT_EQ(iteration.epoch, 0U);
          ASSERT_EQ(iteration.places.size(), static_cast<size_t>(batch));
          for (const uint64_t place : iteration.places) {
            if (place < seen.size()) ++seen[place];
          }
        }
        EXPECT_TRUE(rank == 0 || iterations == sampler.iterations_per_epoch()) << "ranks have as many batches";
        iterations = sampler.iterations_per_epoch();
      }
      EXPECT_EQ(seen, std::vector<int64_t>(10, 1)) << ranks << " ranks, batches of " << batch;
      EXPECT_EQ(iterations, ((10 + ranks - 1) / ranks + batch - 1) / batch);
    }
  }
  const auto sampler = EpochSampler::in_order(3, 2);
  EXPECT_EQ(sampler.permutation(5), (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_THROW(EpochSampler::in_order(3, 0), UsageError);
}

TEST(EpochSampler, DropsTheIncompleteBatch) {
  const EpochSampler sampler(10, 3, 0);
  EXPECT_EQ(sampler.iterations_per_epoch(), 3);
  EXPECT_EQ(sampler.iteration(2).places, (std::vector<uint64_t>{6, 7, 8}));
  EXPECT_EQ(sampler.iteration(3).epoch, 1U);
  EXPECT_EQ(sampler.iteration(3).places, (std::vector<uint64_t>{0, 1, 2}));
}

TEST(EpochSampler, NamesAnyIterationWithoutThoseBefore) {
  const EpochSampler sampler(10, 3, 0);
  const auto far = sampler.iteration(3'000'001);
  EXPECT_EQ(far.epoch, 1'000'000U);
  EXPECT_EQ(far.places, (std::vector<uint64_t>{3, 4, 5}));
}

TEST(EpochSampler, SharesPlacesAmongRanksWithoutOverlap) {
  std::set<uint64_t> seen;
  for (int64_t rank = 0; rank < 3; ++rank) {
    const EpochSampler sampler(10, 2, 0, rank, 3);
    EXPECT_EQ(sampler.samples_per_epoch(), 4);
    for (int64_t k = 0; k < sampler.iterations_per_epoch(); ++k) {
      for (const uint64_t place : sampler.iteration(k).places) EXPECT_TRUE(seen.insert(place).second) << place;
    }
  }
  EXPECT_EQ(seen.size(), 12U) << "padded to a multiple of the ranks";
}

TEST(EpochSampler, SplitsBatchesIntoPartsWithoutMovingASample) {
  const EpochSampler whole(20, 6, 0);
  const EpochSampler parts = whole.in_parts(3);
  EXPECT_EQ(parts.batch(), 2);
  EXPECT_EQ(parts.iterations_per_epoch(), 9) << "the rest of 2 is dropped as with whole batches, though it is one part";
  for (int64_t k = 0; k < 10; ++k) {
    std::vector<uint64_t> joined;
    for (int64_t part = 0; part < 3; ++part) {
      const auto iteration = parts.iteration(3 * k + part);
      EXPECT_EQ(iteration.epoch, whole.iteration(k).epoch);
      joined.insert(joined.end(), iteration.places.begin(), iteration.places.end());
    }
    EXPECT_EQ(joined, whole.iteration(k).places) << "batch " << k;
  }
}

TEST(EpochSampler, RefusesABatchLargerThanTheDataSet) {
  EXPECT_NO_THROW(EpochSampler(10, 10, 0));
  EXPECT_THROW(EpochSampler(10, 0, 0), UsageError);
  try {
    EpochSampler(10, 11, 0);
    FAIL() << "a batch of 11 of 10 files was taken";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "a batch of 11 is larger than the data set of 10 files: give more photographs or a smaller --batch");
  }
}

TEST(EpochSampler, WorksOnOneFile) {
  const EpochSampler sampler(1, 1, 0);
  EXPECT_EQ(sampler.iterations_per_epoch(), 1);
  EXPECT_EQ(sampler.permutation(5), std::vector<uint32_t>{0});
}

TEST(ShardOrder, ReadsShardsWholeInAnOrderOfTheEpoch) {
  const ShardOrder shards{{3, 1, 0, 4, 2}, 1};
  std::set<std::vector<uint32_t>> orders;
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    const auto reading = reading_order(shards, 5, epoch);
    EXPECT_TRUE(std::is_permutation(reading.begin(), reading.end(), epoch_permutation(10, 0, 0).begin()));
    for (size_t i = 1; i < reading.size(); ++i) {
      const std::set<uint32_t> firsts{0, 3, 4, 8};
      EXPECT_TRUE(reading[i] == reading[i - 1] + 1 || firsts.contains(reading[i])) << "a shard is read from its begin";
    }
    EXPECT_EQ(reading, buffered_permutation(reading, 1, 5, epoch)) << "a buffer of one mixes nothing";
    orders.insert(reading);
  }
  EXPECT_GT(orders.size(), 10U);
  EXPECT_NE(reading_order(shards, 5, 0), reading_order(shards, 6, 0));
}

TEST(ShardOrder, IsAPermutationThatMixesWithinTheBuffer) {
  constexpr int64_t kFiles = 1000;
  std::vector<uint32_t> straight(kFiles);
  std::iota(straight.begin(), straight.end(), 0U);
  for (const int64_t buffer : {2, 7, 100, 999, 1000, 5000}) {
    const auto mixed = buffered_permutation(straight, buffer, 5, 3);
    EXPECT_EQ(mixed, buffered_permutation(straight, buffer, 5, 3));
    EXPECT_NE(mixed, buffered_permutation(straight, buffer, 5, 4));
    EXPECT_NE(mixed, buffered_permutation(straight, buffer, 6, 3));
    EXPECT_TRUE(std::is_permutation(mixed.begin(), mixed.end(), straight.begin())) << buffer;
    double moved = 0;
    for (size_t place = 0; place < mixed.size(); ++place) {
      EXPECT_LT(mixed[place], place + static_cast<size_t>(buffer)) << "not read yet";
      moved += std::abs(static_cast<double>(mixed[place]) - static_cast<double>(place)) / kFiles;
    }
    EXPECT_GT(moved, 0.2 * static_cast<double>(std::min(buffer, kFiles))) << buffer;
  }
}

TEST(ShardOrder, OfABufferForAllIsUniform) {
  // Where photograph 0 stands, over many epochs: each of 5 places as often, by chi-squared at 4 degrees of freedom.
  constexpr int kEpochs = 5000;
  std::array<int, 5> counts{};
  for (uint64_t epoch = 0; epoch < kEpochs; ++epoch) {
    const auto order = buffered_permutation({0, 1, 2, 3, 4}, 5, 1, epoch);
    ++counts[static_cast<size_t>(std::find(order.begin(), order.end(), 0U) - order.begin())];
  }
  double deviation = 0;
  for (const int count : counts) deviation += std::pow(count - kEpochs / 5.0, 2) / (kEpochs / 5.0);
  EXPECT_LT(deviation, 18.5) << "one seed of a thousand is beyond";
}

TEST(ShardOrder, GivesEpochsThatAreReadAheadFromEndToEnd) {
  const ShardOrder shards{{40, 25, 35}, 16};
  const EpochSampler sampler = EpochSampler(100, 5, 3).in_shards(shards);
  EXPECT_EQ(sampler.iterations_per_epoch(), 20);
  for (uint64_t epoch = 0; epoch < 3; ++epoch) {
    const auto order = sampler.permutation(epoch);
    const auto reading = reading_order(shards, 3, epoch);
    EXPECT_EQ(order, buffered_permutation(reading, 16, 3, epoch));
    EXPECT_EQ(sampler.in_parts(5).permutation(epoch), order);
    const auto ahead = sampler.read_ahead(epoch);
    ASSERT_EQ(ahead.size(), 84U);
    EXPECT_TRUE(std::equal(ahead.begin(), ahead.end(), reading.begin() + 16));
    for (size_t place = 0; place < order.size(); ++place) {
      const auto asked = std::find(ahead.begin(), ahead.end(), order[place]) - ahead.begin();
      EXPECT_TRUE(asked == std::ssize(ahead) || asked < static_cast<std::ptrdiff_t>(place))
          << "asked for before its use";
    }
  }
  EXPECT_NE(sampler.permutation(0), sampler.permutation(1));
  EXPECT_TRUE(EpochSampler(100, 5, 3).in_shards({{100}, 500}).read_ahead(0).empty()) << "all fit into the buffer";
}

TEST(ShardOrder, LeavesPhotographsInFilesOfTheirOwnAlone) {
  const EpochSampler sampler(100, 5, 3);
  EXPECT_EQ(sampler.permutation(2), epoch_permutation(100, 3, 2));
  EXPECT_TRUE(sampler.read_ahead(2).empty());
  EXPECT_THROW(sampler.in_shards({{99}, 16}), BugError);
}

}  // namespace
}  // namespace gtsa::data
