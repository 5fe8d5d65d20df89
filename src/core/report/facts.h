#pragma once
// What a run's files say in words: configuration, machine, events.

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "core/run/run.h"

namespace gtsa::report {

/// config.toml as it was written (core/base/options: one `key = value  # origin` a line): [[section, key, value,
/// origin], ..]. A line that is none of these is passed over.
nlohmann::ordered_json configuration_rows(std::string_view toml);

/// [[name, value], ..]: the newest "start" event's "machine", else what the newest readable checkpoint was made with;
/// before that, the opening of the log.
nlohmann::ordered_json machine_rows(const run::Run& run, const std::vector<nlohmann::ordered_json>& events);

/// {"rows": [{"kind", "step", "text"}, ..], "left_out": n}: every event that is no figure, as a sentence, in order. Of
/// each kind the newest 200.
nlohmann::ordered_json event_rows(const std::vector<nlohmann::ordered_json>& events);

}  // namespace gtsa::report
