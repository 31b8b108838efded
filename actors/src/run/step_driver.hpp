#pragma once

#include "core/watchdog.hpp"
#include "run/node_actor.hpp"

#include <troupe/machine.hpp>

#include <atomic>
#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace troupe::detail {

class flow_supervisor;

/// The step of a supervisor at work. Its phases run here, or by the actor of
/// its node, and what they need is kept meanwhile. The supervisor says which
/// phase, and hears how it went; the state and the machine are its own.
///
/// Thread safety: confined to the supervisor, but for `stop_token`, which the
/// actor of a node may call while it has the step.
class step_driver final : private completion {
 public:
  /// Refers to `owner` and `shared` as long as it lives.
  step_driver(flow_supervisor& owner, step_services& steps,
              const state& shared);
  ~step_driver();

  /// Writes to copies of the state are recorded from now on.
  void record() noexcept { step_.records = true; }
  [[nodiscard]] bool records() const noexcept { return step_.records; }

  // -- a phase ---------------------------------------------------------------

  /// Runs a phase of the step at which `at` stands. `suspended` if it will go
  /// on later, here or with the actor of its node.
  step_status run(step_call what, const machine& at, watchdog::watch& watch);
  /// Returns whether the wait of the step here is over. Says so once.
  [[nodiscard]] bool take_ready() noexcept {
    return std::exchange(is_ready_, false);
  }
  /// Goes on with it, after `take_ready()` has said so. @pre
  /// `!is_at_node_actor()`
  step_status resume(const graph_node& node) {
    assert(!is_at_node_actor());
    return node.model->resume(step_);
  }

  /// Puts what an earlier life of the run knew of the step in its place: what
  /// `prep` gave, and the failure of the last attempt.
  /// Errors: as `node_base::restore`.
  void restore(const graph_node& node, const value& prepared,
               const std::optional<error>& failure);
  /// Returns whether there is what a further attempt needs.
  [[nodiscard]] bool has_values() const noexcept {
    return step_.kept != nullptr;
  }
  /// The result of `prep`, if it is there and has a form.
  [[nodiscard]] std::optional<json> prepared_form() const {
    if (!step_.kept || is_at_node_actor()) return std::nullopt;
    return step_.kept->prepared_form();
  }

  // -- its result ------------------------------------------------------------

  [[nodiscard]] const troupe::action& action() const noexcept {
    return step_.action;
  }
  /// The state as `post` left it, if there was a `post`.
  [[nodiscard]] std::optional<state>& written() noexcept {
    return step_.written;
  }
  /// The failure of the phase. @pre it failed
  [[nodiscard]] error& failure() noexcept { return *step_.failure; }
  [[nodiscard]] error take_failure() {
    return std::move(*std::exchange(step_.failure, nullptr));
  }
  /// Drops the coroutines and values of the step. @pre `!is_at_node_actor()`
  void drop_values() noexcept {
    assert(!is_at_node_actor());
    step_.kept.reset();
  }
  /// Also what it wrote.
  void forget() noexcept {
    drop_values();
    step_.written.reset();
  }

  // -- at the actor of its node ----------------------------------------------

  /// Returns whether that has the step.
  [[nodiscard]] bool is_at_node_actor() const noexcept {
    return link_ && link_->sent != nullptr;
  }
  /// It sends the step back. Returns how that went.
  step_status take_back(ticket_ptr ticket);
  /// It has died; the step is to be done again.
  void on_actor_died();
  /// It is to drop the step and to send it back. @pre `is_at_node_actor()`
  void call_back() noexcept;

  // -- the end ---------------------------------------------------------------

  /// Made when somebody asks.
  [[nodiscard]] std::stop_token stop_token();
  void request_stop() noexcept;
  /// The token of the attempt asks to stop, and the next one has another.
  void end_attempt() noexcept;
  /// Ends the attempt and drops the step, or has its node's actor do so.
  void release() noexcept;

 private:
  /// The part that is needed only if steps are sent to node actors.
  struct node_link {
    struct known {
      const graph_node* node = nullptr;
      lite_ptr<node_actor> actor;
    };
    /// Here while no step is away.
    ticket_ptr ticket;
    /// The ticket, while it is away.
    const step_ticket* sent = nullptr;
    lite_ptr<node_actor> sent_to;
    std::vector<known> actors;
  };

  void on_complete() noexcept override { is_ready_ = true; }
  void send(step_call what, const graph_node& node);
  node_actor& actor_of(const graph_node& node);

  flow_supervisor& owner_;
  bool is_ready_ = false;
  frame step_;
  std::unique_ptr<node_link> link_;
  /// Owned. Atomic, as the actor of a node may make it.
  std::atomic<std::stop_source*> stop_{nullptr};
};

}  // namespace troupe::detail
