#include "core/report/similarity_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/base/error.h"
#include "core/image/encode.h"
#include "core/report/small_run.h"
#include "support/temporary_folder.h"

namespace gtsa::report {
namespace {

using test::TemporaryFolder;
using ::testing::HasSubstr;

TEST(SimilarityPage, HoldsEachPatchsDirectionInEightBits) {
  const TemporaryFolder folder;
  image::write_png(real_files(), folder / "a.png", test::landscape(32, 16, 0));
  const SimilarityPage page{"a <title>", 2, {{folder / "a.png", 32, 16, 1, 2, {0.5F, -0.25F, 0, 0}}}};
  const std::string html = render_similarity_page(page);
  EXPECT_THAT(html, HasSubstr("<title>a &lt;title&gt;</title>"));
  EXPECT_THAT(html, HasSubstr(R"("features":"f8AAAA==")"));  // 127, -64; 0, 0
  EXPECT_THAT(html, HasSubstr("data:image/png;base64,"));
}

TEST(SimilarityPage, ShowsFeaturesThatAreNotFiniteAsNone) {
  const TemporaryFolder folder;
  image::write_png(real_files(), folder / "a.png", test::landscape(32, 16, 0));
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const SimilarityPage page{"t", 3, {{folder / "a.png", 32, 16, 1, 2, {inf, 1, 0, nan, 1, 0}}}};
  EXPECT_THAT(render_similarity_page(page), HasSubstr(R"("features":"AAAAAH8A")"));
}

TEST(SimilarityPage, NamesAPictureThatIsNone) {
  const TemporaryFolder folder;
  write_atomically(real_files(), folder / "a.png", "text");
  try {
    render_similarity_page({"t", 1, {{folder / "a.png", 1, 1, 1, 1, {1}}}});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("a.png is neither JPEG nor PNG"));
  }
}

}  // namespace
}  // namespace gtsa::report
