#include "core/base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "core/base/error.h"
#include "support/failing_files.h"
#include "support/temporary_folder.h"

namespace gtsa {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

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

/// Writing fails, and so does clearing up after it.
class BrokenFiles final : public test::FailingFiles {
 public:
  BrokenFiles() : FailingFiles(2) {}
  void remove_all(const fs::path& path) override { throw Error("cannot remove {} either", path.string()); }
};

TEST(WriteAtomically, ReportsTheFirstFailureWhenClearingUpFailsToo) {
  const test::TemporaryFolder folder;
  BrokenFiles files;
  EXPECT_THAT(error_of([&] { write_atomically(files, folder / "state", "text"); }), HasSubstr("cannot write to"));
}

TEST(WriteAtomically, TakesANameWithoutAFolder) {
  const test::TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  write_atomically(real_files(), "state", "text");
  fs::current_path(before);
  EXPECT_EQ(read_text(folder / "state"), "text");
}

TEST(RealFiles, NameThePathAndTheSystemsReason) {
  const test::TemporaryFolder folder;
  FileSystem& files = real_files();
  const auto open = [&](const fs::path& path) { return files.open(path, FileSystem::Mode::append); };
  const std::string here = folder.path().string();
  EXPECT_EQ(error_of([&] { open(folder / "absent" / "file"); }),
            "cannot write " + here + "/absent/file: No such file or directory");
  EXPECT_EQ(error_of([&] { open("/dev/full")->write("text"); }), "cannot write to /dev/full: No space left on device");
  EXPECT_EQ(error_of([&] { open("/dev/full")->sync(); }), "cannot make durable /dev/full: Invalid argument");
  EXPECT_EQ(error_of([&] { files.rename(folder / "a", folder / "b"); }),
            "cannot put in place " + here + "/b: No such file or directory");
  EXPECT_EQ(error_of([&] { files.sync_directory(folder / "absent"); }),
            "cannot make durable the folder " + here + "/absent: No such file or directory");
  std::ofstream(folder / "file") << "x";
  EXPECT_EQ(error_of([&] { files.create_directories(folder / "file" / "below"); }),
            "cannot create folder " + here + "/file/below: Not a directory");
  EXPECT_THAT(error_of([&] { files.remove_all("/proc/self/status"); }), HasSubstr("cannot remove /proc/self/status: "));
}

TEST(RealFiles, RemoveWhatIsThereAndDoNotMissWhatIsNot) {
  const test::TemporaryFolder folder;
  fs::create_directories(folder / "a" / "b");
  std::ofstream(folder / "a" / "b" / "file") << "x";
  real_files().remove_all(folder / "a");
  EXPECT_FALSE(fs::exists(folder / "a"));
  EXPECT_NO_THROW(real_files().remove_all(folder / "a"));
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
  EXPECT_THAT(message("/dev/null", 10), EndsWith("it is no regular file"));
  std::ofstream(folder / "long") << "0123456789abc";
  EXPECT_NE(message(folder / "long", 10).find("13 bytes, more than the 10"), std::string::npos);
}

TEST(ReadBytes, TakesWhatIsThereOfAFileThatIsShorterThanTheSystemSays) {
  const fs::path path = "/sys/kernel/mm/transparent_hugepage/enabled";  // says 4,096 bytes, holds a line
  std::error_code none;
  if (!fs::is_regular_file(path, none)) GTEST_SKIP() << "no " << path;
  const std::string text = read_text(path);
  EXPECT_THAT(text, EndsWith("\n"));
  EXPECT_LT(text.size(), fs::file_size(path));
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
  MappedFile third(folder / "empty");
  third = MappedFile(folder / "a");
  EXPECT_EQ(third.bytes().size(), 3U);
  EXPECT_THAT(error_of([&] { MappedFile(folder / "absent"); }), HasSubstr("absent: No such file"));
}

}  // namespace
}  // namespace gtsa
