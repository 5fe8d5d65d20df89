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

std::atomic<bool> use_scalar = false;

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

void apply(std::string_view level) {
  if (level == kScalar || usable_targets().empty()) {
    use_scalar = true;
    return;
  }
  int64_t allowed = 0;
  for (const int64_t target : usable_targets()) {
    if (level.empty() || name_of(target) == level || allowed != 0) allowed |= target;
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
  return levels;
}

std::string simd_level() {
  if (scalar_forced()) return std::string(kScalar);
  return name_of(hwy::SupportedAndGeneratedTargets().front());
}

void force_simd_level(std::string_view level) {
  read_environment_once();
  apply(level.empty() ? level_of_environment() : level);
}

bool scalar_forced() {
  read_environment_once();
  return use_scalar.load(std::memory_order_relaxed);
}

}  // namespace gtsa::kernels
