#pragma once

#include "socket_poll.hpp"
#include "transfer.hpp"

#include <cstddef>
#include <curl/curl.h>
#include <memory>
#include <unordered_map>
#include <unordered_set>

namespace troupe::llm::detail {

/// All exchanges of one client, on libcurl's multi interface.
///
/// Thread safety: `wake` may be called from anywhere, all else belongs to one
/// thread.
class transfers {
 public:
  explicit transfers(const http_options& options);
  transfers(const transfers&) = delete;
  transfers& operator=(const transfers&) = delete;
  /// Answers whoever waits with `errc::shut_down`.
  ~transfers();

  /// Begins one that is new, or goes on with one whose waiter waits again.
  void order(const exchange_ptr& about);
  /// Drops one, wherever it stands.
  void drop(const exchange& about);

  /// Waits until something can go on, and lets it.
  void run();
  void wake() noexcept { poll_.wake(); }

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self,
                       void* known) noexcept;
  static int on_timer(CURLM*, long wait_ms, void* self) noexcept;

  void begin(const exchange_ptr& about);
  void give_up(const transfer& under_way);
  void act(curl_socket_t socket, int mask);
  void look_again();
  [[nodiscard]] bool must_look_again() const noexcept;
  void take_ended();
  void fire_limits();
  void drop_if_over(const transfer& ended);
  [[nodiscard]] std::chrono::milliseconds until_next() const;

  struct multi_deleter {
    void operator()(CURLM* gone) const noexcept { curl_multi_cleanup(gone); }
  };

  std::size_t exchanges_max_;
  transfer::surroundings surroundings_;
  socket_poll poll_;
  /// Of the connections that exchanges share.
  std::unordered_set<curl_socket_t> shared_;
  /// The `shared_arrivals` at the last look at them.
  std::size_t looked_at_ = 0;
  std::unique_ptr<CURLM, multi_deleter> multi_;
  /// When libcurl wants to be called.
  time_point next_call_ = time_point::max();
  std::unordered_map<const exchange*, std::unique_ptr<transfer>> all_;
};

}  // namespace troupe::llm::detail
