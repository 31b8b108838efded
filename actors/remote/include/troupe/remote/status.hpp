#pragma once

#include <troupe/clock.hpp>
#include <troupe/json.hpp>
#include <troupe/remote/network.hpp>

#include <chrono>

namespace troupe {
class system;
}

namespace troupe::remote {

/// Returns the `listener::status` of a supervisor. It blocks. With TLS the
/// calling process must be one of the supervisor's peers, as a worker must.
///
/// | key        | what                                                      |
/// | ---------- | --------------------------------------------------------- |
/// | `protocol` | the version of the protocol                               |
/// | `troupe`   | the version of the library                                |
/// | `caf`      | that of CAF                                               |
/// | `workers`  | `name`, `labels`, `capacity`, `held`, `done`, `flows`,    |
/// |            | `silent_ms`, `joined_s`, `draining`, `troupe`             |
/// | `waiting`  | work that no worker has                                   |
/// | `leased`   | work that a worker has                                    |
///
/// Of a worker, `held` and `done` are the numbers of pieces of work that it has
/// and of those whose results counted; `silent_ms` is the milliseconds since
/// its last message, `joined_s` the seconds since it joined. Only the first 100
/// labels and flows are listed.
///
/// Errors: throws `errc::bad_flow` for a system that is not prepared with
/// `network`, and for an address other than loopback without TLS;
/// `errc::request_failed` if there is no answer within `limit`.
[[nodiscard]] json status_of(system& from, const endpoint& supervisor,
                             duration limit = std::chrono::seconds{5});

}  // namespace troupe::remote
