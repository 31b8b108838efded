#pragma once

#include "fiber_actor.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

namespace troupe::detail {

/// Who waits for permits, and for how many.
class acquire_order final : public payload {
 public:
  explicit acquire_order(waker asker, std::uint32_t permits = 1)
      : who(std::move(asker)), count(permits) {}

  waker who;
  std::uint32_t count;
  /// Set from the actor that waited: it does so no more.
  std::atomic<bool> gone{false};
};

/// Hands out a number of permits, first come, first served: who wants many is
/// not overtaken by those who want few. What is handed out is a
/// `std::shared_ptr<void>`; it comes back when it dies, wherever that is: one
/// for a coroutine that was cancelled meanwhile dies unread.
class semaphore_actor final : public lite_actor {
 public:
  semaphore_actor(caf::actor_config& config, home& at, std::uint32_t permits)
      : lite_actor(config, at), free_(permits) {}

 private:
  void on_signal(signal& received) override;
  void drop_gone();
  void hand_out();

  std::uint32_t free_;
  /// Those in line that were told to be gone and are not dropped yet.
  std::size_t gone_ = 0;
  std::deque<caf::intrusive_ptr<acquire_order>> waiting_;
};

}  // namespace troupe::detail
