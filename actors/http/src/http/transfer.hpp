#pragma once

#include "http/curl_request.hpp"
#include "http/exchange.hpp"

#include <troupe/clock.hpp>
#include <troupe/detail/timing/timer_wheel.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// An exchange under way: passes on what libcurl brings.
///
/// Thread safety: confined to one thread, that of its client.
class transfer {
 public:
  using limit_timers = timer_wheel<transfer*>;
  /// The data that all transfers of one client share. Outlives them.
  struct client_state {
    std::string ca_file;
    std::size_t unread_max;
    limit_timers timers;
    /// The number of parts that came by a connection that exchanges share.
    std::size_t shared_arrivals = 0;
    /// Exchanges to which something came that their waiters do not know yet.
    std::vector<exchange_ptr> news{};
    /// Handles of transfers that ended, for the next ones; no more than it has
    /// capacity for.
    std::vector<curl_easy> idle{};
  };

  /// Errors: throws `errc::bad_value`, as `check` does.
  transfer(exchange_ptr about, client_state& where);
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;
  ~transfer();

  /// The one that `easy` belongs to.
  [[nodiscard]] static transfer& of(CURL* easy);
  [[nodiscard]] const exchange& about() const noexcept { return *about_; }
  [[nodiscard]] CURL* easy() const noexcept { return easy_.get(); }
  /// Returns whether others use its connection at the same time.
  [[nodiscard]] bool is_shared() const noexcept { return is_shared_; }
  /// Its timer has fired. Ends it if one of its limits has passed.
  void on_timer();
  /// It came to its end, as libcurl says.
  void end(CURLcode result);
  /// It ends without a word from libcurl.
  void end(error why);
  /// There is room for what was refused.
  void go_on();
  /// Nobody wants the rest. To be called before libcurl is told to stop.
  void give_up();
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

 private:
  enum class phase { connecting, sent, receiving };

  static std::size_t on_head(char* line, std::size_t one, std::size_t size,
                             void* self) noexcept;
  static std::size_t on_body(char* bytes, std::size_t one, std::size_t size,
                             void* self) noexcept;
  static curl_socket_t on_open(void* self, curlsocktype purpose,
                               curl_sockaddr* where) noexcept;
  static int on_connected(void* self, char*, char*, int, int) noexcept;

  void enter(phase next);
  [[nodiscard]] std::optional<error> explained(CURLcode result) const;
  void arm();
  [[nodiscard]] time_point due() const noexcept;
  void take_head_line(std::string_view line);
  bool take_body(std::string_view bytes);
  void note_news();

  exchange_ptr about_;
  client_state& where_;
  timer_id timer_;
  curl_easy easy_;
  curl_headers headers_;
  std::array<char, CURL_ERROR_SIZE> text_{};

  phase at_ = phase::connecting;
  time_point began_;
  /// The time at which the phase began, or the last part came.
  time_point last_;
  http_response head_;
  std::size_t head_size_ = 0;
  /// The reason for which there is no socket.
  int socket_fault_ = 0;
  std::size_t received_ = 0;
  bool is_shared_ = false;
  bool is_paused_ = false;
  bool has_ended_ = false;
  std::optional<error> failure_;
};

}  // namespace troupe::detail
