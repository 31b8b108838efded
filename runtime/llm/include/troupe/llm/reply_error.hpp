#pragma once

#include "troupe/clock.hpp"
#include "troupe/error.hpp"
#include "troupe/http/http_message.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace troupe::llm {

/// Returns the time that a server asks to wait, by the headers of its response:
/// Retry-After and retry-after-ms, and where a limit is used up the time of its
/// reset (RateLimit, x-ratelimit-*, anthropic-ratelimit-*). At most a day.
/// `now` is what dates are compared with.
[[nodiscard]] std::optional<duration> wait_asked(
    const http_response& head, std::chrono::system_clock::time_point now);

/// A wait in one of the forms in which servers write it: seconds, a span such
/// as "1m2.5s", a date, or seconds or milliseconds since 1970. At most a day.
/// Nothing for what is none of these.
[[nodiscard]] std::optional<duration> wait_in(
    std::string_view text, std::chrono::system_clock::time_point now);

/// Returns the error of a response with a status of 300 or more, or of an error
/// in a reply with a good status. The latter counts as the status that it
/// names, as a number or by the name of the error:
///
/// | status             | code             | tried again        |
/// | ------------------ | ---------------- | ------------------ |
/// | 429, 498, 503, 529 | `rate_limited`   | after `wait_asked` |
/// | 408, 409, 425, 5xx | `request_failed` | after `wait_asked` |
/// | none is named      | `request_failed` | yes                |
/// | 401, 403, 407      | `unauthorized`   | no                 |
/// | all others         | `request_failed` | no                 |
///
/// A reply that says that there is no more money or room, or that the request
/// is forbidden for what is in it, is not tried again either. The header
/// x-should-retry wins over all of this. The wait may also be in the body, as
/// Google writes it.
///
/// The text has the status, the server's own message (500 bytes of it at most)
/// and the id of the request, but not the input that validators quote. It names
/// `asked` where that is given; see `asked_by`.
[[nodiscard]] error error_of_reply(const http_response& reply,
                                   std::chrono::system_clock::time_point now,
                                   std::string_view asked = {});

}  // namespace troupe::llm
