#include "http/socket_poll.hpp"

#include <troupe/error.hpp>

#include <climits>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace troupe::detail {

namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

epoll_event event_for(int socket, socket_poll::interest what,
                      std::uint32_t tag) {
  epoll_event event{};
  event.events = (what.read ? std::uint32_t{EPOLLIN} : 0U) |
                 (what.write ? std::uint32_t{EPOLLOUT} : 0U);
  event.data.u64 =
      std::uint64_t{tag} << 32U | static_cast<std::uint32_t>(socket);
  return event;
}

}  // namespace

socket_poll::socket_poll()
    : poll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  auto event = event_for(wake_, {.read = true}, 0);
  if (poll_ >= 0 && wake_ >= 0 &&
      epoll_ctl(poll_, EPOLL_CTL_ADD, wake_, &event) == 0) {
    return;
  }
  const int why = errno;
  if (poll_ >= 0) close(poll_);
  if (wake_ >= 0) close(wake_);
  throw error{errc::overloaded,
              std::string{"cannot wait for sockets: "} + strerrordesc_np(why)};
}

socket_poll::~socket_poll() {
  close(wake_);
  close(poll_);
}

void socket_poll::watch(int socket, interest what, bool is_new,
                        std::uint32_t tag) {
  auto event = event_for(socket, what, tag);
  const int how = is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(poll_, how, socket, &event) != 0) {
    fail("cannot wait for a socket");
  }
}

// One that was closed before is forgotten already.
void socket_poll::forget(int socket) {
  epoll_ctl(poll_, EPOLL_CTL_DEL, socket, nullptr);
}

void socket_poll::wake() noexcept {
  if (state_.exchange(awareness::woken) != awareness::waiting) return;
  const std::uint64_t one = 1;
  // Full means that it is awake.
  [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
}

std::size_t socket_poll::wait_for_some(std::chrono::milliseconds limit) {
  std::array<epoll_event, found_max> events;
  auto span = std::clamp<std::int64_t>(limit.count(), 0, INT_MAX);
  auto expected = awareness::busy;
  if (!state_.compare_exchange_strong(expected, awareness::waiting)) span = 0;
  const int count =
      epoll_wait(poll_, events.data(), found_max, static_cast<int>(span));
  // From here on, everything done before a `wake` is seen.
  state_.exchange(awareness::busy);
  if (count < 0) {
    if (errno == EINTR) return 0;
    fail("cannot wait for sockets");
  }
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    // A broken connection is told by reading from it.
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    const auto socket = static_cast<int>(event.data.u64 & 0xFFFF'FFFFU);
    found_[i] = {socket,
                 {(event.events & EPOLLIN) != 0 || broken,
                  (event.events & EPOLLOUT) != 0 || broken},
                 static_cast<std::uint32_t>(event.data.u64 >> 32U)};
    if (socket == wake_) {
      std::uint64_t wakes = 0;
      [[maybe_unused]] const auto got = read(wake_, &wakes, sizeof wakes);
    }
  }
  return static_cast<std::size_t>(count);
}

}  // namespace troupe::detail
