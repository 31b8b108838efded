#pragma once

#include "caf_version_modules.hpp"

#include <string>
#include <vector>

namespace troupe::remote {

/// Has the names in the certificates of TLS peers looked at, which CAF does
/// not do: it takes every certificate of a trusted authority. A hook for the
/// configuration of the actor system whose connections are to be checked.
///
/// It knows CAF's use of OpenSSL from others by the thread: the middleman's
/// threads make no other connections. The names outlive the connections, as
/// the configuration outlives the actor system.
class peer_names final : public detail::thread_watch {
 public:
  explicit peer_names(std::vector<std::string> allowed);

  [[nodiscard]] const std::vector<std::string>& allowed() const noexcept {
    return allowed_;
  }

 private:
  void on_thread() override;
  void on_thread_end() override;

  const std::vector<std::string> allowed_;
};

}  // namespace troupe::remote
