#pragma once

#include "model/record_file.hpp"

#include <troupe/http/detail/redaction.hpp>
#include <troupe/llm/circuit_breaker.hpp>
#include <troupe/llm/client.hpp>
#include <troupe/llm/recording.hpp>

#include <cassert>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace troupe::llm::detail {

/// The evidence that a failed call gives of its server, as far as its error
/// does not.
enum class server_is : std::uint8_t {
  /// The state that the error means.
  as_told,
  /// It answered, though not to the end.
  answering,
};

/// The shared state of the copies of a client.
///
/// Thread safety: internally synchronised.
class client_core {
 public:
  /// Errors: throws `errc::bad_flow` for invalid options.
  client_core(std::optional<http_client> web, client_options options);

  /// @pre it does not replay
  [[nodiscard]] const http_client& web() const noexcept {
    assert(web_.has_value());
    return *web_;
  }
  [[nodiscard]] const client_options& options() const noexcept {
    return options_;
  }
  [[nodiscard]] const endpoint& at() const noexcept { return at_; }
  [[nodiscard]] const chat_format& format() const noexcept { return format_; }
  /// The secrets, which no error and no recording may show.
  [[nodiscard]] const troupe::detail::secrets& hidden() const noexcept {
    return hidden_;
  }

  /// A request with what the options add to it.
  [[nodiscard]] http_request completed(http_request request) const;

  [[nodiscard]] bool records() const noexcept {
    return !options_.record_to.empty();
  }
  [[nodiscard]] bool replays() const noexcept {
    return !options_.replay_from.empty();
  }
  /// Errors: throws a permanent `errc::bad_value` where it cannot be written.
  void record(http_request request, recorded_reply reply);
  [[nodiscard]] recorded_reply replayed(http_request request);

  /// Errors: throws while the circuit of the breaker is open.
  void look_at_breaker();
  /// The same for a call that is made now, and must be told of.
  void ask_breaker();
  void on_success() noexcept;
  /// A call has failed with `why`.
  void on_failure(const error& why, server_is server);
  /// A call was given up.
  void on_nothing() noexcept;

 private:
  const std::optional<http_client> web_;
  const client_options options_;
  const endpoint at_;
  const chat_format& format_;
  const troupe::detail::secrets hidden_;

  std::mutex mutex_;
  std::optional<circuit_breaker> breaker_;
  recording replayed_;
  record_file record_;
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
  /// Errors name what is `asked`.
  [[nodiscard]] static task<admission> wait_for(
      std::shared_ptr<client_core> core, double tokens, std::string asked);

  /// It went well, and used so much. Of what a server claims, the rate is told
  /// what is likely: at most 16 times what was expected, and a few thousand
  /// tokens more.
  void succeed(const usage& used);
  /// It failed with the exception in flight. The result is what to throw.
  [[nodiscard]] error fail(server_is server = server_is::as_told);

 private:
  std::shared_ptr<client_core> core_;
  permit seat_;
  std::optional<rate_pass> pass_;
  double tokens_ = 0;
  std::string asked_;
};

/// The response, if its status says that it went well.
/// Errors: throws what `error_of_reply` makes of it, and of `asked`.
[[nodiscard]] http_response checked(const client_core& core,
                                    http_response reply,
                                    std::string_view asked);

}  // namespace troupe::llm::detail
