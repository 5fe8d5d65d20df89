#pragma once
// The recipes of configs/, embedded in the program so that `--config NAME` works wherever it is installed.

#include <span>
#include <string_view>

namespace gtsa::app {

struct Recipe {
  std::string_view name;  ///< "gtsa_reference"
  std::string_view toml;
};

std::span<const Recipe> recipes();

}  // namespace gtsa::app
