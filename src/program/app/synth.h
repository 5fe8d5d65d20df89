#pragma once
#include <cstdint>
#include <string>

#include "core/base/options.h"

namespace gtsa::app {

/// What `gtsa data synth` can be told.
struct SynthOptions {
  std::string out;
  int64_t images = 1000;
  int64_t seed = 0;
  std::string size = "320x240";
  double val_share = 0.2;
  int64_t threads = 0;
  bool overwrite = false;
  std::string contact_sheet;
  bool json = false;
  void describe(Fields& f);
};

/// `gtsa data synth`: renders a labelled data set (synth::write_dataset) or, with --contact-sheet, one picture of many
/// scenes.
void data_synth(const SynthOptions& options);

}  // namespace gtsa::app
