// Encoders from runs, files and seeds: what is written is read back, and what does not fit is refused by name.

#include "learn/model/encoder.h"

#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "core/base/error.h"
#include "core/run/run.h"
#include "learn/model/state.h"
#include "support/failing_files.h"
#include "support/golden.h"
#include "support/temporary_folder.h"

namespace gtsa::model {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const nn::VitOptions kSmall{
    .image_size = 32, .patch_size = 8, .embed_dim = 24, .depth = 2, .num_heads = 3, .drop_path = 0};
const nn::ConvHeadOptions kProjector{.in = 24, .hidden = 16, .out = 20};

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool same_weights(nn::Vit& a, nn::Vit& b) {
  std::map<std::string, at::Tensor> left;
  a.walk([&](const std::string& name, at::Tensor& tensor) { left[name] = tensor; });
  bool same = true;
  b.walk([&](const std::string& name, at::Tensor& tensor) { same = same && at::equal(left.at(name), tensor); });
  return same;
}

/// A train state as pretraining writes it: student and teacher with projectors, and the optimiser's step.
void write_checkpoint(const fs::path& path, Encoder& student, Encoder& teacher) {
  Records records;
  records.add(nn::parameters(student.vit), "base_encoder.");
  records.add(nn::parameters(*student.projector), "base_projector.");
  records.add(nn::parameters(teacher.vit), "momentum_encoder.");
  records.add(nn::parameters(*teacher.projector), "momentum_projector.");
  records.add("optimizer.step", at::Tensor(student.vit.cls_token));
  formats::write_safetensors(real_files(), path, records.records, {{"num_heads", "3"}, {"step", "7"}});
}

TEST(Encoder, IsTheSameAfterWritingAndReading) {
  const test::TemporaryFolder folder;
  Encoder written = random_encoder(kSmall, std::nullopt, 5);
  write_encoder(real_files(), folder / "a.safetensors", written.vit);
  Encoder read = load_encoder(folder / "a.safetensors");
  EXPECT_TRUE(same_weights(written.vit, read.vit));
  EXPECT_EQ(read.options().num_heads, 3);
  EXPECT_EQ(read.options().image_size, 32);
  EXPECT_EQ(read.options().depth, 2);
  EXPECT_FALSE(read.projector);
  EXPECT_EQ(checksum(written.vit), checksum(read.vit));
}

TEST(Encoder, FileDependsOnNothingButWeightsAndOptions) {
  const test::TemporaryFolder folder;
  Encoder once = random_encoder(kSmall, kProjector, 5), again = random_encoder(kSmall, std::nullopt, 5);
  write_encoder(real_files(), folder / "a.safetensors", once.vit);
  write_encoder(real_files(), folder / "b.safetensors", again.vit);
  EXPECT_EQ(read_bytes(folder / "a.safetensors"), read_bytes(folder / "b.safetensors"));
  Encoder other = random_encoder(kSmall, std::nullopt, 6);
  write_encoder(real_files(), folder / "c.safetensors", other.vit);
  EXPECT_NE(read_bytes(folder / "a.safetensors"), read_bytes(folder / "c.safetensors"));
  EXPECT_NE(checksum(once.vit), checksum(other.vit));
}

TEST(Encoder, FileIsWholeOrAbsentWhateverOperationFails) {
  const test::TemporaryFolder folder;
  Encoder old = random_encoder(kSmall, std::nullopt, 1), fresh = random_encoder(kSmall, std::nullopt, 2);
  const fs::path path = folder / "encoder.safetensors";
  write_encoder(real_files(), path, old.vit);
  bool failed = true;
  for (int n = 1; failed; ++n) {
    test::FailingFiles files(n);
    try {
      write_encoder(files, path, fresh.vit);
    } catch (const Error&) {
    }
    failed = files.failed();
    Encoder read = load_encoder(path);
    EXPECT_TRUE(same_weights(read.vit, old.vit) || same_weights(read.vit, fresh.vit)) << "operation " << n;
  }
}

TEST(Encoder, FileHasTheOriginalsNamesAndShapesInItsOrder) {
  if (!test::has_golden("params_gtsa_small")) GTEST_SKIP() << "no golden vectors params_gtsa_small";
  const test::TemporaryFolder folder;
  nn::VitOptions options;
  options.drop_path = 0;
  Encoder encoder = random_encoder(options, std::nullopt, 0);
  write_encoder(real_files(), folder / "small.safetensors", encoder.vit);
  const formats::SafetensorsFile file(folder / "small.safetensors");
  const std::string prefix = "momentum_encoder.";
  size_t next = 0;
  const test::Golden golden("params_gtsa_small");
  for (const auto& entry : golden.json().at("entries")) {
    const auto name = entry.at("name").get<std::string>();
    if (!name.starts_with(prefix)) continue;
    ASSERT_LT(next, file.content().tensors.size());
    const formats::TensorRecord& tensor = file.content().tensors[next++];
    EXPECT_EQ(tensor.name, name.substr(prefix.size()));
    EXPECT_EQ(tensor.shape, entry.at("shape").get<std::vector<int64_t>>()) << name;
  }
  EXPECT_EQ(next, file.content().tensors.size());
}

TEST(Encoder, OfARunIsTheTeacherOfTheNewestCheckpointWithItsProjector) {
  const test::TemporaryFolder folder;
  run::Run run = run::Run::create(real_files(), folder / "run", false);
  run.write_config("");
  fs::create_directories(folder / "run" / "checkpoints");
  Encoder student = random_encoder(kSmall, kProjector, 1), teacher = random_encoder(kSmall, kProjector, 2);
  Encoder old = random_encoder(kSmall, kProjector, 3);
  write_checkpoint(run.checkpoint_path(5), student, old);
  write_checkpoint(run.checkpoint_path(7), student, teacher);
  Encoder read = load_encoder(folder / "run");
  EXPECT_TRUE(same_weights(read.vit, teacher.vit));
  ASSERT_TRUE(read.projector);
  EXPECT_TRUE(at::equal(read.projector->proj.weight, teacher.projector->proj.weight));
  EXPECT_EQ(read.options().num_heads, 3);
  EXPECT_THAT(read.source, HasSubstr("teacher"));
  EXPECT_THAT(read.report.table(), HasSubstr("base_encoder.*"));
}

TEST(Encoder, OfARunPassesOverACheckpointThatCannotBeRead) {
  const test::TemporaryFolder folder;
  run::Run run = run::Run::create(real_files(), folder / "run", false);
  run.write_config("");
  fs::create_directories(folder / "run" / "checkpoints");
  Encoder student = random_encoder(kSmall, kProjector, 1), teacher = random_encoder(kSmall, kProjector, 2);
  write_checkpoint(run.checkpoint_path(5), student, teacher);
  write_atomically(real_files(), run.checkpoint_path(6), "torn");
  Encoder read = load_encoder(folder / "run");
  EXPECT_TRUE(same_weights(read.vit, teacher.vit));
}

TEST(Encoder, OfARunWithoutCheckpointsIsTheExportedOne) {
  const test::TemporaryFolder folder;
  Encoder written = random_encoder(kSmall, std::nullopt, 4);
  write_encoder(real_files(), folder / "encoder.safetensors", written.vit);
  Encoder read = load_encoder(folder.path());
  EXPECT_TRUE(same_weights(read.vit, written.vit));
}

TEST(Encoder, GuessesHeadsOfSixtyFourChannelsWhereTheFileDoesNotSay) {
  const test::TemporaryFolder folder;
  nn::VitOptions options = kSmall;
  options.embed_dim = 128;
  options.num_heads = 2;
  Encoder encoder = random_encoder(options, std::nullopt, 1);
  const Records records = records_of(nn::parameters(encoder.vit));
  formats::write_safetensors(real_files(), folder / "timm.safetensors", records.records);
  const Encoder read = load_encoder(folder / "timm.safetensors");
  EXPECT_EQ(read.options().num_heads, 2);
  EXPECT_EQ(read.options().image_size, 32);
}

TEST(Encoder, StartsAsPretrainingWithTheSameSeedDoes) {
  Encoder alone = random_encoder(kSmall, std::nullopt, 9), with_projector = random_encoder(kSmall, kProjector, 9);
  EXPECT_TRUE(same_weights(alone.vit, with_projector.vit));
}

TEST(Encoder, RefusesWhatIsNoRunAndNoFile) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(message_of([&] { load_encoder(folder.path()); }), HasSubstr("is no run"));
  EXPECT_THAT(message_of([&] { load_encoder(folder / "absent"); }), HasSubstr("no weights at"));
  write_atomically(real_files(), folder / "text.safetensors", "this is no safetensors file");
  EXPECT_THAT(message_of([&] { load_encoder(folder / "text.safetensors"); }), HasSubstr("text.safetensors"));
}

TEST(Encoder, RefusesMetadataThatTheShapesContradict) {
  const test::TemporaryFolder folder;
  Encoder encoder = random_encoder(kSmall, std::nullopt, 1);
  const Records records = records_of(nn::parameters(encoder.vit));
  const auto refusal = [&](const std::string& key, const std::string& value) {
    std::map<std::string, std::string> metadata{{"num_heads", "3"}};
    metadata[key] = value;
    formats::write_safetensors(real_files(), folder / "a.safetensors", records.records, metadata);
    return message_of([&] { load_encoder(folder / "a.safetensors"); });
  };
  EXPECT_THAT(refusal("embed_dim", "48"), HasSubstr("metadata says embed_dim 48, the tensors' shapes say 24"));
  EXPECT_THAT(refusal("depth", "12"), HasSubstr("metadata says depth 12, the tensors' shapes say 2"));
  EXPECT_THAT(refusal("image_size", "64"), HasSubstr("a grid of 4 x 4"));
  EXPECT_THAT(refusal("num_heads", "7"), HasSubstr("embed_dim 24 does not divide into 7 heads"));
  EXPECT_THAT(refusal("num_heads", "three"), HasSubstr("not a number from 1"));
}

}  // namespace
}  // namespace gtsa::model
