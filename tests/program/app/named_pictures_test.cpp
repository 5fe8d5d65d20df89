#include "program/app/named_pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/error.h"
#include "support/temporary_folder.h"

namespace gtsa::app {
namespace {

namespace fs = std::filesystem;

TEST(NamedPictures, AreThoseOfFilesAndFoldersInTheOrderGiven) {
  const test::TemporaryFolder folder;
  const auto write = [&](const char* name, const char* text) { std::ofstream(folder / name) << text; };
  fs::create_directories(folder / "more");
  write("a.jpg", "told by its name");
  write("b", "\xff\xd8\xff\xe0 told by its first bytes");
  write("more/c.png", "");
  const std::vector<std::string> arguments{(folder / "more").string(), (folder / "b").string(),
                                           (folder / "a.jpg").string()};
  EXPECT_THAT(named_pictures(arguments),
              ::testing::ElementsAre(folder / "more" / "c.png", folder / "b", folder / "a.jpg"));
  const std::vector<std::string> nothing{(folder / "absent").string()};
  EXPECT_THROW(named_pictures(nothing), Error);
}

}  // namespace
}  // namespace gtsa::app
