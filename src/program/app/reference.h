#pragma once
#include <string>

namespace gtsa::app {

/// docs/options.md: every key of a configuration, made from what describes them.
std::string options_reference();

}  // namespace gtsa::app
