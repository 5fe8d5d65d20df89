#include "learn/probe/artefact.h"

#include <nlohmann/json.hpp>

#include "core/base/files.h"

namespace gtsa::probe {

void write_artefact(run::Run& run, const std::string& name, const nlohmann::ordered_json& json) {
  write_atomically(real_files(), run.artefact_path(name), json.dump() + "\n");
}

}  // namespace gtsa::probe
