#pragma once

#include <troupe/http/http_message.hpp>
#include <troupe/task.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace troupe {

class system;

namespace detail {
class pending_exchange;
class http_core;
class live_listening;
}  // namespace detail

/// Options of an `http_client`.
struct http_options {
  /// The maximum number of connections, in all and to one server. At least 1;
  /// in all never more than the number of files that the process may open, less
  /// a few for others.
  std::size_t connections_max = 16'384;
  std::size_t connections_per_host_max = 16'384;
  /// The maximum number of exchanges, including those that wait for a
  /// connection. At least 1.
  std::size_t exchanges_max = 65'536;
  /// The maximum number of bytes of a streamed body that wait to be read; then
  /// the server has to wait. At least 1.
  std::size_t unread_max = std::size_t{256} << 10;
  /// Certificates to trust, as a PEM file. Empty: the one that `SSL_CERT_FILE`
  /// or `CURL_CA_BUNDLE` names, else those of the machine.
  std::string ca_file = {};
};

/// A response whose body is read as it arrives. The destructor aborts the
/// transfer.
///
/// Thread safety: confined to one actor or task.
class http_stream {
 public:
  http_stream(http_stream&&) noexcept;
  http_stream& operator=(http_stream&&) noexcept;
  ~http_stream();

  /// Status and headers.
  [[nodiscard]] const http_response& head() const& noexcept { return head_; }
  [[nodiscard]] http_response head() const&& { return head_; }

  /// Returns the bytes that have arrived since the last call, after waiting for
  /// some; nothing once the body has ended. One call at a time.
  /// Errors: those of `http_client::send`, after all bytes that came before the
  /// error.
  /// Cancellation: aborts the transfer; later calls throw `errc::cancelled`.
  [[nodiscard]] task<std::optional<std::string>> read() &;

 private:
  friend class http_client;
  http_stream(std::shared_ptr<detail::pending_exchange> end,
              http_response head);

  std::shared_ptr<detail::pending_exchange> end_;
  http_response head_;
};

/// A client of HTTP servers, for any number of exchanges at once on one thread
/// of its own, where an actor drives libcurl:
///
///     troupe::http_client web{runtime};
///     troupe::http_request ask{"POST", url, text};
///     const auto reply = co_await web.send(std::move(ask));
///
/// Certificates are verified, HTTP/2 is used if a server offers it over TLS,
/// connections are reused, compressed bodies are unpacked, and the usual
/// environment variables for proxies apply. Redirects are not followed: they
/// are responses like any other.
///
/// This is a handle: copies share connections and limits. The contents of
/// headers and bodies never appear in an error.
///
/// Thread safety: immutable. Any thread may call `send` and `open`.
class http_client {
 public:
  /// `where` must outlive all use of the client. A simulation has no network.
  /// Errors: throws `errc::bad_flow` for invalid options, and in a simulation;
  /// `errc::overloaded` if the process cannot open more files or start more
  /// threads.
  explicit http_client(system& where) : http_client(where, http_options{}) {}
  http_client(system& where, http_options options);

  /// Returns the whole response, whatever its status. A request on a reused
  /// connection that the server closed without a byte of an answer is sent
  /// again on a new one.
  ///
  /// Errors: throws `errc::bad_value` for an invalid request; `errc::timed_out`
  /// when one of its limits has passed; `errc::request_failed` if there is no
  /// connection, if it breaks off (the text says how much had arrived), or if
  /// the answer is not HTTP; `errc::too_large` for a head over 256 KiB or a
  /// body over `body_max`; `errc::overloaded` at `exchanges_max`. The error is
  /// permanent if trying again cannot help: a bad request, a certificate that
  /// is not trusted, a body over `body_max`.
  /// Cancellation: aborts the transfer.
  [[nodiscard]] task<http_response> send(http_request request) const;

  /// Returns the response as soon as its head has arrived. Errors and
  /// cancellation: as `send`.
  [[nodiscard]] task<http_stream> open(http_request request) const;

  /// Sends a request whose response nobody waits for. It is lost if it cannot
  /// be sent, and 300 ms after the last copy of the client is gone, whose
  /// destructor waits that long for it.
  void send_off(http_request request) const;

 private:
  friend class detail::live_listening;
  static task<http_stream> opened(
      std::shared_ptr<detail::pending_exchange> end);

  std::shared_ptr<detail::http_core> line_;
};

}  // namespace troupe
