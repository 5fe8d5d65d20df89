#include "core/report/picture_page.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/report/artefacts.h"
#include "core/report/page.h"
#include "core/report/pictures.h"

namespace gtsa::report {
namespace {

constexpr std::string_view kScripts[] = {"base.js", "tables.js", "crops.js", "pictures.js", "picture_page.js"};

}  // namespace

std::string render_picture_page(const std::filesystem::path& folder, const std::string& title) {
  Pictures pictures;
  nlohmann::ordered_json run = read_artefacts(folder, pictures);
  run["name"] = title;
  nlohmann::ordered_json data{{"moment", "features"}, {"runs", {std::move(run)}}, {"pictures", pictures.json()}};
  return render_page({.title = title, .data = std::move(data), .scripts = kScripts});
}

}  // namespace gtsa::report
