#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/run/run.h"

namespace gtsa::probe {

/// Saves one JSON object as a line of text in the run's artefacts, whole or not at all; a probe's last result replaces
/// the one before.
void write_artefact(run::Run& run, const std::string& name, const nlohmann::ordered_json& json);

}  // namespace gtsa::probe
