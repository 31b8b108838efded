#pragma once

#include "caf/caf_version_modules.hpp"
#include "network/open_handshakes.hpp"
#include "network/refusals.hpp"

#include <string>
#include <vector>

namespace troupe::remote {

/// The check of the names in the certificates of TLS peers, which CAF does not
/// make: it accepts every certificate of a trusted authority. It is a hook for
/// the configuration of the actor system whose connections are to be checked. A
/// peer that has not shown a certificate after `time_max` is cut off.
///
/// It knows CAF's use of OpenSSL from others by the thread: the middleman's
/// threads make no other connections. The names outlive the connections, as
/// the configuration outlives the actor system.
class peer_names final : public detail::thread_watch {
 public:
  /// Errors: throws `errc::bad_flow` for an OpenSSL that does not tell of the
  /// contexts that are made: nothing could be checked.
  peer_names(std::vector<std::string> allowed, duration time_max);
  peer_names(const peer_names&) = delete;
  peer_names& operator=(const peer_names&) = delete;
  ~peer_names() override;

  [[nodiscard]] const std::vector<std::string>& allowed() const noexcept {
    return allowed_;
  }
  [[nodiscard]] open_handshakes& handshakes() noexcept { return handshakes_; }
  [[nodiscard]] refusals& refused() noexcept { return refused_; }
  /// Returns the check of the peers of `system`; null if there is none.
  [[nodiscard]] static peer_names* watching(const caf::actor_system& system);

 private:
  void on_system(caf::actor_system& system) override;
  void on_thread() override;
  void on_thread_end() override;

  const std::vector<std::string> allowed_;
  open_handshakes handshakes_;
  refusals refused_;
  const caf::actor_system* system_ = nullptr;
};

}  // namespace troupe::remote
