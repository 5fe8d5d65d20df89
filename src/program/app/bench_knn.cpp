#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "learn/nn/products.h"
#include "learn/probe/knn.h"
#include "program/app/bench.h"
#include "program/app/common_options.h"
#include "program/app/machine.h"
#include "program/app/print_json.h"

namespace gtsa::app {
namespace {

constexpr int64_t kClasses = 1000;
/// Queries of a turn: products take their turns with the search, so that both see the same machine.
constexpr int64_t kTurn = 2048;

/// Rows that look in every direction, of unit length.
at::Tensor random_rows(int64_t rows, int64_t width, uint64_t part) {
  at::Tensor values = at::empty({rows, width}, at::kFloat);
  auto* const out = values.data_ptr<float>();
  parallel_for(rows, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Rng rng({.epoch = part, .sample = static_cast<uint64_t>(i)});
      for (int64_t j = 0; j < width; ++j) out[i * width + j] = rng.uniform(-1, 1);
    }
  });
  return probe::unit_rows(values);
}

std::vector<int64_t> random_labels(int64_t rows) {
  std::vector<int64_t> labels(static_cast<size_t>(rows));
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int64_t>(i * 7919) % kClasses;
  return labels;
}

/// Seconds of all products of queries and bank, in blocks of the size at which the BLAS is fastest here, written over
/// each other.
double seconds_of_products(const at::Tensor& bank, const at::Tensor& queries, at::Tensor& memory) {
  constexpr int64_t kRows = 1024, kColumns = 2048;
  const Clock clock = steady_clock();
  const double begin = clock();
  for (int64_t i = 0; i < queries.size(0); i += kRows) {
    const at::Tensor rows = queries.narrow(0, i, std::min(kRows, queries.size(0) - i));
    for (int64_t j = 0; j < bank.size(0); j += kColumns) {
      const at::Tensor columns = bank.narrow(0, j, std::min(kColumns, bank.size(0) - j));
      const int64_t count = rows.size(0) * columns.size(0);
      if (memory.numel() < count) memory = at::empty({kRows * kColumns}, at::kFloat);
      at::Tensor out = memory.narrow(0, 0, count).view({rows.size(0), columns.size(0)});
      nn::ops::mm_out(out, rows, columns.t());
    }
  }
  return clock() - begin;
}

}  // namespace

void BenchKnnOptions::describe(Fields& f) {
  f("train", &train, "features of the bank").between(1, 1e8).flagged("train");
  f("test", &test, "features that are classified").between(1, 1e8).flagged("test");
  f("dim", &dim, "values of a feature").between(1, 1e5).flagged("dim");
  f("k", &k, "neighbours that vote").between(1).flagged("k");
  describe_threads(f, threads);
  f("json", &json, "one JSON object on standard output").flagged("json");
}

void bench_knn(const BenchKnnOptions& options) {
  if (options.k > options.train) throw UsageError("--k {}: the bank has {}", options.k, options.train);
  const int64_t threads = prepare_arithmetic(options.threads);
  const at::NoGradGuard no_grad;
  const at::Tensor bank = random_rows(options.train, options.dim, 0);
  const at::Tensor queries = random_rows(std::min(options.test, kTurn), options.dim, 1);
  const std::vector<int64_t> labels = random_labels(options.train), truth = random_labels(queries.size(0));
  const Clock clock = steady_clock();
  at::Tensor memory = at::empty({0}, at::kFloat);
  double search = 0, products = 0;
  for (int64_t done = 0; done < options.test; done += queries.size(0)) {
    const int64_t here = std::min(queries.size(0), options.test - done);
    const at::Tensor block = queries.narrow(0, 0, here);
    const double begin = clock();
    probe::score_knn(bank, labels, block, std::span(truth).first(static_cast<size_t>(here)), {.ks = {options.k}});
    search += clock() - begin;
    products += seconds_of_products(bank, block, memory);
  }
  const double gflop =
      2e-9 * static_cast<double>(options.train) * static_cast<double>(options.test) * static_cast<double>(options.dim);
  const double rate = static_cast<double>(options.test) / search;
  if (options.json) {
    const nlohmann::ordered_json result{{"threads", threads},
                                        {"images_per_second", rate},
                                        {"seconds", search},
                                        {"gemm_gflops", gflop / products},
                                        {"utilisation", products / search},
                                        {"peak_rss_mb", peak_memory_mb()}};
    print_json(result);
    return;
  }
  std::printf("%-28s %10.1f images/s\n", "rate", rate);
  std::printf("%-28s %10.2f s\n", "all of them", search);
  std::printf("%-28s %10.1f GFLOP/s\n", "bare products", gflop / products);
  std::printf("%-28s %10.3f\n", "utilisation", products / search);
  std::printf("%-28s %10.0f MiB\n", "peak memory", peak_memory_mb());
}

}  // namespace gtsa::app
