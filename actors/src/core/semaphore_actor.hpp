#pragma once

#include "core/holding_waits.hpp"
#include "core/waiting_line.hpp"

#include <troupe/detail/fiber/held_permits.hpp>
#include <troupe/detail/fiber/permit_answer.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

/// A wait for permits.
class acquire_order final : public wait_order {
 public:
  acquire_order(waker asker, std::uint32_t permits,
                std::vector<held_token> held, std::weak_ptr<run_core> of)
      : wait_order(std::move(asker)),
        count(permits),
        holds(std::move(held)),
        run(std::move(of)) {}
  ~acquire_order() override;

  const std::uint32_t count;
  /// The permits of any lender that the one who waits holds meanwhile.
  const std::vector<held_token> holds;
  /// Those that await this run hold something as well, perhaps.
  const std::weak_ptr<run_core> run;
  /// True if it is among the `holding_waits`. For the actor that lends.
  bool is_listed = false;
};

/// The messages to a `semaphore_actor`.
namespace semaphore_message {
struct acquire {
  caf::intrusive_ptr<acquire_order> order;
};
struct give_back {
  std::uint32_t count;
};
/// One that waited has gone away.
struct withdrawn {};
/// One that holds a permit awaits something else.
struct holder_waits {};
}  // namespace semaphore_message

/// Hands out a number of permits, first come, first served: who wants many is
/// not overtaken by those who want few. What is handed out is a
/// `std::shared_ptr<void>`; it comes back when it dies, wherever that is: one
/// for a coroutine that was cancelled meanwhile dies unread.
///
/// A wait that closes a ring is refused with `errc::deadlock`: it could never
/// end, as what it waits for is held by those that wait for what it holds
/// itself, here or at other semaphores. It is looked for when somebody queues
/// who holds a permit, and when a run is awaited by somebody who does. Where a
/// permit of the ring was moved, so that another coroutine may have it, it is
/// told as a warning event. A wait behind too many others is refused with
/// `errc::overloaded`.
class semaphore_actor final : public lite_actor {
 public:
  using messages =
      message_set<semaphore_message::acquire, semaphore_message::give_back,
                  semaphore_message::withdrawn,
                  semaphore_message::holder_waits>;

  /// @pre both numbers are at least 1
  semaphore_actor(caf::actor_config& config, home& at, std::uint32_t permits,
                  std::size_t waiting_max)
      : lite_actor(config, at),
        permits_(permits),
        waiting_max_(waiting_max),
        free_(permits) {
    assert(permits > 0 && waiting_max > 0);
  }

  /// Names it in `held_permits`.
  [[nodiscard]] const void* as_lender() const noexcept { return this; }
  /// The one that `name` names. It lives as long as a permit of it is out.
  /// @pre `name` is not null
  [[nodiscard]] static semaphore_actor& named(const void* name) noexcept {
    assert(name != nullptr);
    return *static_cast<semaphore_actor*>(const_cast<void*>(name));
  }

 private:
  friend class envelope;

  void on(semaphore_message::acquire asked);
  void on(semaphore_message::give_back returned);
  void on(semaphore_message::withdrawn);
  void on(semaphore_message::holder_waits);
  void hand_out();
  void list(acquire_order& order);
  void look_for_rings(acquire_order* newest) noexcept;
  void look_at(acquire_order& newest);
  void look_at_all();
  acquire_order* one_of(const holding_waits::ring& ring) const;
  void look_at_line();
  void refuse(acquire_order& order, std::string why);
  bool answer(acquire_order& order, permit_answer with);
  void warn_of(const acquire_order& order, std::string text);

  const std::uint32_t permits_;
  const std::size_t waiting_max_;
  std::uint32_t free_;
  waiting_line<acquire_order> waiting_;
};

}  // namespace troupe::detail
