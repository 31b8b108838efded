#pragma once

#include "caf/caf_version.hpp"
#include "network/refusals.hpp"

#include <troupe/remote/network.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

namespace troupe::remote {

/// Returns whether an actor system speaks to others with TLS.
/// Errors: throws `errc::bad_flow` if it speaks to nobody.
[[nodiscard]] bool is_encrypted(caf::actor_system& system);
/// Errors: throws `errc::bad_flow` for an address other than loopback that is
/// to be used without TLS.
void check_trust(caf::actor_system& system, const endpoint& at);

/// Publishes `whom`; returns the port.
/// Errors: throws `errc::request_failed`.
[[nodiscard]] std::uint16_t publish(caf::actor_system& system,
                                    const caf::actor& whom, const endpoint& at);
void unpublish(caf::actor_system& system, const caf::actor& whom,
               std::uint16_t port);

/// The maximum time to make a connection.
inline constexpr duration connect_max = std::chrono::seconds{5};

/// The actor that is published there, or why it cannot be reached. Blocks, for
/// at most `limit` until there is a connection, and then as long as the
/// system's `network_options` allow for.
[[nodiscard]] std::variant<caf::actor, std::string> connect(
    caf::actor_system& system, const endpoint& to,
    duration limit = connect_max);

class peer_names;

/// Passes a line to `whom` for each peer that TLS rejects, while it exists. One
/// per actor system at a time.
class refusal_notice {
 public:
  refusal_notice(caf::actor_system& system, refusals::notice whom);
  refusal_notice(const refusal_notice&) = delete;
  refusal_notice& operator=(const refusal_notice&) = delete;
  ~refusal_notice();

 private:
  peer_names* const names_;
};

}  // namespace troupe::remote
