#include "network/transport.hpp"

#include "network/peer_names.hpp"
#include "network/reachable.hpp"

#include <troupe/error.hpp>

#include <caf/io/middleman.hpp>
#include <caf/openssl/all.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace troupe::remote {

namespace {

// The options by which CAF would speak to others on threads, or through ports,
// that are unknown here.
constexpr std::array<std::string_view, 3> unchecked_ways{
    "middleman.attach-utility-actors", "middleman.manual-multiplexing",
    "middleman.enable-automatic-connections"};

}  // namespace

bool is_encrypted(caf::actor_system& system) {
  if (!system.has_middleman()) {
    throw error{errc::bad_flow,
                "the actor system cannot reach other processes: prepare it "
                "with remote::network"};
  }
  for (const auto way : unchecked_ways) {
    const auto name = detail::option_name(way);
    if (!caf::get_or(system.config(), name, false)) continue;
    throw error{errc::bad_flow,
                "CAF's option " + name +
                    " cannot be used: peers would not be verified"};
  }
  if (!system.has_openssl_manager()) return false;
  if (peer_names::watching(system) != nullptr) return true;
  throw error{errc::bad_flow,
              "the actor system accepts every TLS peer: prepare it with "
              "remote::network"};
}

void check_trust(caf::actor_system& system, const endpoint& at) {
  if (is_encrypted(system) || at.is_loopback()) return;
  throw error{errc::bad_flow,
              "'" + at.text() +
                  "' can be reached from other machines and needs TLS: without "
                  "it, anyone who can connect can take this process down. Set "
                  "network_options::tls (on the command line: --cert, --key, "
                  "--ca and --peer), or use 127.0.0.1"};
}

std::uint16_t publish(caf::actor_system& system, const caf::actor& whom,
                      const endpoint& at) {
  constexpr bool reuse = true;
  const auto taken =
      system.has_openssl_manager()
          ? caf::openssl::publish(whom, at.port, at.host.c_str(), reuse)
          : system.middleman().publish(whom, at.port, at.host.c_str(), reuse);
  if (taken) return *taken;
  throw error{errc::request_failed, "cannot listen on '" + at.text() + "': " +
                                        detail::text_of(system, taken.error())};
}

void unpublish(caf::actor_system& system, const caf::actor& whom,
               std::uint16_t port) {
  // One broker has the ports of both; the function for TLS does not compile.
  static_cast<void>(system.middleman().unpublish(whom, port));
}

std::variant<caf::actor, std::string> connect(caf::actor_system& system,
                                              const endpoint& to,
                                              duration limit) {
  if (auto why = why_unreachable(to, limit)) return std::move(*why);
  const bool has_tls = system.has_openssl_manager();
  const auto found = has_tls
                         ? caf::openssl::remote_actor(system, to.host, to.port)
                         : system.middleman().remote_actor(to.host, to.port);
  if (found) return *found;
  auto why = detail::text_of(system, found.error());
  if (found.error() == caf::sec::disconnect_during_handshake) {
    why += has_tls ? " (does it speak TLS, and accept this certificate?)"
                   : " (does it require TLS, which this process does not use?)";
  }
  return why;
}

refusal_notice::refusal_notice(caf::actor_system& system, refusals::notice whom)
    : names_(peer_names::watching(system)) {
  if (names_ != nullptr) names_->refused().tell(std::move(whom));
}

refusal_notice::~refusal_notice() {
  if (names_ != nullptr) names_->refused().tell(nullptr);
}

}  // namespace troupe::remote
