#pragma once

#include <chrono>
#include <thread>

namespace troupe_test {

/// Waits for what other threads or processes bring about. False if it does not
/// come.
template <class F>
bool soon(F holds) {
  constexpr std::chrono::seconds patience{30};
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace troupe_test
