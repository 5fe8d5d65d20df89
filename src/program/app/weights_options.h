#pragma once
#include <cstdint>
#include <string>

#include "core/base/options.h"
#include "learn/model/encoder.h"

namespace gtsa::app {

/// Which encoder a command looks at: one from disk, or random weights.
struct WeightsOptions {
  std::string weights;
  bool random_init = false;
  std::string model = "small";
  int64_t patch_size = 16;
  int64_t image_size = 224;
  int64_t seed = 0;
  int64_t threads = 0;
  void describe(Fields& f);
  /// Sets up the arithmetic, then loads or draws. Throws UsageError unless one of the two is chosen.
  model::Encoder encoder() const;
};

}  // namespace gtsa::app
