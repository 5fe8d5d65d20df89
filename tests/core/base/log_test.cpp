#include "core/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/files.h"
#include "support/temporary_folder.h"

namespace gtsa {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Log, GoesToStandardErrorAndWithDateAndLevelToTheFile) {
  const test::TemporaryFolder folder;
  ::testing::internal::CaptureStderr();
  log::to_file(folder / "log.txt");
  log::info("{} photographs", 3);
  log::warning("{} is bad", "a.jpg");
  log::to_file({});
  log::info("later");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "3 photographs\nwarning: a.jpg is bad\nlater\n");
  const std::string text = read_text(folder / "log.txt");
  EXPECT_THAT(text, ContainsRegex("[0-9]+-[0-9]+-[0-9]+ [0-9]+:[0-9]+:[0-9]+ info 3 photographs\n"));
  EXPECT_THAT(text, HasSubstr(" warning a.jpg is bad\n"));
  EXPECT_THAT(text, Not(HasSubstr("later")));
}

TEST(Log, NamesTheFileThatCannotBeWritten) {
  const test::TemporaryFolder folder;
  try {
    log::to_file(folder.path());
    FAIL() << "a folder was opened for writing";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot write the log " + folder.path().string() + ": "));
  }
}

TEST(Log, LetsAProgressBarMakeWay) {
  int calls = 0;
  log::before_line([&] { ++calls; });
  ::testing::internal::CaptureStderr();
  log::info("one");
  log::before_line({});
  log::info("two");
  ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace gtsa
