#pragma once

#include "caf/caf_version.hpp"
#include "leases/reconnect_pace.hpp"

#include <troupe/clock.hpp>
#include <troupe/remote/network.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace troupe::remote {

/// Reaches an actor of another process, on a thread of its own, as CAF blocks
/// while it does. It keeps trying, with longer and longer waits in between.
///
/// Thread safety: internally synchronised.
class connector {
 public:
  struct options {
    endpoint to;
    /// The longest wait between two tries.
    duration retry_max;
    /// Gets the actor, on the thread of the connector.
    std::function<void(caf::actor)> on_reached;
    std::function<void(const std::string&)> notice;
  };

  /// Begins to try at once.
  connector(caf::actor_system& system, options chosen);
  connector(const connector&) = delete;
  connector& operator=(const connector&) = delete;
  /// Waits for the try that is under way: seconds at most.
  ~connector();

  /// The actor has been lost: tries again.
  void again();

 private:
  void loop();
  bool wait_until_wanted();
  void try_until_reached();
  /// False if it is to end.
  bool pause(duration span);

  caf::actor_system& system_;
  const options options_;
  /// Only for the thread.
  detail::reconnect_pace pace_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_wanted_ = true;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace troupe::remote
