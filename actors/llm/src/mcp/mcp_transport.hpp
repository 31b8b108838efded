#pragma once

#include <troupe/error.hpp>
#include <troupe/json.hpp>
#include <troupe/llm/mcp_client.hpp>
#include <troupe/llm/mcp_protocol.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace troupe::detail {
class system_core;
}

namespace troupe::llm::detail {

/// Called with the method of each notification of a server, on any thread.
using mcp_hearing = std::function<void(const std::string&)>;

/// The state of a server since it was greeted.
struct mcp_session {
  mcp::agreement under;
  /// Tells it from those before it; see `mcp_transport::begin`.
  std::uint64_t epoch = 0;
};

/// The refusal of a request by a server that is reached over HTTP.
class mcp_refusal : public error {
 public:
  mcp_refusal(error why, int status) : error(std::move(why)), status_(status) {}
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  int status_;
};

/// A server that does not know the session of a request, and so has not looked
/// at the request: the caller may greet it and ask again.
class mcp_session_lost : public error {
 public:
  explicit mcp_session_lost(error why) : error(std::move(why)) {}
};

/// Carries messages to a server and back.
///
/// Thread safety: internally synchronised.
class mcp_transport {
 public:
  mcp_transport() = default;
  mcp_transport(const mcp_transport&) = delete;
  mcp_transport& operator=(const mcp_transport&) = delete;
  virtual ~mcp_transport() = default;

  /// Makes ready for a greeting: starts a program that does not run, forgets a
  /// session. The number that the session to come has.
  /// Errors: throws `errc::request_failed` for a program that cannot be
  /// started, or that has ended too often.
  [[nodiscard]] virtual std::uint64_t begin() = 0;
  /// Returns whether the server still knows who was greeted.
  [[nodiscard]] virtual bool is_open(std::uint64_t epoch) = 0;

  /// The answer to a request, whose number is `id`. One that is an error is an
  /// answer as well.
  /// Errors: throws `mcp_refusal`, `mcp_session_lost`, and `error`.
  /// Cancellation: the server is told; over HTTP by the end of the connection.
  [[nodiscard]] virtual task<json> exchange(std::uint64_t id, json request,
                                            mcp_session of) = 0;
  /// Sends a message that has no answer.
  [[nodiscard]] virtual task<> notify(json message, mcp_session of) = 0;

  /// Sends a request whose answer nobody waits for, if that can be done now.
  virtual void send_off(json request, const mcp_session& of) = 0;
  /// Sends a request whose answer is a stream of notifications, unless that of
  /// the same `of` still goes on. They go to `on_notification`.
  virtual void listen(json request, const mcp_session& of) = 0;
  /// Returns the identity that the server sees of this client, as far as it may
  /// change.
  [[nodiscard]] virtual std::string identity() { return {}; }
  /// Called before anything is sent: it takes no lock.
  void on_notification(mcp_hearing who) { hears_ = std::move(who); }

  /// Returns the text that the server sent and that is not a message, for the
  /// text of an error that may come of it. Empty where there was nothing.
  [[nodiscard]] virtual std::string remark() = 0;
  /// Without what is secret.
  [[nodiscard]] virtual error clean(error why) const = 0;
  /// Also with the address of the server, where it has one.
  [[nodiscard]] virtual error named(error why) const {
    return clean(std::move(why));
  }
  /// True if arguments of tools go into headers; see `mcp::mirrors_in`.
  [[nodiscard]] virtual bool mirrors_params() const { return false; }

 protected:
  [[nodiscard]] const mcp_hearing& hears() const noexcept { return hears_; }

 private:
  mcp_hearing hears_;
};

[[nodiscard]] std::shared_ptr<mcp_transport> make_http_transport(
    http_client web, mcp_address server, const mcp_options& options);
[[nodiscard]] std::shared_ptr<mcp_transport> make_process_transport(
    troupe::detail::system_core& core, mcp_command server,
    const mcp_options& options);

}  // namespace troupe::llm::detail
