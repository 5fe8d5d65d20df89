#include "core/data/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <latch>
#include <mutex>
#include <set>
#include <string>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace gtsa::data {
namespace {

using ::testing::HasSubstr;

std::vector<std::filesystem::path> names(int64_t count) {
  std::vector<std::filesystem::path> files;
  for (int64_t i = 0; i < count; ++i) files.push_back("photo-" + std::to_string(i) + ".jpg");
  return files;
}

/// Samples of four numbers drawn from the key; files in `bad` are bad.
class NumberRecipe : public Recipe {
 public:
  explicit NumberRecipe(std::set<uint64_t> bad = {}) : bad_(std::move(bad)) {}

  std::vector<BufferSpec> buffers(int64_t batch) const override {
    return {{"numbers", Element::i64, {batch, 4}}, {"file", Element::i64, {batch}}};
  }
  void make(const PhotoRef& photo, const SampleKey& key, int64_t slot, Batch& batch) const override {
    if (during_make) during_make(key);
    if (bad_.contains(key.file)) throw Error("{} is truncated", photo.name());
    Rng rng({.seed = 5, .epoch = key.epoch, .sample = key.place});
    for (int64_t i = 0; i < 4; ++i) batch["numbers"].as<int64_t>()[slot * 4 + i] = rng.bits();
    batch["file"].as<int64_t>()[slot] = static_cast<int64_t>(key.file);
  }

  std::function<void(const SampleKey&)> during_make;

