#pragma once

#include "actor/pending_requests.hpp"
#include "core/waker.hpp"

#include <troupe/detail/fiber/fiber_owner.hpp>
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

/// The result of a request: a message, an error, or the end of the actor.
struct reply {
  caf::message content{};
  caf::error why{};
  bool died = false;
};

/// An actor that owns coroutines.
class fiber_actor : public answer_receiver, public fiber_owner {
 public:
  fiber_actor(caf::actor_config& config, home& at, system_core& core);
  ~fiber_actor() override;

  /// The actor that owns the coroutines of `host`. Throws
  /// `errc::request_failed` with "only an actor can `what`" if none does.
  static fiber_actor& of(fiber_owner& host, const char* what);

  [[nodiscard]] system_core& core() const noexcept { return core_; }
  [[nodiscard]] waker waker_for(wake_key key) {
    return {lite_ptr<answer_receiver>{this}, key};
  }
  /// For what the actor waits for itself; see `on_own_answer`.
  [[nodiscard]] waker waker_for_own(std::uint32_t number) {
    return waker_for({own_wait, number});
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

  /// The context in which it runs, as a sender; null while it does not.
  [[nodiscard]] exec_ctx* running_on() noexcept { return context(); }

  // -- fiber_owner ------------------------------------------------------------

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
  /// A coroutine went on and waits again, or has ended.
  virtual void on_fibers() = 0;
  /// A timer that was armed with a key of no coroutine.
  virtual void on_timer(wake_key key) = 0;
  /// Takes the answer to `waker_for_own`.
  virtual void on_own_answer(std::uint32_t number, answer& brought);

  void on_timer_due(timer_due which) final;
  void on_answer(wake_key key, answer* brought) final;
  void on_response(std::uint64_t request, caf::message& content) final;
  void on_error_response(std::uint64_t request, const caf::error& why) final;
  void on_down(const caf::down_msg& down) final;
  void on_ended() noexcept final;

  /// The slot of timers, and of waits, that are the actor's own.
  static constexpr std::uint32_t own_timer = ~std::uint32_t{0};
  static constexpr std::uint32_t own_wait = own_timer;

 private:
  void answer_request(std::uint64_t request, reply got);

  system_core& core_;
  /// The requests under way; absent while there has been none.
  std::unique_ptr<pending_requests> pending_;
  bool is_gone_ = false;
};

}  // namespace troupe::detail
