// The n-th operation on the disk fails, for n = 1, 2, 3... until everything passes (docs: a run is readable after a
// failure at any moment).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/formats/tensorboard.h"
#include "core/run/run.h"
#include "support/failing_files.h"
#include "support/temporary_folder.h"

namespace gtsa::run {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using testing::AnyOf;

/// A run with metrics, events and points of steps 0..9 and checkpoints at 4 and 9.
void make_run(const fs::path& folder) {
  run::Run run = run::Run::create(real_files(), folder, /*overwrite=*/true);
  run.write_config("old");
  for (int step = 0; step < 10; ++step) {
    run.append_metrics({{"step", step}, {"loss", 1.5}});
    run.append_event({{"event", "tick"}, {"step", step}});
  }
  for (const int step : {4, 9}) real_files().open(run.checkpoint_path(step), FileSystem::Mode::truncate)->write("x");
}

/// Runs `action` with failing operation 1, 2, 3..., then `check`, each time on a fresh run; ends after the first run
/// without a failure.
template <class Action, class Check>
void for_every_failure(Action&& action, Check&& check) {
  const test::TemporaryFolder folder;
  int n = 1;
  for (bool failed = true; failed; ++n) {
    SCOPED_TRACE("operation " + std::to_string(n) + " fails");
    make_run(folder / "run");
    test::FailingFiles files(n);
    try {
      action(files, folder / "run");
    } catch (const Error&) {
    }
    failed = files.failed();
    check(folder / "run", failed);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(n, 2) << "nothing was written";
}

std::vector<int64_t> steps_of(const std::vector<Json>& lines) {
  std::vector<int64_t> steps;
  for (const Json& line : lines) steps.push_back(line.at("step").get<int64_t>());
  return steps;
}

std::vector<int64_t> first(int64_t count) {
  std::vector<int64_t> steps;
  for (int64_t step = 0; step < count; ++step) steps.push_back(step);
  return steps;
}

size_t points_of(const run::Run& run) {
  return formats::parse_tensorboard(read_bytes(run.tensorboard_path())).size() - 1;
}

TEST(RunFaults, ConfigIsTheOldOneOrTheNewOne) {
  for_every_failure([](FileSystem& files, const fs::path& path) { run::Run::open(files, path).write_config("new"); },
                    [](const fs::path& path, bool failed) {
                      const std::string config = run::Run::open(real_files(), path).read_config();
                      EXPECT_THAT(config, failed ? testing::Matcher<std::string>(AnyOf("old", "new"))
                                                 : testing::Matcher<std::string>("new"));
                    });
}

TEST(RunFaults, EachFileIsCutBackWholeOrNotAtAllAndCuttingAgainCompletesIt) {
  for_every_failure([](FileSystem& files, const fs::path& path) { run::Run::open(files, path).cut_back_to(4); },
                    [](const fs::path& path, bool failed) {
                      run::Run run = run::Run::open(real_files(), path);
                      EXPECT_THAT(steps_of(run.read_metrics()), AnyOf(first(10), first(5)));
                      EXPECT_THAT(steps_of(run.read_events()), AnyOf(first(10), first(5)));
                      EXPECT_THAT(points_of(run), AnyOf(10u, 5u));
                      if (failed) run.cut_back_to(4);
                      EXPECT_EQ(steps_of(run.read_metrics()), first(5));
                      EXPECT_EQ(steps_of(run.read_events()), first(5));
                      EXPECT_EQ(points_of(run), 5u);
                    });
}

TEST(RunFaults, ALineIsThereWholeOrNotAtAllAndTheNextOneIsWhole) {
  for_every_failure(
      [](FileSystem& files, const fs::path& path) {
        run::Run run = run::Run::open(files, path);
        for (int step = 10; step < 13; ++step) {
          run.append_metrics({{"step", step}, {"loss", 2.5}});
          run.append_event({{"event", "tick"}, {"step", step}});
        }
        run.sync();
      },
      [](const fs::path& path, bool) {
        run::Run run = run::Run::open(real_files(), path);
        const auto before = static_cast<int64_t>(run.read_metrics().size());
        EXPECT_GE(before, 10);
        EXPECT_EQ(steps_of(run.read_metrics()), first(before));
        run.append_metrics({{"step", before}, {"loss", 3.5}});
        run.append_event({{"event", "tick"}, {"step", before}});
        EXPECT_EQ(steps_of(run.read_metrics()), first(before + 1));
        EXPECT_EQ(run.read_events().back().at("step"), before);
        const auto points = formats::parse_tensorboard(read_bytes(run.tensorboard_path()));
        EXPECT_EQ(points.back().step, before);
        EXPECT_EQ(points.back().scalars.at(0).value, 3.5f);
      });
}

TEST(RunFaults, AFailedLineCanBeWrittenAgainByTheSameWriter) {
  for_every_failure(
      [](FileSystem& files, const fs::path& path) {
        run::Run run = run::Run::open(files, path);
        for (int step = 10; step < 13; ++step) {
          try {
            run.append_event({{"event", "tick"}, {"step", step}});
          } catch (const Error&) {
            run.append_event({{"event", "tick"}, {"step", step}});
          }
        }
      },
      [](const fs::path& path, bool) {
        const run::Run run = run::Run::open(real_files(), path, run::Run::Access::read);
        const auto events = steps_of(run.read_events());
        EXPECT_THAT(events, AnyOf(first(10), first(13))) << "10: it could not be opened";
      });
}

TEST(RunFaults, PruningNeverLosesTheNewestCheckpoint) {
  for_every_failure(
      [](FileSystem& files, const fs::path& path) { run::Run::open(files, path).prune_checkpoints(1, 0); },
      [](const fs::path& path, bool failed) {
        const auto checkpoints = run::Run::open(real_files(), path).list_checkpoints();
        ASSERT_GE(checkpoints.size(), 1u);
        EXPECT_EQ(checkpoints[0].step, 9);
        EXPECT_TRUE(failed || checkpoints.size() == 1u);
      });
}

TEST(RunFaults, AHalfRemovedRunIsNotTakenForAWholeOne) {
  for_every_failure([](FileSystem& files,
                       const fs::path& path) { run::Run::create(files, path, /*overwrite=*/true).write_config("new"); },
                    [](const fs::path& path, bool) {
                      if (!run::Run::exists(path)) return;
                      const run::Run run = run::Run::open(real_files(), path);
                      const bool whole = run.read_config() == "old" && run.read_metrics().size() == 10 &&
                                         run.list_checkpoints().size() == 2;
                      const bool fresh =
                          run.read_config() == "new" && run.read_metrics().empty() && run.list_checkpoints().empty();
                      EXPECT_TRUE(whole || fresh);
                    });
}

}  // namespace
}  // namespace gtsa::run
