#pragma once

#include <arpa/inet.h>
#include <chrono>
#include <cstdint>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace troupe_test {

/// A connection to a port of this machine, by somebody who may say anything.
class raw_socket {
 public:
  explicit raw_socket(std::uint16_t port)
      : handle_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (handle_ < 0 || connect(handle_, reinterpret_cast<const sockaddr*>(&to),
                               sizeof(to)) != 0) {
      close();
      throw std::runtime_error{"cannot connect"};
    }
  }
  raw_socket(raw_socket&& other) noexcept
      : handle_(std::exchange(other.handle_, -1)) {}
  raw_socket& operator=(raw_socket&&) = delete;
  ~raw_socket() { close(); }

  [[nodiscard]] int handle() const noexcept { return handle_; }
  /// As much as the other end takes at once; it may have closed by then.
  void say(std::string_view text) const {
    static_cast<void>(
        send(handle_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }
  /// Returns whether the other end closes within `limit`, whatever it says
  /// before.
  [[nodiscard]] bool is_closed_within(std::chrono::milliseconds limit) const {
    char passed_over[4096];
    pollfd waiting{handle_, POLLIN, 0};
    while (poll(&waiting, 1, static_cast<int>(limit.count())) > 0) {
      if (recv(handle_, passed_over, sizeof(passed_over), 0) <= 0) return true;
    }
    return false;
  }

 private:
  void close() {
    if (handle_ >= 0) ::close(handle_);
    handle_ = -1;
  }

  int handle_;
};

/// A port of this machine where nobody takes connections: the kernel keeps one,
/// and leaves the others unanswered.
class silent_port {
 public:
  silent_port() : handle_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    auto* address = reinterpret_cast<sockaddr*>(&at);
    if (handle_ < 0 || bind(handle_, address, size) != 0 ||
        listen(handle_, 0) != 0 || getsockname(handle_, address, &size) != 0) {
      if (handle_ >= 0) close(handle_);
      throw std::runtime_error{"cannot listen"};
    }
    port_ = ntohs(at.sin_port);
    kept_.emplace(port_);
  }
  silent_port(const silent_port&) = delete;
  silent_port& operator=(const silent_port&) = delete;
  ~silent_port() { close(handle_); }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  int handle_;
  std::uint16_t port_ = 0;
  std::optional<raw_socket> kept_;
};

/// Lets the process have as many connections as it may.
inline void allow_many_sockets() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace troupe_test
