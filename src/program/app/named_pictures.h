#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace gtsa::app {

/// The photographs that a person names: picture files as they are, folders and lists of paths as data::ImageFolder
/// reads them. In the order of the arguments.
std::vector<std::filesystem::path> named_pictures(std::span<const std::string> arguments);

}  // namespace gtsa::app
