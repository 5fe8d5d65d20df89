#pragma once
// What the program runs on: versions, BLAS, SIMD level, memory.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/data/photographs.h"
#include "learn/train/train_state.h"

namespace gtsa::app {

/// "OpenBLAS 0.3.21 OpenMP, oneDNN 2.6.3": the BLAS that LibTorch's products really call, and what ours call too.
std::string blas_name();
std::string torch_version();
/// Bytes of memory that this process may have at most: the machine's, or the cgroup's limit.
uint64_t memory_limit();
/// Most memory that this process has held so far, in MiB.
double peak_memory_mb();
/// Rate of float32 products of 1024 x 1024 matrices in FLOP/s; measured for about a fifth of a second.
double measured_flops();

/// Sets the threads of ATen, OpenMP and our kernels (0 = usable CPUs) and keeps freed memory for the next step. Returns
/// the threads in force.
int64_t prepare_arithmetic(int64_t wanted);

/// Threads that read pictures: as many as asked for, or for 0 a quarter of the CPUs.
int workers_of(int64_t wanted);

/// What this machine and these photographs make of a run's arithmetic.
train::Conditions conditions(uint64_t seed, int64_t threads, int64_t micro_batch, const data::Photographs& photographs);

/// For the record of a run: {"program", "torch", "blas", "simd", "cpu", "cpus", "memory_gb", "system"}.
nlohmann::ordered_json machine_facts();

/// What `gtsa --version` prints.
std::string version_text();
/// The first line of it.
std::string version_line();

}  // namespace gtsa::app
