#pragma once

#include <troupe/flow.hpp>
#include <troupe/rate_limit.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/system.hpp>

#include <functional>
#include <vector>

namespace soak {

/// Flows of all kinds, run again and again on one system. Throws where one does
/// not end as it must.
class workload {
 public:
  workload();

  [[nodiscard]] troupe::system& system() noexcept { return system_; }
  /// Work of others for each round, which returns when it is done.
  void also(std::function<void()> work) { others_.push_back(std::move(work)); }
  /// Does all of it once, and waits for the end of all its actors.
  void round();

 private:
  void short_flows();
  void batches();
  void cancelled();
  void blocking_calls();
  void limited();
  void unread();
  static void another_system();

  troupe::system system_;
  troupe::semaphore places_;
  troupe::rate_limit rate_;
  std::vector<std::function<void()>> others_;
};

}  // namespace soak
