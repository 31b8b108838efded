#pragma once

#include <chrono>
#include <new>
#include <thread>

namespace troupe::detail {

/// Does `work`, again and again, a millisecond apart, while there is no memory
/// for it. For what others wait for and nobody could be told the failure of;
/// what stops a run is made beforehand instead.
template <class F>
void insist(F work) noexcept {
  for (;;) {
    try {
      work();
      return;
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }
}

}  // namespace troupe::detail
