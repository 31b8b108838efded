#pragma once

#include <troupe/clock.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// A field of a message's head. Of a response, its name is in lower case.
struct http_header {
  std::string name;
  std::string value;
};

/// The time and size limits of an exchange. All are more than zero; a time is
/// rounded up to milliseconds.
struct http_limits {
  /// Until there is a connection: a place in the pool, the server's address,
  /// handshakes.
  duration connect = std::chrono::seconds{30};
  /// From the sent request to the first byte of its response.
  duration first_byte = std::chrono::minutes{5};
  /// Between two parts of the response. Time in which nobody reads them does
  /// not count. Models that think may say nothing for minutes, in the middle of
  /// a stream as well as before it.
  duration idle = std::chrono::minutes{5};
  /// For all of it.
  duration total = std::chrono::minutes{15};
  /// Bytes of the response's body, unpacked.
  std::size_t body_max = std::size_t{64} << 20;
};

/// Not an aggregate, so that a temporary one survives GCC 12 in a `co_await`.
///
/// Thread safety: confined to one actor or task.
struct http_request {
  /// The address begins with "http://" or "https://".
  explicit http_request(std::string address) : url(std::move(address)) {}
  http_request(std::string verb, std::string address)
      : method(std::move(verb)), url(std::move(address)) {}
  http_request(std::string verb, std::string address, std::string content)
      : method(std::move(verb)),
        url(std::move(address)),
        body(std::move(content)) {}

  std::string method = "GET";
  std::string url;
  std::vector<http_header> headers;
  std::string body;
  http_limits limits;
};

/// The head of a response, and its body where that was waited for.
struct http_response {
  /// The value of the first header of this name in lower case, or nothing.
  [[nodiscard]] std::optional<std::string_view> header(
      std::string_view name) const&;
  [[nodiscard]] std::optional<std::string> header(
      std::string_view name) const&& {
    const auto found = static_cast<const http_response&>(*this).header(name);
    return found ? std::optional<std::string>{*found} : std::nullopt;
  }

  int status = 0;
  std::vector<http_header> headers;
  std::string body;
};

/// The method and the address of a request, to name it in the text of an error:
/// "POST https://host/v1/messages". Without what may be a secret, which are the
/// user, the query and the fragment.
[[nodiscard]] std::string asked_by(const http_request& request);

}  // namespace troupe
