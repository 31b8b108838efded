#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe::detail {

/// Waits for many sockets at a cost that those at rest have no part in: Linux's
/// epoll.
///
/// Thread safety: confined to one thread, except `wake`, which any thread may
/// call.
class socket_poll {
 public:
  /// Errors: throws `errc::overloaded` when the process may open no more files.
  socket_poll();
  socket_poll(const socket_poll&) = delete;
  socket_poll& operator=(const socket_poll&) = delete;
  ~socket_poll();

  struct interest {
    bool read = false;
    bool write = false;
  };

  /// Replaces what is waited for at a socket. `is_new` if nothing was. `tag`
  /// is for who watches.
  void watch(int socket, interest what, bool is_new, std::uint32_t tag = 0);
  void forget(int socket);

  /// Waits for sockets, `wake`, or the end of `limit`, and calls
  /// `ready(socket, interest, tag)` for some that are.
  template <class F>
  void wait(std::chrono::milliseconds limit, F ready) {
    const std::size_t count = wait_for_some(limit);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& [socket, what, tag] = found_[i];
      if (socket != wake_) ready(socket, what, tag);
    }
  }
  /// Ends the wait that runs, or the next one.
  void wake() noexcept;

 private:
  struct found {
    int socket;
    interest what;
    std::uint32_t tag;
  };
  static constexpr std::size_t found_max = 256;
  /// `woken`: by `wake`, since the last wait ended.
  enum class awareness : unsigned char { busy, waiting, woken };

  std::size_t wait_for_some(std::chrono::milliseconds limit);

  int poll_;
  int wake_;
  /// Saves a write and a read of `wake_` for each `wake` while the thread does
  /// something else than wait.
  std::atomic<awareness> state_{awareness::busy};
  found found_[found_max];
};

}  // namespace troupe::detail
