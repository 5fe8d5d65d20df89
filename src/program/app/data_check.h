#pragma once
#include <cstdint>
#include <string>

#include "core/base/options.h"
#include "core/image/decode.h"

namespace gtsa::app {

/// What `gtsa data check` can be told.
struct DataCheckOptions {
  std::string folder;
  std::string task = "auto";
  int64_t threads = 0;
  int64_t max_pixels = image::kMaxPixels;
  bool json = false;
  void describe(Fields& f);
};

/// Looks at a data set and prints what it found (data::check_dataset). True if it is fit to train on.
bool data_check(const DataCheckOptions& options);

}  // namespace gtsa::app
