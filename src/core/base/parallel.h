#pragma once
// Arithmetic on many elements, on the one team of threads that LibTorch uses too (OpenMP underneath).

#include <cstdint>
#include <functional>

namespace gtsa {

/// Calls body(begin, end) on disjoint half-open ranges that cover [0, n), each at least `grain` long but for the last.
/// Ranges depend on n, grain and the number of threads alone. An exception of the body reaches the caller (the first
/// one). Never call it from a loader's worker: a thread that enters OpenMP gets a team of its own.
void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t)>& body);

/// Threads of the team from now on.
void set_threads(int threads);
int threads();
/// CPUs this process may run on (affinity and cgroup quota respected), at least 1.
int usable_cpus();

}  // namespace gtsa
