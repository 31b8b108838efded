#include "file/owner_file.hpp"
#include "file/store_place.hpp"
#include "owner/owner_socket.hpp"

#include <troupe/error.hpp>
#include <troupe/json_text.hpp>
#include <troupe/store/store_file.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

namespace {

constexpr std::size_t answer_max = std::size_t{64} << 20;

/// A connection to an owner, with a time at which it is given up.
class owner_call {
 public:
  owner_call(const std::string& store, duration limit)
      : store_(store),
        due_(after(clock::steady().now(), limit)),
        file_(detail::connect_to_owner(store)) {
    if (file_ >= 0) return;
    const auto owner = detail::find_owner(store);
    throw error{errc::request_failed,
                owner ? "the owner of the store '" + store + "', process " +
                            std::to_string(owner->process) +
                            ", does not answer; wait, or end it"
                      : "no process owns the store '" + store + "'"};
  }
  owner_call(const owner_call&) = delete;
  owner_call& operator=(const owner_call&) = delete;
  ~owner_call() {
    if (file_ >= 0) ::close(file_);
  }

  void send(std::string line) {
    while (!line.empty()) {
      wait(POLLOUT);
      const auto size = ::send(file_, line.data(), line.size(), MSG_NOSIGNAL);
      if (size < 0 && errno != EAGAIN && errno != EINTR) break_off();
      line.erase(0, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }
  }

  std::string receive() {
    std::string line;
    std::array<char, 16'384> bytes{};
    for (;;) {
      wait(POLLIN);
      const auto size = ::recv(file_, bytes.data(), bytes.size(), 0);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (size <= 0) break_off();
      line.append(bytes.data(), static_cast<std::size_t>(size));
      if (line.back() == '\n') return line;
      if (line.size() > answer_max) break_off();
    }
  }

 private:
  void wait(short events) const {
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          due_ - clock::steady().now());
      if (left.count() <= 0) {
        throw error{errc::timed_out, "the owner of the store '" + store_ +
                                         "' did not answer in time; ask again"};
      }
      pollfd polled{file_, events, 0};
      constexpr std::int64_t most = 60'000;
      const auto wait_ms =
          static_cast<int>(std::min<std::int64_t>(left.count(), most));
      if (::poll(&polled, 1, wait_ms) > 0) return;
    }
  }

  [[noreturn]] void break_off() const {
    throw error{errc::request_failed,
                "the owner of the store '" + store_ +
                    "' ended the connection without an answer; ask again"};
  }

  std::string store_;
  time_point due_;
  int file_;
};

}  // namespace

json ask_owner(const std::filesystem::path& file, const json& request,
               duration limit) {
  owner_call call{detail::store_path(file), limit};
  call.send(write_json(request) + '\n');
  return read_json(call.receive());
}

}  // namespace troupe
