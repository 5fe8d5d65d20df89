#include "core/base/files.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/base/error.h"
#include "support/failing_files.h"
#include "support/temporary_folder.h"

namespace gtsa {
namespace {

TEST(WriteAtomically, LeavesOldOrNewContentWhicheverOperationFails) {
  const test::TemporaryFolder folder;
  const auto path = folder / "state";
  bool passed = false;
  for (int n = 1; !passed; ++n) {
    ASSERT_LT(n, 50);
    write_atomically(real_files(), path, "old content");
    test::FailingFiles files(n);
    try {
      write_atomically(files, path, "new content, longer than the old");
      passed = !files.failed();
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(folder.path().string()), std::string::npos) << error.what();
    }
    const std::string text = read_text(path);
    EXPECT_TRUE(text == "old content" || text == "new content, longer than the old")
        << "operation " << n << ": " << text;
  }
  EXPECT_EQ(read_text(path), "new content, longer than the old");
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".partial"));
}

TEST(ReadBytes, SaysWhatIsWrong) {
  const test::TemporaryFolder folder;
  const auto message = [&](const std::filesystem::path& path, uint64_t limit) -> std::string {
    try {
      read_bytes(path, limit);
      return "no error";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_NE(message(folder / "absent", 10).find("absent: No such file"), std::string::npos);
  EXPECT_NE(message(folder.path(), 10).find("is a folder"), std::string::npos);
  std::ofstream(folder / "long") << "0123456789abc";
  EXPECT_NE(message(folder / "long", 10).find("13 bytes, more than the 10"), std::string::npos);
}

TEST(MappedFile, ShowsTheBytesAndMoves) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "a") << "abc";
  std::ofstream(folder / "empty");
  MappedFile first(folder / "a");
  const MappedFile second(std::move(first));
  EXPECT_EQ(second.bytes().size(), 3U);
  EXPECT_EQ(static_cast<char>(second.bytes()[2]), 'c');
  EXPECT_TRUE(MappedFile(folder / "empty").bytes().empty());
}

}  // namespace
}  // namespace gtsa
