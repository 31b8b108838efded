#pragma once

#include <troupe/llm/circuit_breaker.hpp>
#include <troupe/llm/client.hpp>
#include <troupe/llm/recording.hpp>

#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace troupe::llm::detail {

/// What the copies of a client share.
///
/// Thread safety: internally synchronised.
class client_core {
 public:
  /// Errors: throws `errc::bad_flow` for options that make no sense.
  client_core(std::optional<http_client> web, client_options options);

  /// @pre it does not replay
  [[nodiscard]] const http_client& web() const noexcept { return *web_; }
  [[nodiscard]] const client_options& options() const noexcept {
    return options_;
  }
  [[nodiscard]] const endpoint& at() const noexcept { return at_; }
  [[nodiscard]] const chat_format& format() const noexcept { return format_; }

  [[nodiscard]] bool records() const noexcept {
    return !options_.record_to.empty();
  }
  [[nodiscard]] bool replays() const noexcept {
    return !options_.replay_from.empty();
  }
  /// Errors: throws a permanent `errc::bad_value` where it cannot be written.
  void record(const http_request& request, const recorded_reply& reply);
  [[nodiscard]] recorded_reply replayed(const http_request& request);

  /// Errors: throws while the circuit of the breaker is open.
  void look_at_breaker();
  /// The same for a call that is made now, and must be told of.
  void ask_breaker();
  void on_success() noexcept;
  /// A call has failed with `why`.
  void on_failure(const error& why);
  /// A call was given up.
  void on_nothing() noexcept;

 private:
  const std::optional<http_client> web_;
  const client_options options_;
  const endpoint at_;
  const chat_format& format_;

  std::mutex mutex_;
  std::optional<circuit_breaker> breaker_;
  recording replayed_;
  std::ofstream record_;
};

/// A call that has passed the limits of its client, up to its end.
class admission {
 public:
  explicit admission(std::shared_ptr<client_core> core) noexcept
      : core_(std::move(core)) {}
  admission(admission&& from) noexcept = default;
  admission& operator=(admission&&) = delete;
  ~admission() {
    if (core_) core_->on_nothing();
  }

  /// Waits for a seat and for `tokens`.
  [[nodiscard]] static task<admission> wait_for(
      std::shared_ptr<client_core> core, double tokens);

  /// It went well, and used so much.
  void succeed(const usage& used);
  /// It failed with the exception in flight. The result is what to throw.
  [[nodiscard]] error fail();

 private:
  std::shared_ptr<client_core> core_;
  permit seat_;
  std::optional<rate_pass> pass_;
};

/// The response, if its status says that it went well.
/// Errors: throws what `error_of_reply` makes of it.
[[nodiscard]] http_response checked(const client_core& core,
                                    http_response reply);

}  // namespace troupe::llm::detail
