#pragma once

#include <troupe/clock.hpp>
#include <troupe/json.hpp>

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace troupe::detail {

/// The socket beside a store, by which other processes of its user ask its
/// owner. A request and its answer are objects, in a line each. Bounds: 16
/// clients, a line of 1 MB, 10 seconds to send or to take one.
///
/// Thread safety: internally synchronised.
class owner_socket {
 public:
  using handler = std::function<json(const json&)>;

  /// Serves on a thread of its own. What a handler throws is the answer.
  /// Errors: throws `errc::store_failed`.
  owner_socket(const std::string& store, handler answers);
  owner_socket(const owner_socket&) = delete;
  owner_socket& operator=(const owner_socket&) = delete;
  ~owner_socket();

 private:
  struct client {
    int file = -1;
    std::string received{};
    std::string to_send{};
    time_point due{};
    bool is_done = false;
  };

  void serve() noexcept;
  void accept_client();
  void receive(client& from);
  void send(client& to);
  void answer(client& who);

  std::string path_;
  handler answers_;
  int listening_ = -1;
  int wakes_[2] = {-1, -1};
  std::list<client> clients_;
  std::thread thread_;
};

/// A connection to the socket of the owner; -1 if there is none.
[[nodiscard]] int connect_to_owner(const std::string& store) noexcept;

}  // namespace troupe::detail
