#include "core/report/page.h"

#include "core/base/error.h"
#include "core/report/assets.h"

namespace gtsa::report {
namespace {

/// `text` with every {{name}} of `page` replaced in one pass, so that nothing inside a value is taken for a mark.
class Template {
 public:
  explicit Template(std::string_view text) : rest_(text) {}
  /// Copies up to {{name}}, which must be the next mark.
  void fill(std::string_view name, std::string_view value) {
    const std::string mark = fmt::format("{{{{{}}}}}", name);
    const size_t at = rest_.find(mark);
    GTSA_CHECK(at != std::string_view::npos && rest_.find("{{") == at, "page.html: {} is not the next mark", mark);
    page_.append(rest_.substr(0, at)).append(value);
    rest_.remove_prefix(at + mark.size());
  }
  std::string finish() {
    GTSA_CHECK(rest_.find("{{") == std::string_view::npos, "page.html: marks are left");
    return page_.append(rest_);
  }

 private:
  std::string_view rest_;
  std::string page_;
};

std::string comment_of(std::string_view licence) { return fmt::format("/*\nuPlot\n{}*/\n", licence); }

}  // namespace

std::string script_json(const nlohmann::ordered_json& json) {
  using Json = nlohmann::ordered_json;
  const std::string text = json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string render_page(const PageParts& parts) {
  std::string style, script;
  if (parts.charts) {
    style.append(comment_of(asset("LICENSE"))).append(asset("uPlot.min.css"));
    script.append(comment_of(asset("LICENSE"))).append(asset("uPlot.iife.min.js")).append("\n");
  }
  style.append(asset("style.css"));
  for (const std::string_view name : parts.scripts) script.append(asset(name));
  Template page(asset("page.html"));
  page.fill("scripts from", parts.loads_scripts ? "'unsafe-inline' 'self' file:" : "'unsafe-inline'");
  page.fill("title", escaped(parts.title));
  page.fill("style", style);
  page.fill("data", script_json(parts.data));
  page.fill("script", script);
  return page.finish();
}

}  // namespace gtsa::report
