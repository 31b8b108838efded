#pragma once

#include <troupe/blocking.hpp>
#include <troupe/sleep.hpp>
#include <troupe/task.hpp>

#include <chrono>

namespace troupe_test {

/// The source of a test's time: a simulation, or none, as on real threads no
/// test waits for time.
enum class waits { virtual_time, real_threads };

/// Suspends for a millisecond of virtual time, or until a call on another
/// thread has come and gone.
inline troupe::task<> let_others_run(waits how) {
  if (how == waits::virtual_time) {
    co_await troupe::sleep_for(std::chrono::milliseconds{1});
  } else {
    const auto nothing = [] {};
    co_await troupe::blocking(nothing);
  }
}

}  // namespace troupe_test
