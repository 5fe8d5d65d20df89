#pragma once
// How the process's allocator treats memory that is freed.

namespace gtsa {

/// From now on freed memory stays with the process: the next training step takes the same pages again, instead of
/// having the system map and clear gigabytes of them anew (a tenth of the reference network's step). Call it once,
/// before training. Does nothing where the C library is not glibc.
void keep_freed_memory();

}  // namespace gtsa
