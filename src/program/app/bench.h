#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/options.h"

namespace gtsa::app {

/// What `gtsa bench data` can be told.
struct BenchDataOptions {
  std::vector<std::string> data;
  std::string recipe = "pretrain";
  int64_t crop = 512;
  int64_t threads = 0;
  double seconds = 10;
  int64_t decode_side = 0;
  bool json = false;
  void describe(Fields& f);
};

/// What `gtsa bench step` can be told. The crops are gtsa_coco_small's unless said otherwise.
struct BenchStepOptions {
  std::string model = "small";
  int64_t patch_size = 16;
  std::vector<int64_t> crop_sizes{224, 96};
  std::vector<int64_t> num_crops{2, 8};
  bool checkpointing = false;
  int64_t batch = 8;
  int64_t steps = 3;
  int64_t threads = 0;
  bool json = false;
  void describe(Fields& f);
};

/// What `gtsa bench features` can be told.
struct BenchFeaturesOptions {
  std::string model = "small";
  int64_t patch_size = 16;
  int64_t image_size = 224;
  int64_t batch = 32;
  int64_t steps = 5;
  int64_t threads = 0;
  bool json = false;
  void describe(Fields& f);
};

/// What `gtsa bench knn` can be told.
struct BenchKnnOptions {
  int64_t train = 100'000;
  int64_t test = 4096;
  int64_t dim = 384;
  int64_t k = 20;
  int64_t threads = 0;
  bool json = false;
  void describe(Fields& f);
};

/// Photographs from disk to the batches of a recipe (multi-crop of gtsa_coco_small, training of inat19_small,
/// evaluation of a classifier, training of ade20k_semfpn_small), and decoding alone, in turn.
void bench_data(const BenchDataOptions& options);
/// Whole optimiser steps on rendered scenes, against the rate of their layers' bare products.
void bench_step(const BenchStepOptions& options);
/// The frozen encoder's forward pass, against the rate of its layers' bare products.
void bench_features(const BenchFeaturesOptions& options);
/// k-NN of random features, against the bare products of queries and bank.
void bench_knn(const BenchKnnOptions& options);

}  // namespace gtsa::app
