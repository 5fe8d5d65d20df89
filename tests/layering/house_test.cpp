// Habits of the whole repository that no compiler checks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace gtsa {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kMostLines = 600;

fs::path repository() { return GTSA_SOURCE_DIR; }

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream stream(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(House, ScriptsAreFreeOfSyntaxErrors) {
  std::vector<fs::path> scripts = {repository() / ".ci" / "run"};
  for (const fs::directory_entry& entry : fs::directory_iterator(repository() / "scripts"))
    scripts.push_back(entry.path());
  for (const fs::path& script : scripts) {
    const std::string command = "bash -n '" + script.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << script;
  }
}

TEST(House, NoSourceFileIsLongerThanItsReaderIsPatient) {
  std::set<std::string> allowed;
  for (const std::string& line : lines_of(repository() / "tests" / "layering" / "long_files.txt"))
    if (!line.empty() && line[0] != '#') allowed.insert(line.substr(0, line.find(' ')));
  std::vector<std::string> too_long;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(repository() / "src")) {
    if (!entry.is_regular_file()) continue;
    const std::string name = fs::relative(entry.path(), repository()).generic_string();
    const size_t count = lines_of(entry.path()).size();
    if (count > kMostLines && allowed.erase(name) == 0)
      too_long.push_back(name + ": " + std::to_string(count) + " lines");
  }
  EXPECT_THAT(too_long, IsEmpty()) << "split them, or name them with the reason in tests/layering/long_files.txt";
  EXPECT_THAT(allowed, IsEmpty()) << "named in tests/layering/long_files.txt without need";
}

TEST(House, EveryPackageThatSetupInstallsIsExplained) {
  std::string explained;
  for (const std::string& line : lines_of(repository() / "docs" / "dependencies.md")) explained += line + "\n";
  FILE* pipe =
      ::popen(("'" + (repository() / "scripts" / "setup.sh").string() + "' --list --browser --coverage").c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string listed;
  char buffer[256];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) listed += buffer;
  ASSERT_EQ(::pclose(pipe), 0);
  std::istringstream names(listed);
  for (std::string name; names >> name;) EXPECT_THAT(explained, HasSubstr("`" + name + "`"));
}

}  // namespace
}  // namespace gtsa
