#include "program/app/machine.h"

#include <ATen/Parallel.h>
#include <ATen/ops/full.h>
#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/heap.h"
#include "core/base/parallel.h"
#include "core/kernels/product.h"
#include "core/kernels/simd.h"
#include "learn/nn/products.h"

#ifndef GTSA_VERSION
#error "CMake gives the version"
#endif

namespace gtsa::app {

namespace {

std::string blas_of_libtorch() {
  // LibTorch links whatever provides libblas.so.3; only OpenBLAS can be asked.
  using Config = char* (*)();
  using Parallel = int (*)();
  const auto config = reinterpret_cast<Config>(::dlsym(RTLD_DEFAULT, "openblas_get_config"));
  const auto parallel = reinterpret_cast<Parallel>(::dlsym(RTLD_DEFAULT, "openblas_get_parallel"));
  if (config == nullptr || parallel == nullptr) return "not OpenBLAS (slow: scripts/setup.sh selects it)";
  std::istringstream words(config());
  std::string name, version;
  words >> name >> version;
  constexpr const char* kThreading[] = {"sequential", "pthreads", "OpenMP"};
  return fmt::format("{} {} {}", name, version, kThreading[std::clamp(parallel(), 0, 2)]);
}

}  // namespace

std::string blas_name() {
  const std::string ours = kernels::product_library();
  return ours.empty() ? blas_of_libtorch() : blas_of_libtorch() + ", " + ours;
}

std::string torch_version() { return TORCH_VERSION; }

uint64_t memory_limit() {
  uint64_t limit = UINT64_MAX;
  std::ifstream meminfo("/proc/meminfo");
  std::string key, unit;
  uint64_t value = 0;
  while (meminfo >> key >> value >> unit) {
    if (key == "MemTotal:") limit = value * 1024;
  }
  std::ifstream max("/sys/fs/cgroup/memory.max");
  if (max >> value) limit = std::min(limit, value);
  return limit;
}

double measured_flops() {
  constexpr int64_t kSide = 1024;
  constexpr double kSeconds = 0.2;
  const at::Tensor a = at::full({kSide, kSide}, 0.5), b = at::full({kSide, kSide}, 0.25);
  const Clock clock = steady_clock();
  nn::ops::mm(a, b);
  const double begin = clock();
  int64_t products = 0;
  while (clock() - begin < kSeconds) {
    nn::ops::mm(a, b);
    ++products;
  }
  return static_cast<double>(products) * 2 * kSide * kSide * kSide / (clock() - begin);
}

double peak_memory_mb() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

int64_t prepare_arithmetic(int64_t wanted) {
  const int64_t count = wanted > 0 ? wanted : usable_cpus();
  at::set_num_threads(static_cast<int>(count));
  set_threads(static_cast<int>(count));
  keep_freed_memory();
  return count;
}

int workers_of(int64_t wanted) { return static_cast<int>(wanted > 0 ? wanted : std::max(1, usable_cpus() / 4)); }

train::Conditions conditions(uint64_t seed, int64_t threads, int64_t micro_batch,
                             const data::Photographs& photographs) {
  // FNV-1a of the names: another file or order gives another permutation.
  uint64_t hash = 0xcbf29ce484222325;
  for (uint64_t i = 0; i < static_cast<uint64_t>(photographs.size()); ++i) {
    for (const char c : photographs.name(i) + '\n') hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return {seed,
          threads,
          micro_batch,
          blas_name(),
          kernels::simd_level(),
          torch_version(),
          fmt::format("{} ({:016x})", photographs.size(), hash)};
}

nlohmann::ordered_json machine_facts() {
  std::string cpu = "unknown", line;
  std::ifstream cpus("/proc/cpuinfo");
  while (std::getline(cpus, line)) {
    if (!line.starts_with("model name")) continue;
    cpu = line.substr(std::min(line.find(": ") + 2, line.size()));
    break;
  }
  utsname system{};
  ::uname(&system);
  return {{"program", version_line()},
          {"torch", torch_version()},
          {"blas", blas_name()},
          {"simd", kernels::simd_level()},
          {"cpu", cpu},
          {"cpus", usable_cpus()},
          {"memory_gb", std::round(static_cast<double>(memory_limit()) / 1e8) / 10},
          {"system", fmt::format("{} {} {}", system.sysname, system.release, system.machine)}};
}

std::string version_line() { return fmt::format("gtsa {}", GTSA_VERSION); }

std::string version_text() {
  return fmt::format("{}\nLibTorch {}\nBLAS {}\nSIMD {}\ndevices cpu ({} usable)\n", version_line(), torch_version(),
                     blas_name(), kernels::simd_level(), usable_cpus());
}

}  // namespace gtsa::app
