#pragma once

#include "troupe/clock.hpp"
#include "troupe/error.hpp"
#include "troupe/llm/http_message.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace troupe::llm {

/// How long a server asks to wait, by the headers of its response: Retry-After
/// in seconds or as a date, retry-after-ms, and where a limit is used up the
/// time of its reset (x-ratelimit-*, anthropic-ratelimit-*).
/// `now` is what dates are compared with.
[[nodiscard]] std::optional<duration> wait_asked(
    const http_response& head, std::chrono::system_clock::time_point now);

/// What a response with a status of 400 or more, or an error inside of a
/// stream, means:
///
/// | status             | code             | tried again        |
/// | ------------------ | ---------------- | ------------------ |
/// | 429, 503, 529      | `rate_limited`   | after `wait_asked` |
/// | 408, 409, 425, 5xx | `request_failed` | after `wait_asked` |
/// | all others         | `request_failed` | no                 |
///
/// A 429 that says that there is no more money is not tried again either. The
/// text has the status, the server's own message (500 bytes of it at most) and
/// the id of the request, but not the input that validators quote. It names
/// `asked` where that is given; see `asked_by`.
[[nodiscard]] error error_of_reply(const http_response& reply,
                                   std::chrono::system_clock::time_point now,
                                   std::string_view asked = {});

}  // namespace troupe::llm
