#pragma once

#include <troupe/clock.hpp>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace troupe::detail {

/// Waits until `changed` is notified or `due` has come; the end of time means
/// that there is no limit. May return without either.
inline void wait_at_most(std::unique_lock<std::mutex>& lock,
                         std::condition_variable& changed, time_point due) {
  if (due == time_point::max()) {
    changed.wait(lock);
  } else {
    changed.wait_until(lock, due);
  }
}

/// Waits until `holds()`, for `limit` at most, however long that is; nothing
/// is waited for where it is not more than zero. Returns what `holds()` does
/// in the end.
template <class Predicate>
bool wait_at_most(std::unique_lock<std::mutex>& lock,
                  std::condition_variable& changed, duration limit,
                  Predicate&& holds) {
  const time_point due = after(clock::steady().now(), limit);
  while (!holds()) {
    if (clock::steady().now() >= due) return false;
    wait_at_most(lock, changed, due);
  }
  return true;
}

}  // namespace troupe::detail
