#include "core/formats/tensorboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "support/failing_files.h"
#include "support/temporary_folder.h"

namespace gtsa::formats {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string steps(int64_t first, int64_t last) {
  std::string text;
  for (int64_t step = first; step <= last; ++step) {
    text +=
        tensorboard_scalars(step, 1e9, std::vector<Scalar>{{"loss", 0.5f * static_cast<float>(step)}, {"lr", 1e-3f}});
  }
  return text;
}

TEST(Crc32c, AgreesWithTheStandardsExamples) {
  EXPECT_EQ(crc32c(bytes_of("")), 0u);
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xE3069283u);
  // RFC 3720, appendix B.4.
  EXPECT_EQ(crc32c(bytes_of(std::string(32, '\0'))), 0x8A9136AAu);
  EXPECT_EQ(crc32c(bytes_of(std::string(32, '\xFF'))), 0x62A8AB43u);
}

TEST(Tensorboard, WritesTheBytesOfTheFormat) {
  // The first record of every event file, as TensorFlow writes it at time 0: length 24, checksum, double 0,
  // "brain.Event:2", checksum.
  const std::string opening = tensorboard_opening(0);
  EXPECT_EQ(opening.substr(0, 8), std::string("\x18\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(opening.substr(8, 4), "\xA3\x7F\x4B\x22") << "the masked checksum of a length of 24";
  EXPECT_EQ(opening.substr(12, 24), std::string("\x09\0\0\0\0\0\0\0\0\x1A\x0D", 11) + "brain.Event:2");
  EXPECT_EQ(opening.size(), 12u + 24 + 4);

  const std::string record = tensorboard_scalars(300, 0, std::vector<Scalar>{{"lr", 1.0f}});
  const std::string value("\x0A\x02lr\x15\0\0\x80\x3F", 9);
  EXPECT_EQ(record.substr(12, record.size() - 16),
            std::string("\x09\0\0\0\0\0\0\0\0\x10\xAC\x02\x2A\x0B\x0A\x09", 16) + value);
}

TEST(Tensorboard, ReadsBackWhatItWrote) {
  const std::string file = tensorboard_opening(12.5) + steps(0, 300);
  const auto events = parse_tensorboard(bytes_of(file));
  ASSERT_EQ(events.size(), 302u);
  EXPECT_EQ(events[0].wall_time, 12.5);
  EXPECT_TRUE(events[0].scalars.empty());
  EXPECT_EQ(events[301].step, 300);
  ASSERT_EQ(events[301].scalars.size(), 2u);
  EXPECT_EQ(events[301].scalars[0].tag, "loss");
  EXPECT_EQ(events[301].scalars[0].value, 150.0f);
}

TEST(Tensorboard, StopsAtTheFirstRecordThatIsTornOrChanged) {
  const std::string whole = tensorboard_opening(0) + steps(0, 1);
  const std::string last = steps(2, 2);
  for (size_t size = 0; size < last.size(); ++size) {
    EXPECT_EQ(parse_tensorboard(bytes_of(whole + last.substr(0, size))).size(), 3u) << size;
  }
  for (size_t at = 0; at < last.size(); ++at) {
    std::string changed = last;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_EQ(parse_tensorboard(bytes_of(whole + changed)).size(), 3u) << at;
  }
}

TEST(Tensorboard, IsCutBackToAStepWholeOrNotAtAll) {
  const test::TemporaryFolder folder;
  const fs::path path = folder / "events";
  const std::string torn = tensorboard_opening(0) + steps(0, 20) + steps(21, 21).substr(0, 30);
  const std::string cut = tensorboard_opening(0) + steps(0, 7);
  for (int n = 1;; ++n) {
    write_atomically(real_files(), path, torn);
    test::FailingFiles files(n);
    try {
      truncate_tensorboard(files, path, 7);
    } catch (const Error&) {
    }
    EXPECT_TRUE(read_text(path) == torn || read_text(path) == cut) << "operation " << n;
    if (files.failed()) continue;
    EXPECT_EQ(read_text(path), cut);
    break;
  }
}

TEST(Tensorboard, KeepsTheOpeningWhenEveryStepIsForgotten) {
  const test::TemporaryFolder folder;
  write_atomically(real_files(), folder / "events", tensorboard_opening(0) + steps(0, 3));
  truncate_tensorboard(real_files(), folder / "events", -1);
  EXPECT_EQ(read_text(folder / "events"), tensorboard_opening(0));
}

TEST(Tensorboard, AFileThatNeedsNoCutIsLeftAlone) {
  const test::TemporaryFolder folder;
  const fs::path path = folder / "events";
  write_atomically(real_files(), path, tensorboard_opening(0) + steps(0, 3));
  test::FailingFiles files(1);
  EXPECT_NO_THROW(truncate_tensorboard(files, path, 3));
  EXPECT_NO_THROW(truncate_tensorboard(files, folder / "absent", 3));
  EXPECT_EQ(files.operations(), 0);
}

}  // namespace
}  // namespace gtsa::formats