 private:
  std::set<uint64_t> bad_;
};

/// What a batch says, comparable.
struct Content {
  std::vector<int64_t> numbers;
  std::vector<std::array<uint64_t, 4>> keys;
  bool operator==(const Content&) const = default;
};

Content content(const Batch& batch) {
  Content result;
  for (const Buffer& buffer : batch.buffers) {
    const auto* begin = buffer.as<int64_t>();
    result.numbers.insert(result.numbers.end(), begin, begin + buffer.spec.bytes() / sizeof(int64_t));
  }
  for (const SampleKey& key : batch.keys)
    result.keys.push_back({key.epoch, key.place, key.file, key.replaced ? 1U : 0U});
  return result;
}

std::vector<Content> batches(const NumberRecipe& recipe, int64_t files, int64_t batch, int64_t count,
                             LoaderOptions options) {
  Loader loader(names(files), EpochSampler(files, batch, 3), recipe, options);
  std::vector<Content> result;
  for (int64_t i = 0; i < count; ++i) result.push_back(content(*loader.next()));
  return result;
}

LoaderOptions with_workers(int workers) {
  LoaderOptions options;
  options.workers = workers;
  options.max_bad_share = 0.5;
  return options;
}

/// What next() throws, after `good` batches.
std::string error_after(Loader& loader, int good) {
  for (int i = 0; i < good; ++i) loader.next();
  try {
    loader.next();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(Loader, GivesTheSameBatchesForAnyWorkerCount) {
  const NumberRecipe recipe({2, 3, 11});
  const auto one = batches(recipe, 23, 4, 30, with_workers(1));
  EXPECT_EQ(one, batches(recipe, 23, 4, 30, with_workers(2)));
  EXPECT_EQ(one, batches(recipe, 23, 4, 30, with_workers(7)));
  LoaderOptions eager = with_workers(7);
  eager.prefetch = 9;
  EXPECT_EQ(one, batches(recipe, 23, 4, 30, eager));
}

TEST(Loader, BeginsAtAnyIterationOfTheRun) {
  const NumberRecipe recipe({2, 3, 11});
  const auto all = batches(recipe, 23, 4, 30, with_workers(2));
  for (const int64_t first : {1, 4, 5, 17}) {
    LoaderOptions options = with_workers(3);
    options.first_iteration = first;
    const auto rest = batches(recipe, 23, 4, 30 - first, options);
    EXPECT_TRUE(std::equal(rest.begin(), rest.end(), all.begin() + first)) << "from iteration " << first;
  }
}

TEST(Loader, ReplacesABadFileByTheNextGoodOneOfThePermutation) {
  const std::set<uint64_t> bad{1, 4, 5, 6};
  const NumberRecipe recipe(bad);
  Loader loader(names(10), EpochSampler(10, 5, 3), recipe, with_workers(2));
  for (uint64_t epoch = 0; epoch < 6; ++epoch) {
    const auto order = epoch_permutation(10, 3, epoch);
    for (uint64_t half = 0; half < 2; ++half) {
      const auto batch = loader.next();
      for (uint64_t slot = 0; slot < 5; ++slot) {
        const uint64_t place = 5 * half + slot;
        uint64_t stand_in = place;
        while (bad.contains(order[stand_in % 10])) ++stand_in;
        const SampleKey& key = batch->keys[slot];
        EXPECT_EQ(key.epoch, epoch);
        EXPECT_EQ(key.place, place) << "a stand-in keeps the place, so its draws are this place's";
        EXPECT_EQ(key.file, order[stand_in % 10]);
        EXPECT_EQ(key.replaced, stand_in != place);
      }
    }
  }
}

TEST(Loader, CountsABadFileOnceAndNamesItWithItsReason) {
  const NumberRecipe recipe({7});
  Loader loader(names(10), EpochSampler(10, 10, 0), recipe, with_workers(2));
  for (int i = 0; i < 5; ++i) loader.next();
  ASSERT_EQ(loader.bad_files().size(), 1U);
  EXPECT_EQ(loader.bad_files()[0].file, 7U);
  EXPECT_EQ(loader.bad_files()[0].name, "photo-7.jpg");
  EXPECT_EQ(loader.bad_files()[0].reason, "photo-7.jpg is truncated");
}

TEST(Loader, CountsTheBadFilesThatTheRunMetBefore) {
  const NumberRecipe recipe({7});
  LoaderOptions options = with_workers(2);
  options.max_bad_share = 0.2;
  options.known_bad = {{3, "photo-3.jpg", "photo-3.jpg was torn"}, {7, "photo-7.jpg", "photo-7.jpg is truncated"}};
  {
    Loader loader(names(10), EpochSampler(10, 10, 0), recipe, options);
    loader.next();
    EXPECT_EQ(loader.bad_files().size(), 2U) << "the seventh is met again and counts once";
  }
  options.known_bad[1] = {4, "photo-4.jpg", "photo-4.jpg was torn"};
  Loader loader(names(10), EpochSampler(10, 10, 0), recipe, options);
  EXPECT_THAT(error_after(loader, 0),
              HasSubstr("3 of 10 files cannot be used, more than the share of 0.2 that --max-bad-share allows: "
                        "photo-3.jpg was torn; photo-4.jpg was torn; photo-7.jpg is truncated"));
}

TEST(Loader, StopsWithTheListWhenMoreFilesAreBadThanAllowed) {
  for (const int workers : {1, 2, 7}) {
    const NumberRecipe recipe({3, 8});
    LoaderOptions options = with_workers(workers);
    options.max_bad_share = 0.01;
    Loader loader(names(100), EpochSampler(100, 100, 0), recipe, options);
    const std::string message = error_after(loader, 0);
    EXPECT_THAT(message,
                HasSubstr("2 of 100 files cannot be used, more than the share of 0.01 that --max-bad-share allows: "));
    EXPECT_THAT(message, HasSubstr("photo-3.jpg is truncated"));
    EXPECT_THAT(message, HasSubstr("photo-8.jpg is truncated"));
    EXPECT_EQ(error_after(loader, 0), message) << "asked again, it says the same";
  }
}

TEST(Loader, GoesOnWithAsManyBadFilesAsAllowed) {
  const NumberRecipe recipe({3});
  LoaderOptions options;
  options.workers = 2;
  Loader loader(names(100), EpochSampler(100, 100, 0), recipe, options);
  EXPECT_EQ(error_after(loader, 3), "nothing");
}

TEST(Loader, StopsAtTheSameBatchForAnyWorkerCount) {
  const NumberRecipe recipe({3, 8, 20, 21});
  const auto good_batches = [&](int workers) {
    LoaderOptions options = with_workers(workers);
    options.max_bad_share = 0.03;
    options.prefetch = 5;
    Loader loader(names(100), EpochSampler(100, 4, 0), recipe, options);
    int good = 0;
    try {
      for (;; ++good) loader.next();
    } catch (const Error&) {
    }
    return good;
  };
  const int one = good_batches(1);
  EXPECT_GT(one, 0);
  EXPECT_EQ(one, good_batches(2));
  EXPECT_EQ(one, good_batches(7));
}

TEST(Loader, SaysThatNoFileIsGood) {
  const NumberRecipe recipe({0, 1, 2});
  LoaderOptions options;
  options.max_bad_share = 1;
  Loader loader(names(3), EpochSampler(3, 1, 0), recipe, options);
  EXPECT_THAT(error_after(loader, 0), HasSubstr("none of the 3 files can be used: "));
}

TEST(Loader, StopsTryingSoonInAFolderOfBadFiles) {
  std::set<uint64_t> all;
  for (uint64_t i = 0; i < 10'000; ++i) all.insert(i);
  NumberRecipe recipe(all);
  std::atomic<int> tries = 0;
  recipe.during_make = [&](const SampleKey&) { ++tries; };
  {
    LoaderOptions options;
    options.end_iteration = 1;
    Loader loader(names(10'000), EpochSampler(10'000, 8, 0), recipe, options);
    EXPECT_THAT(error_after(loader, 0), HasSubstr("and 8"));
  }
  EXPECT_LE(tries.load(), 8 * 102);
}

TEST(Loader, HandsAWorkersFailureToTheCallerWithTheFilesName) {
  NumberRecipe recipe;
  const auto order = epoch_permutation(12, 0, 0);
  recipe.during_make = [&](const SampleKey& key) {
    if (key.file == order[5]) throw std::runtime_error("the worker's own trouble");
  };
  for (const int workers : {1, 7}) {
    Loader loader(names(12), EpochSampler(12, 3, 0), recipe, with_workers(workers));
    const std::string message = error_after(loader, 1);
    EXPECT_EQ(message, "cannot make a sample of photo-" + std::to_string(order[5]) + ".jpg: the worker's own trouble");
    EXPECT_EQ(error_after(loader, 0), message) << "asked again, it says the same";
  }
}

TEST(Loader, PrefetchesAsManyBatchesAsAskedAndNoMore) {
  NumberRecipe recipe;
  std::mutex mutex;
  std::condition_variable made;
  int count = 0;
  recipe.during_make = [&](const SampleKey&) {
    const std::lock_guard lock(mutex);
    ++count;
    made.notify_all();
  };
  {
    LoaderOptions options = with_workers(3);
    options.prefetch = 4;
    const Loader loader(names(50), EpochSampler(50, 5, 0), recipe, options);
    std::unique_lock lock(mutex);
    EXPECT_TRUE(made.wait_for(lock, std::chrono::seconds(60), [&] { return count >= 20; })) << count << " samples";
  }
  EXPECT_EQ(count, 20);
}

TEST(Loader, PrefetchesNothingBeyondTheEndOfTheRun) {
  NumberRecipe recipe;
  std::atomic<int> count = 0;
  recipe.during_make = [&](const SampleKey&) { ++count; };
  {
    LoaderOptions options = with_workers(3);
    options.prefetch = 8;
    options.first_iteration = 2;
    options.end_iteration = 4;
    Loader loader(names(50), EpochSampler(50, 5, 0), recipe, options);
    loader.next();
    loader.next();
    EXPECT_THROW(loader.next(), BugError);
  }
  EXPECT_EQ(count, 10);
}

TEST(Loader, LetsSeveralWorkersFillOneBatch) {
  NumberRecipe recipe;
  std::latch both(2);
  recipe.during_make = [&](const SampleKey& key) {
    if (key.place < 2 && key.epoch == 0) both.arrive_and_wait();  // never returns if one worker makes a batch alone
  };
  LoaderOptions options = with_workers(2);
  options.prefetch = 1;
  Loader loader(names(2), EpochSampler(2, 2, 0), recipe, options);
  EXPECT_EQ(loader.next()->keys.size(), 2U);
}

TEST(Loader, UsesTheMemoryOfReturnedBatchesAgain) {
  const NumberRecipe recipe;
  std::atomic<int> allocations = 0;
  LoaderOptions options = with_workers(3);
  options.allocator = [&](size_t bytes) {
    ++allocations;
    return allocate_on_heap(bytes);
  };
  Loader loader(names(50), EpochSampler(50, 5, 0), recipe, options);
  for (int i = 0; i < 100; ++i) loader.next();
  // The caller's batch and the prefetched ones, of two buffers each; one more may be taken before the caller lets go.
  EXPECT_LE(allocations.load(), 2 * (options.prefetch + 2));
}

TEST(Loader, GivesBatchesThatOutliveIt) {
  const NumberRecipe recipe;
  std::shared_ptr<const Batch> kept;
  Content before;
  {
    Loader loader(names(9), EpochSampler(9, 3, 0), recipe, with_workers(2));
    kept = loader.next();
    before = content(*kept);
    for (int i = 0; i < 20; ++i) loader.next();
  }
  EXPECT_EQ(content(*kept), before);
}

TEST(Loader, ReportsEveryFailedAllocation) {
  const NumberRecipe recipe;
  for (int fail_at = 1;; ++fail_at) {
    std::atomic<int> allocations = 0;
    LoaderOptions options = with_workers(2);
    options.allocator = [&](size_t bytes) {
      if (++allocations == fail_at) throw Error("no pinned memory left");
      return allocate_on_heap(bytes);
    };
    options.end_iteration = 6;
    Loader loader(names(6), EpochSampler(6, 3, 0), recipe, options);
    int good = 0;
    std::vector<std::shared_ptr<const Batch>> kept;
    try {
      for (; good < 6; ++good) kept.push_back(loader.next());
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "no pinned memory left");
      EXPECT_EQ(good, (fail_at - 1) / 2) << "batches begun before the failure are whole";
      continue;
    }
    EXPECT_EQ(fail_at, 13) << "six batches of two buffers were kept";
    break;
  }
}

TEST(Loader, ShutsDownAtAnyTime) {
  const NumberRecipe recipe({1});
  for (int taken = 0; taken < 12; ++taken) {
    Loader loader(names(20), EpochSampler(20, 4, 0), recipe, with_workers(1 + taken % 5));
    for (int i = 0; i < taken; ++i) loader.next();
  }
}

TEST(Loader, LeavesSignalsToTheMainThread) {
  NumberRecipe recipe;
  std::atomic<int> open = 0;
  recipe.during_make = [&](const SampleKey&) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    if (sigismember(&mask, SIGTERM) == 0 || sigismember(&mask, SIGINT) == 0) ++open;
  };
  Loader loader(names(9), EpochSampler(9, 3, 0), recipe, with_workers(2));
  loader.next();
  EXPECT_EQ(open, 0);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 0) << "the caller's own mask is as before";
}

TEST(Loader, MeasuresHowLongTheCallerWaited) {
  NumberRecipe recipe;
  recipe.during_make = [](const SampleKey&) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
    while (std::chrono::steady_clock::now() < until) {
    }
  };
  Loader loader(names(9), EpochSampler(9, 9, 0), recipe, with_workers(1));
  double waited = 0;
  for (int i = 0; i < 4; ++i) {
    loader.next();
    waited += loader.last_wait_seconds();
  }
  EXPECT_GT(waited, 0.05) << "36 samples of 2 ms on one worker";
}

TEST(Loader, RefusesOptionsThatCannotBe) {
  const NumberRecipe recipe;
  const auto start = [&](auto change) {
    LoaderOptions options;
    change(options);
    Loader(names(9), EpochSampler(9, 3, 0), recipe, options);
  };
  EXPECT_THROW(start([](LoaderOptions& o) { o.workers = 0; }), UsageError);
  EXPECT_THROW(start([](LoaderOptions& o) { o.prefetch = 0; }), UsageError);
  EXPECT_THROW(start([](LoaderOptions& o) { o.max_bad_share = 1.5; }), UsageError);
  EXPECT_THROW(Loader(names(8), EpochSampler(9, 3, 0), recipe, {}), BugError);
}

}  // namespace
}  // namespace gtsa::data
