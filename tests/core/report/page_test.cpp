#include "core/report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/report/assets.h"
#include "core/report/base64.h"
#include "core/report/pictures.h"
#include "support/temporary_folder.h"

namespace gtsa::report {
namespace {

using Json = nlohmann::ordered_json;
using test::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::Not;

std::string encoded(std::string_view text) { return base64(std::as_bytes(std::span(text))); }

TEST(Base64, IsThatOfTheStandard) {  // RFC 4648, section 10
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encoded("\xff\xfe\xfd"), "//79");
}

TEST(ScriptJson, CannotEndItsScript) {
  const std::string text = script_json({{"file", "</script><!-- & \u2028 \xff"}});
  EXPECT_EQ(text, R"({"file":"\u003c/script>\u003c!-- & \u2028 \ufffd"})");
  EXPECT_EQ(Json::parse(text)["file"], "</script><!-- & \u2028 \ufffd");
}

TEST(Escaping, LeavesNoMarkup) { EXPECT_EQ(escaped("<a b='c'>\"&"), "&lt;a b=&#39;c&#39;&gt;&quot;&amp;"); }

TEST(Page, TakesMarksInsideValuesForText) {
  const std::string page =
      render_page({.title = "{{data}} <b>", .data = {{"x", "{{script}} {{style}}"}}, .scripts = {}});
  EXPECT_THAT(page, HasSubstr("<title>{{data}} &lt;b&gt;</title>"));
  EXPECT_THAT(page, HasSubstr(R"({"x":"{{script}} {{style}}"})"));
}

TEST(Page, AllowsItselfNoNetwork) {
  const std::string page = render_page({.title = "t", .data = {}, .scripts = {}});
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("script-src 'unsafe-inline';"));
  EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
  EXPECT_THAT(render_page({.title = "t", .loads_scripts = true, .data = {}, .scripts = {}}),
              HasSubstr("script-src 'unsafe-inline' 'self' file:;"));
}

TEST(Assets, NeverEndTheElementTheyStandIn) {
  for (const char* name : {"base.js", "charts.js", "tables.js", "crops.js", "pictures.js", "main.js", "similarity.js"})
    EXPECT_THAT(std::string(asset(name)), Not(HasSubstr("</script"))) << name;
  EXPECT_THAT(std::string(asset("style.css")), Not(HasSubstr("</style")));
}

TEST(Pictures, AreTakenInOnceAndByTheirContent) {
  const TemporaryFolder folder;
  write_atomically(real_files(), folder / "a.txt", std::string_view("\x89PNG\r\n\x1a\nrest"));
  write_atomically(real_files(), folder / "b.png", std::string_view("\xff\xd8\xff\xe0"));
  Pictures pictures;
  EXPECT_EQ(pictures.add(folder / "a.txt"), 0);
  const std::string one = pictures.fingerprint();
  EXPECT_EQ(pictures.add_from(folder.path(), "b.png"), 1);
  EXPECT_NE(pictures.fingerprint(), one);
  EXPECT_EQ(pictures.add(folder / "a.txt"), 0);
  EXPECT_EQ(pictures.json(), Json({"data:image/png;base64,iVBORw0KGgpyZXN0", "data:image/jpeg;base64,/9j/4A=="}));
}

TEST(Pictures, RefuseWhatIsNone) {
  const TemporaryFolder folder;
  write_atomically(real_files(), folder / "page.png", "<svg onload=alert(1)>");
  write_atomically(real_files(), folder / "huge.jpg", "\xff\xd8\xff" + std::string(9 << 20, 'x'));
  Pictures pictures;
  const auto refusal = [&](const std::string& name) {
    try {
      pictures.add_from(folder.path(), name);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refusal("page.png"), HasSubstr("is neither JPEG nor PNG"));
  EXPECT_THAT(refusal("huge.jpg"), HasSubstr("huge.jpg"));
  EXPECT_THAT(refusal("absent.jpg"), HasSubstr("absent.jpg"));
  for (const char* name : {"../page.png", "/etc/hostname", "", "a/../../page.png"})
    EXPECT_THAT(refusal(name), HasSubstr("does not lie in the run's artefacts")) << name;
}

}  // namespace
}  // namespace gtsa::report
