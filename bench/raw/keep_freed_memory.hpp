#pragma once

#include <malloc.h>

namespace troupe::bench {

/// Has the process keep what it frees, as programs that place large inputs
/// should: glibc otherwise gives the end of each thread's heap back to the
/// kernel whenever 128 KB of it are free, and each message takes its pages
/// anew. Setting one of the two ends glibc's own adjustment of both.
inline void keep_freed_memory() {
#ifdef M_TRIM_THRESHOLD
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
#endif
}

}  // namespace troupe::bench
