#pragma once

#include <troupe/json.hpp>
#include <troupe/remote/network.hpp>
#include <troupe/system.hpp>

#include <chrono>

namespace troupe::remote {

/// Asks a supervisor for what `listener::status` gives there. Blocks.
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
/// Errors: throws `errc::request_failed` if there is no answer within `limit`.
[[nodiscard]] json status_of(system& from, const endpoint& supervisor,
                             duration limit = std::chrono::seconds{5});

}  // namespace troupe::remote
