#include "owner/owner_socket.hpp"

#include "file/store_error.hpp"
#include "threads/start_thread.hpp"

#include <troupe/error.hpp>
#include <troupe/json_text.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace troupe::detail {

namespace {

constexpr std::size_t clients_max = 16;
constexpr std::size_t line_max = std::size_t{1} << 20;
constexpr duration line_time = std::chrono::seconds{10};

/// The address of a socket, by way of its directory where the path is too long
/// for one.
class socket_place {
 public:
  explicit socket_place(const std::string& path) {
    address_.sun_family = AF_UNIX;
    auto name = path;
    if (name.size() >= sizeof address_.sun_path) {
      const auto slash = path.rfind('/');
      directory_ = ::open(path.substr(0, slash + 1).c_str(),
                          O_PATH | O_DIRECTORY | O_CLOEXEC);
      name = "/proc/self/fd/" + std::to_string(directory_) + path.substr(slash);
    }
    fits_ = name.size() < sizeof address_.sun_path;
    if (fits_) std::memcpy(address_.sun_path, name.c_str(), name.size() + 1);
  }
  socket_place(const socket_place&) = delete;
  socket_place& operator=(const socket_place&) = delete;
  ~socket_place() {
    if (directory_ >= 0) ::close(directory_);
  }

  [[nodiscard]] bool fits() const noexcept { return fits_; }
  [[nodiscard]] const sockaddr* address() const noexcept {
    return reinterpret_cast<const sockaddr*>(&address_);
  }
  [[nodiscard]] socklen_t size() const noexcept { return sizeof address_; }

 private:
  sockaddr_un address_{};
  int directory_ = -1;
  bool fits_ = false;
};

std::string socket_path(const std::string& store) { return store + ".sock"; }

/// True for a client of this user, or of root.
bool is_of_this_user(int file) noexcept {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(file, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return false;
  }
  return peer.uid == ::geteuid() || peer.uid == 0;
}

int listen_at(const std::string& path) noexcept {
  const socket_place place{path};
  if (!place.fits()) return -1;
  const int file =
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return -1;
  ::unlink(path.c_str());
  // The file gets the mode of the socket, so that it has no other at any time.
  if (::fchmod(file, 0600) != 0 ||
      ::bind(file, place.address(), place.size()) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(file, 16) != 0) {
    ::close(file);
    return -1;
  }
  return file;
}

}  // namespace

int connect_to_owner(const std::string& store) noexcept {
  const socket_place place{socket_path(store)};
  if (!place.fits()) return -1;
  const int file =
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return -1;
  if (::connect(file, place.address(), place.size()) != 0) {
    ::close(file);
    return -1;
  }
  return file;
}

owner_socket::owner_socket(const std::string& store, handler answers)
    : path_(socket_path(store)),
      answers_(std::move(answers)),
      listening_(listen_at(path_)) {
  if (listening_ < 0 || ::pipe2(wakes_, O_CLOEXEC | O_NONBLOCK) != 0) {
    const std::string why = std::strerror(errno);
    if (listening_ >= 0) ::close(listening_);
    throw store_error(store, "cannot listen at '" + path_ + "': " + why +
                                 "; name a file with a shorter name, in a "
                                 "directory that can be written");
  }
  try {
    thread_ = start_thread("the socket of a store", [this] { serve(); });
  } catch (...) {
    for (const int file : {listening_, wakes_[0], wakes_[1]}) ::close(file);
    throw;
  }
}

owner_socket::~owner_socket() {
  ::unlink(path_.c_str());
  ::close(wakes_[1]);
  thread_.join();
  for (const auto& each : clients_) ::close(each.file);
  ::close(listening_);
  ::close(wakes_[0]);
}

void owner_socket::serve() noexcept {
  for (;;) {
    std::vector<pollfd> polled{{wakes_[0], POLLIN, 0}};
    const bool has_room = clients_.size() < clients_max;
    polled.push_back(
        {listening_, static_cast<short>(has_room ? POLLIN : 0), 0});
    auto due = time_point::max();
    for (const auto& each : clients_) {
      due = std::min(due, each.due);
      const bool sends = !each.to_send.empty();
      polled.push_back(
          {each.file, static_cast<short>(sends ? POLLOUT : POLLIN), 0});
    }
    int wait = -1;
    if (due != time_point::max()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          due - clock::steady().now());
      wait = static_cast<int>(std::max<std::int64_t>(left.count(), 0)) + 1;
    }
    if (::poll(polled.data(), polled.size(), wait) < 0 && errno != EINTR) {
      return;
    }
    if (polled[0].revents != 0) return;
    auto result = polled.begin() + 2;
    const auto now = clock::steady().now();
    for (auto& each : clients_) {
      const auto events = (result++)->revents;
      if (events == 0) {
        each.is_done = now >= each.due;
      } else if (!each.to_send.empty()) {
        send(each);
      } else {
        receive(each);
      }
    }
    clients_.remove_if([](const client& each) {
      if (each.is_done) ::close(each.file);
      return each.is_done;
    });
    if ((polled[1].revents & POLLIN) != 0) accept_client();
  }
}

void owner_socket::accept_client() {
  const int file =
      ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (file < 0) return;
  if (!is_of_this_user(file)) {
    ::close(file);
    return;
  }
  client& who = clients_.emplace_back();
  who.file = file;
  who.due = after(clock::steady().now(), line_time);
}

void owner_socket::receive(client& from) {
  std::array<char, 16'384> bytes{};
  const auto size = ::recv(from.file, bytes.data(), bytes.size(), 0);
  if (size <= 0) {
    from.is_done = size == 0 || (errno != EAGAIN && errno != EINTR);
    return;
  }
  from.received.append(bytes.data(), static_cast<std::size_t>(size));
  if (from.received.find('\n') != std::string::npos) {
    answer(from);
  } else if (from.received.size() > line_max) {
    from.is_done = true;
  }
}

void owner_socket::answer(client& who) {
  const auto end = who.received.find('\n');
  json given;
  try {
    json_bounds limits;
    limits.bytes = line_max;
    const auto asked =
        read_json(std::string_view{who.received}.substr(0, end), limits);
    given = asked.is_object() ? answers_(asked)
                              : json{{"error", "a request is an object"}};
  } catch (const error& why) {
    given = json{{"error", why.message()}, {"code", to_string(why.code())}};
  } catch (const std::exception& why) {
    given = json{{"error", why.what()}};
  }
  who.received.erase(0, end + 1);
  try {
    who.to_send = write_json(given, bad_text::replaced) + '\n';
  } catch (const error& why) {
    who.to_send =
        write_json(json{{"error", why.message()}}, bad_text::replaced) + '\n';
  }
  who.due = after(clock::steady().now(), line_time);
  send(who);
}

void owner_socket::send(client& to) {
  const auto size = ::send(to.file, to.to_send.data(), to.to_send.size(),
                           MSG_NOSIGNAL | MSG_DONTWAIT);
  if (size < 0) {
    to.is_done = errno != EAGAIN && errno != EINTR;
    return;
  }
  to.to_send.erase(0, static_cast<std::size_t>(size));
  if (!to.to_send.empty()) return;
  to.due = after(clock::steady().now(), line_time);
  if (to.received.find('\n') != std::string::npos) answer(to);
}

}  // namespace troupe::detail
