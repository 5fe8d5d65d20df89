#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/options.h"

namespace gtsa::app {

/// What `gtsa probe correspondence` and `gtsa probe segment` can be told.
struct ProbeOptions {
  std::vector<std::string> data;
  std::string weights;
  bool random_init = false;
  std::string model = "small";
  int64_t patch_size = 16;
  int64_t image_size = 224;
  int64_t seed = 0;
  int64_t threads = 0;
  bool no_exif = false;
  int64_t max_pixels = 89'478'485;
  bool json = false;
  void describe(Fields& f);
};

void probe_correspondence(const ProbeOptions& options);
void probe_segment(const ProbeOptions& options);

}  // namespace gtsa::app
