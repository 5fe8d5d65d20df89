#include "core/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "core/base/error.h"

namespace gtsa {
namespace {

TEST(ParallelFor, CoversEveryElementOnce) {
  for (const int64_t n : {0, 1, 2, 3, 7, 100, 1001}) {
    std::vector<std::atomic<int>> seen(static_cast<size_t>(n));
    parallel_for(n, 3, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
    });
    for (const auto& count : seen) EXPECT_EQ(count, 1);
  }
}

TEST(ParallelFor, AnExceptionReachesTheCaller) {
  EXPECT_THROW(parallel_for(100, 1,
                            [](int64_t begin, int64_t) {
                              if (begin == 0) throw Error("a bad element");
                            }),
               Error);
}

TEST(ParallelFor, ReportsOneOfSeveralExceptions) {
  set_threads(4);
  std::atomic<int> ranges = 0;
  const auto always = [&](int64_t, int64_t) {
    ++ranges;
    throw Error("a bad element");
  };
  EXPECT_THROW(parallel_for(100, 1, always), Error);
  EXPECT_EQ(ranges, 4) << "the others ran to their ends";
}

TEST(ParallelFor, InsideAnotherRunsInOnePiece) {
  set_threads(3);
  EXPECT_EQ(threads(), 3);
  std::atomic<int64_t> covered = 0, pieces = 0;
  parallel_for(3, 1, [&](int64_t, int64_t) {
    parallel_for(10, 1, [&](int64_t begin, int64_t end) {
      covered += end - begin;
      ++pieces;
    });
  });
  EXPECT_EQ(covered, 30);
  EXPECT_EQ(pieces, 3) << "threads of threads would multiply";
  set_threads(0);
  EXPECT_EQ(threads(), 1) << "at least one";
}

TEST(UsableCpus, IsAtLeastOne) { EXPECT_GE(usable_cpus(), 1); }

}  // namespace
}  // namespace gtsa
