#pragma once

#include <nlohmann/json_fwd.hpp>

namespace gtsa::app {

/// What a command that was given --json has found: one object, one line of standard output.
void print_json(const nlohmann::ordered_json& json);

}  // namespace gtsa::app
