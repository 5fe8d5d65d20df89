#include "layering/layering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gtsa::layering {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::filesystem::path repository() { return GTSA_SOURCE_DIR; }

TEST(Layering, HoldsInThisRepository) {
  std::string faults;
  for (const std::string& fault : check(repository())) faults += fault + "\n";
  EXPECT_EQ(faults, "");
}

TEST(Layering, NamesEveryFaultOfATreeThatIsWrong) {
  EXPECT_THAT(check(repository() / "tests" / "layering" / "wrong_tree"),
              ElementsAre("docs/architecture.md: core/absent has no folder in src",
                          "src/core/base/CMakeLists.txt: USES core/image, but core/base may use nothing",
                          "src/core/image/CMakeLists.txt: names LibTorch; only cmake/ may, as gtsa::torch",
                          "src/core/image/decode.cpp:2: core knows no LibTorch, not even <ATen/core/Tensor.h>",
                          "src/core/image/decode.cpp:3: core/image includes learn/ssl, which is not on its USES line",
                          "src/core/image/decode.cpp:4: \"resize.h\" is not written from src (\"core/image/image.h\")",
                          "src/core/stray: not in the table of docs/architecture.md",
                          "src/learn/probe/CMakeLists.txt: holds no gtsa_room()",
                          "src/learn/probe/probe.cpp:1: learn/probe includes core/image, which is not on its USES line",
                          "src/learn/probe/probe.cpp:2: learn/probe includes learn/ssl, which is not on its USES line",
                          "src/learn/ssl/CMakeLists.txt: USES learn/probe, but learn/ssl may use core/base, core/image",
                          "src/learn/ssl/gtsa.h:2: <torch/torch.h> is too wide; include <ATen/ops/NAME.h>"));
}

TEST(LayeringTable, ReadsRoomsAndTheirArrows) {
  const Table table = parse_table(
      "| room | what it knows | may use |\n|---|---|---|\n"
      "| `core/base` | errors | - |\n| `core/image` | pictures, `Image` | base |\n| `program/app` | commands | "
      "everything |\n");
  EXPECT_THAT(table.at("core/base"), IsEmpty());
  EXPECT_THAT(table.at("core/image"), ElementsAre("core/base"));
  EXPECT_THAT(table.at("program/app"), ElementsAre("core/base", "core/image"));
}

TEST(LayeringTable, RefusesANameThatNoRowDescribes) {
  EXPECT_THROW(parse_table("| `core/image` | pictures | base |\n"), std::runtime_error);
  EXPECT_THROW(parse_table("no table at all\n"), std::runtime_error);
}

TEST(LayeringCMake, ReadsTheUsesLineAndLeavesCommentsOut) {
  const Declared declared = parse_cmake(
      "# torch is spoken of in a comment\ngtsa_room(learn/nn\n  SOURCES vit.cpp\n  USES core/base core/kernels # "
      "core/image\n"
      "  LIBRARIES fmt::fmt)\n");
  EXPECT_TRUE(declared.is_room);
  EXPECT_FALSE(declared.names_torch);
  EXPECT_THAT(declared.uses, ElementsAre("core/base", "core/kernels"));
}

TEST(LayeringIncludes, SeesSpacesAndBothKindsOfQuotes) {
  const std::vector<Include> includes =
      parse_includes("#include <vector>\n  #  include \"core/base/rng.h\"  // why\n// #include <x>\n");
  ASSERT_EQ(includes.size(), 2u);
  EXPECT_EQ(includes[0].path, "vector");
  EXPECT_TRUE(includes[0].angled);
  EXPECT_EQ(includes[1].path, "core/base/rng.h");
  EXPECT_EQ(includes[1].line, 2);
  EXPECT_FALSE(includes[1].angled);
}

}  // namespace
}  // namespace gtsa::layering
