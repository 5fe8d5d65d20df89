#pragma once
// A run's folder as training leaves it, with every artefact, made by rule: nothing is trained here.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "core/image/image.h"
#include "core/run/run.h"

namespace gtsa::test {

/// Hills below a sky with a few discs: something that views, arrows and maps can be judged on.
image::Image landscape(int64_t width, int64_t height, uint64_t seed);

struct SmallRun {
  int64_t steps = 400;
  uint64_t seed = 0;
  bool pictures = true;     ///< crops.json, pictures.json and the files they name
  bool fine_tuned = false;  ///< accuracy.json, segmentation.json and its pictures
  std::string name_of_a_bad_file = "photos/broken.jpg";
};

/// Writes a run in a new folder.
void make_small_run(const std::filesystem::path& folder, const SmallRun& options = {});

/// One more line of metrics, as the trainer writes them; falls with the step.
nlohmann::ordered_json metrics_line(int64_t step, uint64_t seed = 0);

/// JSON into artefacts/NAME.
void write_artefact(run::Run& run, const std::string& name, const nlohmann::ordered_json& json);

}  // namespace gtsa::test
