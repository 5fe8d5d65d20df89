#include "core/run/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/formats/tensorboard.h"
#include "support/temporary_folder.h"

namespace gtsa::run {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;

run::Run new_run(const fs::path& folder) {
  run::Run run = run::Run::create(real_files(), folder, /*overwrite=*/false);
  run.write_config("[run]\nseed = 1\n");
  return run;
}

void touch(const fs::path& path) { real_files().open(path, FileSystem::Mode::truncate)->write("x"); }

std::string refusal(const std::function<void()>& action) {
  try {
    action();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::vector<int64_t> steps_of(const std::vector<Json>& lines) {
  std::vector<int64_t> steps;
  for (const Json& line : lines) steps.push_back(line.value("step", int64_t{-1}));
  return steps;
}

std::vector<int64_t> steps_of(const std::vector<Checkpoint>& checkpoints) {
  std::vector<int64_t> steps;
  for (const Checkpoint& checkpoint : checkpoints) steps.push_back(checkpoint.step);
  return steps;
}

std::vector<formats::TensorboardEvent> points_of(const run::Run& run) {
  return formats::parse_tensorboard(read_bytes(run.tensorboard_path()));
}

TEST(Run, IsMadeOnceAndOpenedAgain) {
  const test::TemporaryFolder folder;
  const fs::path path = folder / "a" / "run";
  EXPECT_FALSE(run::Run::exists(path));
  EXPECT_THAT(refusal([&] { run::Run::open(real_files(), path); }), HasSubstr("no run in"));
  { new_run(path); }
  EXPECT_TRUE(run::Run::exists(path));
  const run::Run run = run::Run::open(real_files(), path);
  EXPECT_EQ(run.read_config(), "[run]\nseed = 1\n");
}

TEST(Run, RefusesAFolderThatHoldsARunUnlessToldToOverwrite) {
  const test::TemporaryFolder folder;
  {
    run::Run run = new_run(folder.path());
    run.append_metrics({{"step", 0}, {"loss", 1.0}});
    touch(run.checkpoint_path(500));
    touch(folder / "notes.txt");
    touch(run.product_path("segmenter_best.safetensors"));
    touch(run::Run::report_path(folder.path()));
  }
  const std::string said = refusal([&] { run::Run::create(real_files(), folder.path(), false); });
  EXPECT_THAT(said, HasSubstr("--resume"));
  EXPECT_THAT(said, HasSubstr("--overwrite"));
  const run::Run run = run::Run::create(real_files(), folder.path(), true);
  EXPECT_TRUE(run.read_metrics().empty());
  EXPECT_TRUE(run.list_checkpoints().empty());
  EXPECT_FALSE(run::Run::exists(folder.path()));
  EXPECT_FALSE(fs::exists(run.product_path("segmenter_best.safetensors")));
  EXPECT_FALSE(fs::exists(run::Run::report_path(folder.path()))) << "it tells of the run that is gone";
  EXPECT_TRUE(fs::exists(folder / "notes.txt")) << "files of others stay";
}

TEST(Run, RefusesLeftoversOfARunButNotAnEmptyOrForeignFolder) {
  const test::TemporaryFolder folder;
  touch(folder / "photo.jpg");
  touch(folder / "report.html");
  { run::Run::create(real_files(), folder.path(), false); }
  { run::Run::create(real_files(), folder.path(), false); }  // killed before its config was written: nothing is lost
  touch(folder / "encoder.safetensors");
  EXPECT_THAT(refusal([&] { run::Run::create(real_files(), folder.path(), false); }),
              HasSubstr("holds encoder.safetensors but no config.toml"));
  EXPECT_NO_THROW(run::Run::create(real_files(), folder.path(), true));
}

TEST(Run, IsWrittenByOneProcessAtATimeAndReadByAny) {
  const test::TemporaryFolder folder;
  {
    const run::Run writer = new_run(folder.path());
    ASSERT_TRUE(writer.locked());
    const std::string said = refusal([&] { run::Run::open(real_files(), folder.path()); });
    EXPECT_THAT(said, HasSubstr("is being written by process"));
    EXPECT_THAT(refusal([&] { run::Run::create(real_files(), folder.path(), true); }),
                HasSubstr("is being written by process"));
    EXPECT_TRUE(run::Run::exists(folder.path())) << "a refused overwrite removes nothing";
    EXPECT_NO_THROW(run::Run::open(real_files(), folder.path(), run::Run::Access::read));
  }
  EXPECT_NO_THROW(run::Run::open(real_files(), folder.path()));
}

TEST(Run, OpenedForReadingCannotBeWritten) {
  const test::TemporaryFolder folder;
  { new_run(folder.path()); }
  run::Run run = run::Run::open(real_files(), folder.path(), run::Run::Access::read);
  EXPECT_THROW(run.append_metrics({{"step", 0}}), BugError);
  EXPECT_THROW(run.cut_back_to(0), BugError);
}

TEST(Run, WritesOneLineOfMetricsAStepAndItsCurves) {
  const test::TemporaryFolder folder;
  run::Run run = new_run(folder.path());
  run.append_metrics({{"step", 0}, {"epoch", 0}, {"loss", 2.5}, {"skipped", false}});
  run.append_metrics({{"step", 1}, {"epoch", 0}, {"loss", std::nan("")}, {"skipped", true}});
  EXPECT_EQ(read_text(folder / "metrics.jsonl"),
            "{\"step\":0,\"epoch\":0,\"loss\":2.5,\"skipped\":false}\n{\"step\":1,\"epoch\":0,\"loss\":null,"
            "\"skipped\":true}\n");
  const auto points = points_of(run);
  ASSERT_EQ(points.size(), 3u) << "the opening and two steps";
  ASSERT_EQ(points[1].scalars.size(), 2u);
  EXPECT_EQ(points[1].scalars[1].tag, "loss");
  EXPECT_EQ(points[1].scalars[1].value, 2.5f);
  EXPECT_EQ(points[2].step, 1);
  EXPECT_EQ(points[2].scalars.size(), 1u) << "what is not finite has no point";
}

TEST(Run, NeverTakesTwoLinesOfOneStep) {
  const test::TemporaryFolder folder;
  run::Run run = new_run(folder.path());
  run.append_metrics({{"step", 4}});
  EXPECT_THROW(run.append_metrics({{"step", 4}}), BugError);
  EXPECT_THROW(run.append_metrics({{"loss", 1.0}}), BugError);
  run.cut_back_to(3);
  EXPECT_NO_THROW(run.append_metrics({{"step", 4}}));
  EXPECT_THAT(steps_of(run.read_metrics()), ElementsAre(4));
}

TEST(Run, EventsTakeFileNamesThatAreNotUtf8) {
  const test::TemporaryFolder folder;
  run::Run run = new_run(folder.path());
  run.append_event({{"event", "bad_file"}, {"file", "\xFF.jpg"}});
  const auto events = run.read_events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].at("file"), "\xEF\xBF\xBD.jpg");
}

TEST(Run, CutsEverythingBackToTheCheckpointsStep) {
  const test::TemporaryFolder folder;
  {
    run::Run run = new_run(folder.path());
    run.append_event({{"event", "start"}});
    for (int step = 0; step < 10; ++step) run.append_metrics({{"step", step}, {"loss", 1.0 / (step + 1)}});
    run.append_event({{"event", "save"}, {"step", 5}});
    run.append_event({{"event", "probe"}});
    run.append_event({{"event", "save"}, {"step", 9}});
    run.append_event({{"event", "stop"}});
    for (const fs::path& path : {folder / "metrics.jsonl", folder / "events.jsonl", run.tensorboard_path()}) {
      real_files()
          .open(path, FileSystem::Mode::append)
          ->write("{\"step\":10,\"lo");  // as a kill in the middle leaves it
    }
  }
  run::Run run = run::Run::open(real_files(), folder.path());
  EXPECT_EQ(run.read_metrics().size(), 10u) << "a torn last line is passed over";
  run.cut_back_to(5);
  EXPECT_THAT(steps_of(run.read_metrics()), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(steps_of(run.read_events()), ElementsAre(-1, 5, -1));
  run.append_metrics({{"step", 6}, {"loss", 0.1}});
  run.append_event({{"event", "resumed"}, {"step", 6}});
  EXPECT_THAT(steps_of(run.read_metrics()), ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_EQ(points_of(run).size(), 8u);
  EXPECT_EQ(points_of(run).back().step, 6);
  run.cut_back_to(-1);
  EXPECT_TRUE(run.read_metrics().empty());
  EXPECT_THAT(steps_of(run.read_events()), ElementsAre(-1)) << "what came before the first step stays";
  EXPECT_EQ(points_of(run).size(), 1u);
}

TEST(Run, MendsATornEndBeforeItAppends) {
  const test::TemporaryFolder folder;
  {
    run::Run run = new_run(folder.path());
    run.append_metrics({{"step", 0}});
    real_files().open(folder / "metrics.jsonl", FileSystem::Mode::append)->write("{\"st");
    real_files().open(run.tensorboard_path(), FileSystem::Mode::append)->write("torn");
  }
  run::Run run = run::Run::open(real_files(), folder.path());
  run.append_metrics({{"step", 1}, {"loss", 2}});
  EXPECT_EQ(read_text(folder / "metrics.jsonl"), "{\"step\":0}\n{\"step\":1,\"loss\":2}\n");
  EXPECT_EQ(points_of(run).size(), 3u);
}

TEST(Run, ListsItsCheckpointsNewestFirstAndNothingElse) {
  const test::TemporaryFolder folder;
  const run::Run run = new_run(folder.path());
  EXPECT_EQ(run.checkpoint_path(500), folder / "checkpoints" / "step-00000500.safetensors");
  for (const int64_t step : {500, 20, 123'456'789}) touch(run.checkpoint_path(step));
  for (const char* foreign :
       {"step-00000900.safetensors.partial", "step-900.safetensors", "step-00000900.pth", "step-0000090a.safetensors",
        "step--0000900.safetensors", "best.safetensors", "step-.safetensors"}) {
    touch(folder / "checkpoints" / foreign);
  }
  fs::create_directory(run.checkpoint_path(700));
  EXPECT_THAT(steps_of(run.list_checkpoints()), ElementsAre(123'456'789, 500, 20));
  EXPECT_EQ(run.list_checkpoints()[1].path, run.checkpoint_path(500));
}

TEST(Run, PrunesOldCheckpointsButTheLastAndTheKept) {
  const test::TemporaryFolder folder;
  run::Run run = new_run(folder.path());
  for (int64_t step = 100; step <= 1000; step += 100) touch(run.checkpoint_path(step));
  run.prune_checkpoints(3, 400);
  EXPECT_THAT(steps_of(run.list_checkpoints()), ElementsAre(1000, 900, 800, 400));
  run.prune_checkpoints(5, 0);
  EXPECT_THAT(steps_of(run.list_checkpoints()), ElementsAre(1000, 900, 800, 400)) << "fewer than are to be kept";
  run.prune_checkpoints(1, 0);
  EXPECT_THAT(steps_of(run.list_checkpoints()), ElementsAre(1000));
}

TEST(Run, RemovesWhatAKilledWriterLeftHalfWritten) {
  const test::TemporaryFolder folder;
  { new_run(folder.path()); }
  const fs::path partial = folder / "checkpoints" / "step-00000500.safetensors.partial";
  touch(partial);
  run::Run::open(real_files(), folder.path(), run::Run::Access::read);
  EXPECT_TRUE(fs::exists(partial)) << "a reader removes nothing: its writer may be at work";
  run::Run::open(real_files(), folder.path());
  EXPECT_FALSE(fs::exists(partial));
}

TEST(Run, SavesArtefactsInPlaceOfOlderOnes) {
  const test::TemporaryFolder folder;
  run::Run run = new_run(folder.path());
  for (const int value : {1, 2}) {
    run.write_artefact("probe/a.json", {{"value", value}});
    EXPECT_EQ(read_text(folder / "artefacts" / "probe" / "a.json"), fmt::format("{{\"value\":{}}}\n", value));
  }
}

TEST(Run, SavesArtefactsWhoseNamesAreNoUtf8) {
  const test::TemporaryFolder folder;
  run::Run run = new_run(folder.path());
  run.write_artefact("a.json", {{"classes", {"fen\xEAtre", "sky"}}});  // Latin-1
  EXPECT_EQ(read_text(folder / "artefacts" / "a.json"), "{\"classes\":[\"fen\xEF\xBF\xBDtre\",\"sky\"]}\n");
}

TEST(Run, GivesPlacesForArtefactsAndBadSteps) {
  const test::TemporaryFolder folder;
  run::Run run = new_run(folder.path());
  const fs::path artefact = run.artefact_path("probe/step-100.json");
  EXPECT_EQ(artefact, folder / "artefacts" / "probe" / "step-100.json");
  EXPECT_TRUE(fs::is_directory(artefact.parent_path()));
  EXPECT_THROW(run.artefact_path("../config.toml"), BugError);
  EXPECT_THROW(run.artefact_path("/etc/passwd"), BugError);
  EXPECT_EQ(run.bad_step_path(7), folder / "bad_step" / "step-00000007.safetensors");
  EXPECT_TRUE(fs::is_directory(folder / "bad_step"));
}

}  // namespace
}  // namespace gtsa::run
