#pragma once
#include <functional>

namespace gtsa {

/// Seconds on a clock that only goes forward. A value, so that tests can bring their own.
using Clock = std::function<double()>;

/// The machine's monotonic clock.
Clock steady_clock();

}  // namespace gtsa
