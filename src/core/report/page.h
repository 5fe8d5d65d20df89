#pragma once
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

namespace gtsa::report {

/// JSON that may stand inside <script>: ASCII alone, and no "<" that could end it or begin a comment.
std::string script_json(const nlohmann::ordered_json& json);

/// A text for HTML: &, <, >, ", ' become entities.
std::string escaped(std::string_view text);

/// What a page is made of.
struct PageParts {
  std::string title;
  bool charts = false;          ///< with uPlot and its licence
  bool loads_scripts = false;   ///< may load a script that lies beside it; otherwise it loads nothing at all
  nlohmann::ordered_json data;  ///< read by the scripts
  std::span<const std::string_view> scripts;  ///< names of assets, in order
};

/// One HTML page that needs no other file.
std::string render_page(const PageParts& parts);

}  // namespace gtsa::report
