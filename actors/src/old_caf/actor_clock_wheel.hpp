#pragma once

#include "caf/caf_version.hpp"

#if !TROUPE_CAF_1

#include <troupe/detail/timing/timer_wheel.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace troupe::detail {

/// CAF's clock for CAF 0.17.6, on a timer wheel. CAF's own one never forgets
/// the time limit of an answered request, and costs several microseconds for
/// every actor that ends.
///
/// Thread safety: internally synchronised. `start` and `stop` are called once
/// each.
class actor_clock_wheel final : public caf::actor_clock {
 public:
  actor_clock_wheel();
  actor_clock_wheel(const actor_clock_wheel&) = delete;
  actor_clock_wheel& operator=(const actor_clock_wheel&) = delete;
  ~actor_clock_wheel() override;

  void start(caf::actor_system& system);
  /// Ends the thread and drops what is pending.
  void stop();

  void set_ordinary_timeout(time_point due, caf::abstract_actor* self,
                            caf::atom_value type, std::uint64_t id) override;
  void set_multi_timeout(time_point due, caf::abstract_actor* self,
                         caf::atom_value type, std::uint64_t id) override;
  void set_request_timeout(time_point due, caf::abstract_actor* self,
                           caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self,
                               caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self,
                              caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point due, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point due, caf::group target,
                        caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

  /// The number of pending timeouts and messages.
  [[nodiscard]] std::size_t pending() const;

 private:
  enum class kind { ordinary, multi, request, message, group_message };
  struct event;
  class dropped_events;
  using event_ptr = std::unique_ptr<event>;

  void arm(time_point due, event_ptr what);
  template <class Predicate>
  void cancel(caf::abstract_actor* self, Predicate matches);
  void forget(event& what);
  static void fire(event& what);
  void loop();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  timer_wheel<event_ptr> wheel_;
  // The first of the timeouts of each actor that has any.
  std::unordered_map<caf::actor_id, event*> of_actor_;
  // False as long as that is empty, for actors that end without ever having had
  // one.
  std::atomic<bool> has_timeouts_{false};
  time_point next_look_ = time_point::max();
  bool stopped_ = false;
  // Only for the thread.
  std::vector<event_ptr> due_;
  std::thread thread_;
};

}  // namespace troupe::detail

#endif
