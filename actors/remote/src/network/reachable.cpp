#include "network/reachable.hpp"

#include <climits>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace troupe::remote {

namespace {

using addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

std::string text_of(int code) { return std::generic_category().message(code); }

class probe {
 public:
  explicit probe(const addrinfo& to)
      : socket_(::socket(to.ai_family,
                         SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                         to.ai_protocol)) {}
  probe(const probe&) = delete;
  probe& operator=(const probe&) = delete;
  ~probe() {
    if (socket_ >= 0) ::close(socket_);
  }

  /// 0, or the number of the error.
  [[nodiscard]] int reach(const addrinfo& to, time_point until) const {
    if (socket_ < 0) return errno;
    if (::connect(socket_, to.ai_addr, to.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (!has_answer(until)) return ETIMEDOUT;
    int code = 0;
    socklen_t size = sizeof code;
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &code, &size);
    return code;
  }

 private:
  [[nodiscard]] bool has_answer(time_point until) const {
    pollfd answer{socket_, POLLOUT, 0};
    int found = 0;
    do {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(
          until - clock::steady().now());
      const auto span = std::clamp<std::int64_t>(left.count(), 0, INT_MAX);
      found = ::poll(&answer, 1, static_cast<int>(span));
    } while (found < 0 && errno == EINTR);
    return found > 0;
  }

  const int socket_;
};

}  // namespace

std::optional<std::string> why_unreachable(const endpoint& to, duration limit) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const auto port = std::to_string(to.port);
  const int fault = getaddrinfo(to.host.c_str(), port.c_str(), &wanted, &list);
  if (fault == EAI_SYSTEM) return text_of(errno);
  if (fault != 0) return gai_strerror(fault);
  const addresses found{list, freeaddrinfo};
  const auto until = after(clock::steady().now(), limit);
  int code = 0;
  for (const auto* each = found.get(); each; each = each->ai_next) {
    code = probe{*each}.reach(*each, until);
    if (code == 0) return {};
  }
  return text_of(code);
}

}  // namespace troupe::remote
