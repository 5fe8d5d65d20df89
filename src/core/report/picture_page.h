#pragma once
#include <filesystem>
#include <string>

namespace gtsa::report {

/// The pictures of a report alone: one HTML page of what crops.json and pictures.json in `folder` tell (artefacts.h has
/// their forms). `title` says whose features they are.
std::string render_picture_page(const std::filesystem::path& folder, const std::string& title);

}  // namespace gtsa::report
