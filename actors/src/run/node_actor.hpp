#pragma once

#include "actor/address.hpp"
#include "core/fiber_actor.hpp"

#include <troupe/detail/node/node_base.hpp>

#include <memory>
#include <vector>

namespace troupe::detail {

/// The request to a node about a step.
enum class step_call : std::uint8_t { begin, retry, fall_back };

/// Runs one phase of a step, as told.
step_status take_turn(const node_base& model, step_call what, frame& step);

class step_ticket;
using ticket_ptr = caf::intrusive_ptr<step_ticket>;

/// The messages of a node's actor to a supervisor.
namespace supervisor_message {
struct turn_over {
  ticket_ptr ticket;
};
/// The actor died with the ticket.
struct turn_lost {};
}  // namespace supervisor_message

/// One step on its way to a node's actor and back. There is one reference to
/// it, held by whoever has to act next; if that one dies, the supervisor is
/// told. The step itself stays with its supervisor, which does not touch it
/// until the turn is over.
class step_ticket final : public payload, public completion {
 public:
  ~step_ticket() override;

  void on_complete() noexcept override { is_ready = true; }

  /// The supervisor, while the ticket is away from it.
  address<supervisor_message::turn_over, supervisor_message::turn_lost> from;
  const node_base* model = nullptr;
  frame* step = nullptr;
  step_call what = step_call::begin;
  step_status status = step_status::done;
  bool is_ready = false;
};

/// The messages to a `node_actor`.
namespace node_message {
struct take_turn {
  ticket_ptr ticket;
};
/// Drop the step, if it is there.
struct drop_turn {
  const step_ticket* ticket;
};
/// The run is over.
struct stop {};
}  // namespace node_message

/// The actor of one node: takes its turns one by one, and lets those that
/// wait do so side by side.
class node_actor final : public fiber_actor {
 public:
  using messages = message_set<node_message::take_turn, node_message::drop_turn,
                               node_message::stop>;

  node_actor(caf::actor_config& config, home& at, system_core& core,
             call_origin of);

  call_origin origin() const override { return {run_.lock(), node_}; }

 private:
  friend class envelope;

  void on(node_message::take_turn asked);
  void on(node_message::drop_turn asked);
  void on(node_message::stop) { quit(); }
  void on_fibers() override;
  void on_timer(wake_key) override {}
  void on_stop(const caf::error& reason) noexcept override;

  void settle(ticket_ptr ticket, step_status status);

  /// Weak, as the run keeps its node actors.
  const std::weak_ptr<run_core> run_;
  const graph_node* const node_;
  std::vector<ticket_ptr> waiting_;
};

}  // namespace troupe::detail
