#include "program/app/print_json.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/base/json_line.h"

namespace gtsa::app {

void print_json(const nlohmann::ordered_json& json) { std::printf("%s\n", json_line(json).c_str()); }

}  // namespace gtsa::app
