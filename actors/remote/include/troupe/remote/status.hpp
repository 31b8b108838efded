#pragma once

#include <troupe/clock.hpp>
#include <troupe/json.hpp>
#include <troupe/remote/network.hpp>

#include <chrono>

namespace troupe {
class system;
}

namespace troupe::remote {

/// Asks a supervisor for what `listener::status` gives there. Blocks. With TLS
/// who asks must be among the supervisor's peers, as a worker must.
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
/// Of a worker, `held` and `done` are pieces of work, those that it has and
/// those whose results counted; `silent_ms` the milliseconds since it was last
/// heard of, `joined_s` the seconds since it joined. Of more than 100 labels or
/// flows the first 100 are there.
///
/// Errors: throws `errc::bad_flow` for a system that is not prepared with
/// `network`, and for an address other than loopback without TLS;
/// `errc::request_failed` if there is no answer within `limit`.
[[nodiscard]] json status_of(system& from, const endpoint& supervisor,
                             duration limit = std::chrono::seconds{5});

}  // namespace troupe::remote
