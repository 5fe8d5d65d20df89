#include "core/kernels/simd.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>

#include "core/base/error.h"
#include "core/kernels/targets.h"
// After targets.h, which says what is compiled.
#include <hwy/highway.h>

namespace gtsa::kernels {
namespace {

constexpr std::string_view kScalar = "scalar";
constexpr std::string_view kVnni = "avx3_vnni";

std::atomic<bool> use_scalar = false;
std::atomic<bool> use_vnni = false;

std::string name_of(int64_t target) {
  std::string name = hwy::TargetName(target);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

/// Targets compiled in that the processor has, best first (Highway gives better targets lower bits).
const std::vector<int64_t>& usable_targets() {
  static const std::vector<int64_t> targets = [] {
    auto all = hwy::SupportedAndGeneratedTargets();
    std::erase_if(all, [](int64_t t) { return t == HWY_SCALAR || t == HWY_EMU128; });  // they run the plain reference
    return all;
  }();
  return targets;
}

/// Highway 1.0 knows VNNI only together with features that some processors with VNNI lack.
bool has_vnni() {
#if defined(__x86_64__)
  return !usable_targets().empty() && usable_targets().front() == HWY_AVX3 && __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

void apply(std::string_view level) {
  use_vnni = has_vnni() && (level.empty() || level == kVnni);
  if (level == kScalar || usable_targets().empty()) {
    use_scalar = true;
    return;
  }
  int64_t allowed = 0;
  for (const int64_t target : usable_targets()) {
    if (level.empty() || use_vnni || name_of(target) == level || allowed != 0) allowed |= target;
  }
  if (allowed == 0) {
    throw UsageError("SIMD level \"{}\" is none of those that this processor and build have: {}", level,
                     fmt::join(simd_levels(), ", "));
  }
  hwy::SetSupportedTargetsForTest(allowed);
  use_scalar = false;
}

std::string level_of_environment() {
  const char* level = std::getenv("GTSA_SIMD");
  return level == nullptr ? "" : level;
}

void read_environment_once() {
  static const bool done = (apply(level_of_environment()), true);
  static_cast<void>(done);
}

}  // namespace

std::vector<std::string> simd_levels() {
  std::vector<std::string> levels{std::string(kScalar)};
  const auto& targets = usable_targets();
  std::transform(targets.rbegin(), targets.rend(), std::back_inserter(levels), name_of);
  if (has_vnni()) levels.emplace_back(kVnni);
  return levels;
}

std::string simd_level() {
  if (scalar_forced()) return std::string(kScalar);
  return vnni_allowed() ? std::string(kVnni) : name_of(hwy::SupportedAndGeneratedTargets().front());
}

void force_simd_level(std::string_view level) {
  read_environment_once();
  apply(level.empty() ? level_of_environment() : level);
}

bool vnni_allowed() {
  read_environment_once();
  return use_vnni.load(std::memory_order_relaxed);
}

bool scalar_forced() {
  read_environment_once();
  return use_scalar.load(std::memory_order_relaxed);
}

}  // namespace gtsa::kernels
