#include "core/report/facts.h"

#include <gtest/gtest.h>

#include "core/formats/safetensors.h"
#include "support/temporary_folder.h"

namespace gtsa::report {
namespace {

using Json = nlohmann::ordered_json;
using test::TemporaryFolder;

run::Run new_run(const TemporaryFolder& folder) {
  run::Run run = run::Run::create(real_files(), folder / "run", false);
  run.write_config("batch = 4  # --batch\n");
  return run;
}

TEST(ConfigurationRows, TellSectionKeyValueAndOrigin) {
  const auto rows = configuration_rows(
      "batch = 32  # gtsa_reference.toml:4\n\n# a remark\n[run]\nseed = 0  # --seed\nname = \"a # b = c\"  # default\n"
      "bare = [1, 2]\nno equals sign\n[half");
  EXPECT_EQ(rows, Json::parse(R"([["", "batch", "32", "gtsa_reference.toml:4"], ["run", "seed", "0", "--seed"],
                                  ["run", "name", "\"a # b = c\"", "default"], ["run", "bare", "[1, 2]", ""]])"));
  EXPECT_EQ(configuration_rows(""), Json::array());
}

TEST(MachineRows, ComeFromTheNewestStart) {
  const TemporaryFolder folder;
  const run::Run run = new_run(folder);
  const std::vector<Json> events{
      {{"event", "start"}, {"step", 0}, {"machine", {{"cpu", "old"}}}},
      {{"event", "start"}, {"step", 9}, {"threads", 2}, {"machine", {{"program", "gtsa 0.1.0"}, {"cpu", "new"}}}},
      {{"event", "save"}}};
  EXPECT_EQ(machine_rows(run, events), Json::parse(R"([["program", "gtsa 0.1.0"], ["cpu", "new"], ["threads", "2"]])"));
}

TEST(MachineRows, ComeFromLogAndNewestWholeCheckpointOtherwise) {
  const TemporaryFolder folder;
  const run::Run run = new_run(folder);
  write_atomically(real_files(), run.log_path(),
                   "2026-01-02 03:04:05 warning batch\n2026-01-02 03:04:06 info gtsa 0.1.0 on tiny; 40 photographs\n");
  formats::write_safetensors(real_files(), run.checkpoint_path(3), {},
                             {{"blas", "OpenBLAS"}, {"threads", "2"}, {"depth", "6"}});
  write_atomically(real_files(), run.checkpoint_path(4), "torn");
  EXPECT_EQ(machine_rows(run, {}), Json::parse(R"([["started", "2026-01-02 03:04:06"],
      ["run", "gtsa 0.1.0 on tiny; 40 photographs"], ["blas", "OpenBLAS"], ["threads", "2"]])"));
}

TEST(EventRows, AreSentences) {
  const std::vector<Json> events{
      {{"event", "warning"}, {"name", "batch"}, {"text", "far"}},
      {{"event", "evaluation"}, {"step", 1}, {"figures", {{"a", 1}}}},
      {{"event", "bad_file"}, {"step", 1}, {"file", "a.jpg"}, {"reason", "truncated"}},
      {{"event", "bad_step"}, {"step", 2}, {"reason", "loss is nan"}, {"samples", {1, 2, 3}}},
      {{"event", "save"}, {"step", 3}, {"file", "step-00000004.safetensors"}, {"seconds", 0.104}},
      {{"event", "eclipse"}, {"step", 4}, {"of", "the sun"}},
      {{"step", 5}},
      {{"event", "start"}, {"step", 5}, {"machine", {{"program", "gtsa 0.1.0"}, {"cpu", "X"}}}}};
  const auto rows = event_rows(events)["rows"];
  ASSERT_EQ(rows.size(), 7u);
  EXPECT_EQ(rows[0], Json::parse(R"({"kind": "warning", "step": null, "text": "batch: far"})"));
  EXPECT_EQ(rows[1], Json::parse(R"({"kind": "bad_file", "step": 1, "text": "a.jpg: truncated"})"));
  EXPECT_EQ(rows[2]["text"], "loss is nan; 3 samples");
  EXPECT_EQ(rows[3]["text"], "step-00000004.safetensors in 0.10 s");
  EXPECT_EQ(rows[4]["text"], R"({"of":"the sun"})");
  EXPECT_EQ(rows[5]["kind"], "");
  EXPECT_EQ(rows[6]["text"], "gtsa 0.1.0 on X");
}

TEST(EventRows, LeaveOutTheOldestOfAKindThatIsTooMany) {
  std::vector<Json> events{{{"event", "warning"}, {"step", 0}, {"name", "kept"}, {"text", ""}}};
  for (int64_t step = 0; step < 5000; ++step)
    events.push_back({{"event", "bad_file"}, {"step", step}, {"file", "f"}, {"reason", "r"}});
  const auto all = event_rows(events);
  EXPECT_EQ(all["left_out"], 4800);
  EXPECT_EQ(all["rows"].size(), 201u);
  EXPECT_EQ(all["rows"].front()["kind"], "warning");
  EXPECT_EQ(all["rows"].back()["step"], 4999);
}

TEST(EventRows, CutTextsThatAreTooLong) {
  const auto all = event_rows({{{"event", "warning"}, {"name", "x"}, {"text", std::string(100'000, 'y')}}});
  EXPECT_LT(all.dump().size(), 1000u);
}

}  // namespace
}  // namespace gtsa::report
