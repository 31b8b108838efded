#pragma once

#include "core/run_core.hpp"
#include "leases/served_flow.hpp"
#include "wire/messages.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::remote {

using served_flows = std::map<std::string, detail::served_flow>;

/// An attempt or a sub-flow that a supervisor asked for, as a run of this
/// process.
class served_work {
 public:
  /// Starts it. `poke` is called on any thread when `take_events` has some.
  /// Errors: throws `errc::bad_flow` for work that is not served here.
  served_work(detail::system_core& core, const served_flows& flows,
              wire::work_body asked, const state* snapshot,
              std::function<void()> poke);

  [[nodiscard]] detail::run_core& run() const noexcept { return *run_; }
  /// The approximate maximum size of a message with events, unless one event is
  /// larger.
  static constexpr std::size_t events_size = std::size_t{64} << 10;
  /// The oldest events that were not taken, for the run that it is a part of;
  /// at most as many as one message is to have.
  [[nodiscard]] wire::events take_events();
  [[nodiscard]] detail::placed_result result(outcome ended);

 private:
  /// Set while a poke is on its way, so that a stream of events makes few.
  std::shared_ptr<std::atomic<bool>> is_poked_;
  /// Absent for a sub-flow.
  std::unique_ptr<detail::served_attempt> attempt_;
  std::shared_ptr<detail::run_core> run_;
  /// Events that gave way and were told of.
  std::size_t dropped_ = 0;
};

}  // namespace troupe::remote
