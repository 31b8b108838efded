#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "fiber_actor.hpp"

namespace troupe::detail {

/// Who waits for a permit.
class acquire_order final : public payload {
 public:
  explicit acquire_order(waker asker) : who(std::move(asker)) {}

  waker who;
};

/// Hands out a number of permits, first come, first served. A permit is a
/// `std::shared_ptr<void>`; it comes back when it dies, wherever that is: a
/// permit for a coroutine that was cancelled meanwhile dies unread.
class semaphore_actor final : public lite_actor {
 public:
  semaphore_actor(caf::actor_config& config, home& at, std::uint32_t permits)
      : lite_actor(config, at), free_(permits) {}

 private:
  void on_signal(signal& received) override;
  void hand_out();

  std::uint32_t free_;
  std::deque<waker> waiting_;
};

}  // namespace troupe::detail
