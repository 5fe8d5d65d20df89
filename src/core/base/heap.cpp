#include "core/base/heap.h"

#include <stdlib.h>  // defines __GLIBC__ where there is one

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace gtsa {

void keep_freed_memory() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_MAX, 0);         // no block has a mapping of its own, which free() would undo
  ::mallopt(M_TRIM_THRESHOLD, -1);  // and the top of the heap is never given back
#endif
}

}  // namespace gtsa
