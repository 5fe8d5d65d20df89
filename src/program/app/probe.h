#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/options.h"
#include "core/image/decode.h"
#include "program/app/features.h"
#include "program/app/weights_options.h"

namespace gtsa::app {

/// What `gtsa probe correspondence` and `gtsa probe segment` can be told.
struct ProbeOptions {
  std::vector<std::string> data;
  WeightsOptions network;
  bool no_exif = false;
  int64_t max_pixels = image::kMaxPixels;
  bool json = false;
  void describe(Fields& f);
};

/// What `gtsa probe knn` can be told.
struct KnnProbeOptions {
  ExtractionOptions extraction;
  std::vector<int64_t> k{10, 20, 100, 200};
  double temperature = 0.07;
  void describe(Fields& f);
};

/// What `gtsa probe linear` can be told. What is left at -1 (or empty) is the protocol's.
struct LinearProbeOptions {
  std::string config;
  ExtractionOptions extraction;
  std::string protocol = "mae";
  std::string augment = "8";
  int64_t epochs = -1;
  int64_t warmup_epochs = -1;
  int64_t batch = -1;
  double base_lr = -1;
  double weight_decay = 0;
  std::string out;
  void describe(Fields& f);
};

void probe_correspondence(const ProbeOptions& options);
void probe_segment(const ProbeOptions& options);
void probe_knn(const KnnProbeOptions& options);
void probe_linear(const LinearProbeOptions& options);

}  // namespace gtsa::app
