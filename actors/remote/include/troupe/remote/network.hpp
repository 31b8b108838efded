#pragma once

#include <troupe/clock.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace caf {
class actor_system_config;
}

namespace troupe::remote {

/// An address at which a process listens: a host and a port.
struct endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;

  /// Reads "HOST:PORT", where HOST is a name or an IPv4 address, or
  /// "[ADDRESS]:PORT" with an IPv6 address. Errors: throws `errc::bad_value`.
  [[nodiscard]] static endpoint from(std::string_view text);
  /// Returns whether it can only be reached from this machine.
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] std::string text() const;
};

/// Mutual TLS: each side shows a certificate and verifies that of the other.
/// The files are PEM. CAF reads them anew for each connection and ends the
/// process if it cannot: they must exist as long as the actor system. Restart
/// the process to replace them.
struct tls_options {
  /// The certificate that this process shows, with the key that belongs to it.
  std::string certificate;
  std::string key;
  std::string key_password = {};
  /// The certificates of the authorities that are trusted, in one file.
  std::string authorities;
  /// The names that the other end may have: its certificate must be for one of
  /// them (a DNS name among its alternative names or, where it has none, its
  /// common name). At least one.
  std::vector<std::string> peers;
};

/// Options of `network`.
struct network_options {
  /// Absent: no encryption, and connections within this machine only.
  std::optional<tls_options> tls = {};
  /// The interval at which CAF tells its peers that the process is alive. The
  /// calling side breaks off a handshake that is not complete at a heartbeat,
  /// so it should not be much less than a second.
  duration heartbeat = std::chrono::seconds{1};
  /// The silence after which a connection is closed: longer than the transfer
  /// of the largest message takes. The accepting side waits as long for a TLS
  /// handshake.
  duration silence_max = std::chrono::seconds{4};
};

/// Returns a function that makes an actor system reach other processes; for
/// `system_options::prepare`, or for the configuration of an actor system of
/// your own, before it is made.
///
///     troupe::system system{{.prepare = troupe::remote::network()}};
///
/// Errors: throws `errc::bad_flow` for invalid options: a file that cannot be
/// read, or no peers. The list of peers applies to this actor system only, not
/// to other TLS connections of the process.
[[nodiscard]] std::function<void(caf::actor_system_config&)> network(
    network_options options);
[[nodiscard]] inline std::function<void(caf::actor_system_config&)> network() {
  return network(network_options{});
}

}  // namespace troupe::remote
