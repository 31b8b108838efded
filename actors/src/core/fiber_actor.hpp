#pragma once

#include "actor/lite_actor.hpp"
#include "actor/pending_requests.hpp"

#include <troupe/detail/fiber/fiber_host.hpp>
#include <troupe/detail/fiber/held_permits.hpp>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace troupe::detail {

struct graph_node;
class run_core;
class system_core;

/// The step that waits, for those who are told that it does for long.
struct call_origin {
  /// Null for what is no step of a run.
  std::shared_ptr<run_core> run = {};
  /// It lives as long as the run.
  const graph_node* node = nullptr;
};

/// The kinds of signals between the actors of a run.
namespace signal_kind {
/// What a coroutine waits for has come; `body` is an `answer`, or null.
inline constexpr std::uint32_t answer = own;
/// To a supervisor: end now; `body` is a `cancel_order`, or null.
inline constexpr std::uint32_t cancel = own + 1;
/// To a supervisor: the sub-flow with the place `slot` has ended; `body` is a
/// `branch_result`, or null where it died and there was no memory to say why.
inline constexpr std::uint32_t branch_done = own + 2;
/// To a node actor: take a turn; `body` is a `step_ticket`.
inline constexpr std::uint32_t take_turn = own + 3;
/// To a node actor: drop the step; `body` is its `step_ticket`.
inline constexpr std::uint32_t drop_turn = own + 4;
/// To a supervisor: the node's turn is over; `body` is its `step_ticket`.
inline constexpr std::uint32_t turn_over = own + 5;
/// To a semaphore: `body` is an `acquire_order`, or `slot` permits come back.
inline constexpr std::uint32_t acquire = own + 6;
inline constexpr std::uint32_t give_back = own + 7;
/// To a semaphore: some that wait have gone away, or, where `slot` is not 0,
/// one that holds a permit awaits something else.
inline constexpr std::uint32_t look_again = own + 8;
/// To a node actor: the run is over.
inline constexpr std::uint32_t stop = own + 9;
/// To a supervisor: a sub-flow that was placed elsewhere has ended; `slot` is
/// its place, `body` an `answer` with a `placed_result`.
inline constexpr std::uint32_t placed_done = own + 10;
}  // namespace signal_kind

/// What a wait brought. Dropped unread if the wait is over by then.
class answer : public payload {
 public:
  /// What the waiter's `receive` gets.
  virtual void* content() noexcept = 0;
};

template <class T>
class answer_of final : public answer {
 public:
  explicit answer_of(T value) : value_(std::move(value)) {}
  void* content() noexcept override { return &value_; }

 private:
  T value_;
};

/// Wakes one wait of one actor's coroutine, from any thread.
struct waker {
  lite_ptr<lite_actor> target;
  wake_key key;

  void operator()(caf::intrusive_ptr<answer> brought = nullptr,
                  exec_ctx* from = nullptr) const noexcept;
};

/// What came of a request: a message, an error, or the end of the actor.
struct reply {
  caf::message content{};
  caf::error why{};
  bool died = false;
};

/// An actor that owns coroutines.
class fiber_actor : public lite_actor, public fiber_host {
 public:
  fiber_actor(caf::actor_config& config, home& at, system_core& core);
  ~fiber_actor() override;

  /// The actor that owns the coroutines of `host`. Throws
  /// `errc::request_failed` with "only an actor can `what`" if none does.
  static fiber_actor& of(fiber_host& host, const char* what);

  [[nodiscard]] system_core& core() const noexcept { return core_; }
  [[nodiscard]] waker waker_for(wake_key key) {
    return {lite_ptr<lite_actor>{this}, key};
  }

  /// Sends a request. Its answer, or the end of `to`, wakes `key` with a
  /// `reply`. Returns the number that `forget` takes.
  std::uint64_t ask(const caf::actor& to, caf::message content, wake_key key);
  /// Nobody waits for the answer any more.
  void forget(std::uint64_t request) noexcept;

  /// Returns the origin of these coroutines.
  [[nodiscard]] virtual call_origin origin() const { return {}; }
  /// The permits that a coroutine of this one holds, with names.
  [[nodiscard]] std::vector<held_token> tokens_of(
      const held_permits* held) const;

  /// Where it runs, as the sender of signals; null while it does not.
  [[nodiscard]] exec_ctx* running_on() noexcept { return context(); }

  // -- fiber_host ------------------------------------------------------------

  [[nodiscard]] time_point now() const noexcept override;
  std::uint64_t wake_at(time_point due, wake_key key) final;
  void cancel_timer(std::uint64_t timer) noexcept final;
  void run_blocking(std::shared_ptr<blocking_job> job, wake_key key) final;
  void on_job_dropped() noexcept final;
  const void* acquire(const void* owner, std::uint32_t limit, wake_key key,
                      const held_permits* held) final;
  std::uint64_t place(placed_work what, wake_key key) final;
  void recall(std::uint64_t work) noexcept final;

 protected:
  /// Any signal that is not about a coroutine.
  virtual void on_mail(signal& received) = 0;
  /// A coroutine went on and waits again, or has ended.
  virtual void on_fibers() = 0;
  /// A timer that was armed with a key of no coroutine.
  virtual void on_timer(wake_key key) = 0;

  void on_signal(signal& received) final;
  void on_response(std::uint64_t request, caf::message& content) final;
  void on_error_response(std::uint64_t request, const caf::error& why) final;
  void on_down(const caf::down_msg& down) final;
  void on_ended() noexcept final;

  /// The slot of timers that are the actor's own.
  static constexpr std::uint32_t own_timer = ~std::uint32_t{0};

 private:
  void answer_request(std::uint64_t request, reply got);

  system_core& core_;
  /// The requests under way; absent while there has been none.
  std::unique_ptr<pending_requests> pending_;
  bool is_gone_ = false;
};

}  // namespace troupe::detail
