#include "core/base/ordered_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>

namespace gtsa {
namespace {

TEST(OrderedStream, HandsOutEveryValueInOrderForAnyNumberOfWorkers) {
  for (const int workers : {1, 2, 7}) {
    for (const int64_t ahead : {0, 1, 5, 200}) {
      OrderedStream<int64_t> squares(
          100, [](int64_t i) { return i * i; }, workers, ahead);
      for (int64_t i = 0; i < 100; ++i) ASSERT_EQ(squares.next(), i * i) << workers << " workers, " << ahead;
      EXPECT_EQ(squares.next(), std::nullopt);
      EXPECT_EQ(squares.next(), std::nullopt);
    }
  }
}

TEST(OrderedStream, OfNothingIsAtItsEnd) {
  OrderedStream<int> none(
      0, [](int64_t) { return 1; }, 3, 2);
  EXPECT_EQ(none.next(), std::nullopt);
}

TEST(OrderedStream, MovesValuesThatCannotBeCopied) {
  OrderedStream<std::unique_ptr<int64_t>> stream(
      3, [](int64_t i) { return std::make_unique<int64_t>(i); }, 2, 2);
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(**stream.next(), i);
}

TEST(OrderedStream, IsNeverFurtherAheadThanItMayBe) {
  constexpr int64_t kCount = 300, kAhead = 4;
  std::atomic<int64_t> asked = 0, furthest = 0;
  OrderedStream<int64_t> stream(
      kCount,
      [&](int64_t i) {
        int64_t ahead = i - asked;
        int64_t known = furthest;
        while (ahead > known && !furthest.compare_exchange_weak(known, ahead)) {
        }
        return i;
      },
      5, kAhead);
  for (int64_t i = 0; i < kCount; ++i) {
    ++asked;  // before next() says so
    stream.next();
  }
  EXPECT_LT(furthest, kAhead);
}

TEST(OrderedStream, WorksAheadOfWhoAsks) {
  constexpr int64_t kAhead = 3;
  std::latch made(kAhead);
  OrderedStream<int64_t> stream(
      10,
      [&](int64_t i) {
        if (i < kAhead) made.count_down();
        return i;
      },
      2, kAhead);
  made.wait();  // though nobody has asked
  EXPECT_EQ(stream.next(), 0);
}

TEST(OrderedStream, ThrowsWhatAWorkerThrewAtItsPlaceAndGoesOn) {
  OrderedStream<int64_t> stream(
      6,
      [](int64_t i) {
        if (i % 2 == 1) throw Error("value {} is odd", i);
        return i;
      },
      3, 4);
  for (int64_t i = 0; i < 6; ++i) {
    if (i % 2 == 0) {
      EXPECT_EQ(stream.next(), i);
      continue;
    }
    try {
      stream.next();
      ADD_FAILURE() << i;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()), fmt::format("value {} is odd", i));
    }
  }
  EXPECT_EQ(stream.next(), std::nullopt);
}

TEST(OrderedStream, StopsEarlyWhenItIsLeft) {
  std::atomic<int64_t> made = 0;
  {
    OrderedStream<int64_t> stream(
        1'000'000, [&](int64_t i) { return ++made, i; }, 2, 3);
    EXPECT_EQ(stream.next(), 0);
  }
  EXPECT_LE(made, 4);
}

TEST(OrderedStream, RefusesToWorkWithoutWorkers) {
  const auto make = [](int64_t i) { return i; };
  EXPECT_THROW(OrderedStream<int64_t>(1, make, 0, 1), BugError);
  EXPECT_THROW(OrderedStream<int64_t>(-1, make, 1, 1), BugError);
}

}  // namespace
}  // namespace gtsa
