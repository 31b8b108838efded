#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <string_view>
#include <thread>
#include <utility>

namespace troupe::detail {

/// The threads of this library that run now, in the whole process.
inline std::atomic<std::size_t> threads_running{0};

/// Throws `errc::overloaded`: a thread for `purpose` could not be started, for
/// the reason that the exception in flight gives, or passes on one that says
/// so already.
[[noreturn]] void throw_no_thread(std::string_view purpose);

/// Starts a thread for `purpose`, a noun phrase.
/// Errors: throws as `throw_no_thread` says.
template <class F>
[[nodiscard]] std::thread start_thread(std::string_view purpose, F body) {
  struct counted {
    counted() { threads_running.fetch_add(1); }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { threads_running.fetch_sub(1); }
  };
  try {
    return std::thread{[work = std::move(body)]() mutable {
      const counted while_it_runs;
      work();
    }};
  } catch (...) {
    throw_no_thread(purpose);
  }
}

}  // namespace troupe::detail
