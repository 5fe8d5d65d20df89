#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "program/app/pretrain.h"

namespace gtsa::app {

struct DemoOptions {
  std::string out = "gtsa-demo";
  double minutes = 5;
  std::vector<std::string> images;
  int64_t seed = 0;
  int64_t threads = 0;
  bool overwrite = false;
  bool json = false;
  void describe(Fields& f);
};

/// `gtsa demo`: renders scenes (or takes photographs), pretrains a small network with the recipe gtsa_demo for about as
/// long as asked, probes it before and after, writes out/report.html and prints the probes side by side.
Ending demo(const DemoOptions& options);

}  // namespace gtsa::app
