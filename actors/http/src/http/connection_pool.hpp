#pragma once

#include "http/socket_poll.hpp"
#include "http/transfer.hpp"

#include <cstddef>
#include <cstdint>
#include <curl/curl.h>
#include <memory>
#include <unordered_set>

namespace troupe::detail {

/// Some of a client's exchanges, with connections of their own: a multi handle
/// of libcurl's. One of those walks through all of its connections for each
/// exchange that begins, so that ten thousand in one cost three times as much
/// as the same in forty.
///
/// Thread safety: confined to one thread, that of its client.
class connection_pool {
 public:
  /// Of connections at most, in all and to one host.
  struct room {
    long all;
    long per_host;
  };

  /// Has its sockets watched by `poll`, under `tag`. `where` is what its
  /// exchanges have around them; both outlive it.
  connection_pool(socket_poll& poll, std::uint32_t tag,
                  const transfer::client_state& where, room most);
  connection_pool(const connection_pool&) = delete;
  connection_pool& operator=(const connection_pool&) = delete;
  ~connection_pool() = default;

  /// Errors: throws `errc::request_failed` if libcurl refuses it.
  void add(transfer& begun);
  /// There is room for what one was refused.
  void unpause(transfer& refused);
  /// Gives one up, wherever it stands.
  void remove(transfer& under_way);
  /// Returns the number of transfers in progress.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Something can be done with a socket.
  void act(curl_socket_t socket, socket_poll::interest what);
  /// Returns the time at which `go_on` has something to do.
  [[nodiscard]] time_point due() const noexcept;
  void go_on(time_point now);
  /// Calls `ended(transfer, result)` for each that has come to its end.
  template <class F>
  void take_ended(F ended) {
    int left = 0;
    while (const CURLMsg* told = curl_multi_info_read(multi_.get(), &left)) {
      if (told->msg != CURLMSG_DONE) continue;
      // The target of `told` is gone with the handle.
      const CURLcode result = told->data.result;
      auto& known = transfer::of(told->easy_handle);
      take_out(known);
      ended(known, result);
    }
  }

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self,
                       void* known) noexcept;
  static int on_timer(CURLM*, long wait_ms, void* self) noexcept;

  void act(curl_socket_t socket, int mask);
  bool brings_shared(std::size_t before) noexcept;
  void look_again();
  void take_out(const transfer& known);

  struct multi_deleter {
    void operator()(CURLM* gone) const noexcept { curl_multi_cleanup(gone); }
  };

  socket_poll& poll_;
  const std::uint32_t tag_;
  const transfer::client_state& where_;
  /// Of connections that exchanges share.
  std::unordered_set<curl_socket_t> shared_;
  bool must_look_again_ = false;
  /// The time at which libcurl wants to be called.
  time_point next_call_ = time_point::max();
  std::size_t size_ = 0;
  std::unique_ptr<CURLM, multi_deleter> multi_;
};

}  // namespace troupe::detail
