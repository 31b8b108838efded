#include "run/node_actor.hpp"

#include "core/cancel_order.hpp"
#include "core/current_step.hpp"
#include "core/node_actors.hpp"
#include "core/run_core.hpp"

#include <troupe/detail/node/flow_graph.hpp>

#include <algorithm>
#include <utility>

namespace troupe::detail {

namespace {

step_keeper* keeper_of(const step_ticket& ticket) {
  return ticket.step->context.host().keeper();
}

}  // namespace

step_status take_turn(const node_base& model, step_call what, frame& step) {
  switch (what) {
    case step_call::begin:
      return model.begin(step);
    case step_call::retry:
      return model.retry(step);
    case step_call::fall_back:
      return model.fall_back(step);
  }
  return step_status::failed;
}

step_ticket::~step_ticket() {
  if (from) send_to(from, supervisor_message::turn_lost{});
}

node_actor::node_actor(caf::actor_config& config, home& at, system_core& core,
                       call_origin of)
    : fiber_actor(config, at, core), run_(of.run), node_(of.node) {}

void node_actor::on(node_message::take_turn asked) {
  auto& ticket = asked.ticket;
  // Before the turn: a step that waits must not be lost afterwards.
  if (waiting_.size() == waiting_.capacity()) {
    waiting_.reserve(std::max<std::size_t>(4, 2 * waiting_.size()));
  }
  ticket->is_ready = false;
  ticket->step->fibers = this;
  ticket->step->told = ticket.get();
  const current_step step{keeper_of(*ticket)};
  const auto status =
      detail::take_turn(*ticket->model, ticket->what, *ticket->step);
  settle(std::move(ticket), status);
}

void node_actor::on(node_message::drop_turn asked) {
  const auto at = std::find(waiting_.begin(), waiting_.end(), asked.ticket);
  // Otherwise its turn was over before it was to be dropped.
  if (at == waiting_.end()) return;
  auto dropped = std::move(*at);
  waiting_.erase(at);
  dropped->step->kept.reset();
  // Nobody reads why: the run has been told to end.
  dropped->step->failure = std::make_unique<error>(cancelled_for_no_reason());
  settle(std::move(dropped), step_status::failed);
}

void node_actor::on_fibers() {
  for (std::size_t i = 0; i < waiting_.size();) {
    if (!waiting_[i]->is_ready) {
      ++i;
      continue;
    }
    auto ticket = std::exchange(waiting_[i], waiting_.back());
    waiting_.pop_back();
    ticket->is_ready = false;
    const current_step step{keeper_of(*ticket)};
    const auto status = ticket->model->resume(*ticket->step);
    settle(std::move(ticket), status);
  }
}

void node_actor::on_stop(const caf::error&) noexcept {
  for (const auto& ticket : waiting_) ticket->step->kept.reset();
  waiting_.clear();
}

void node_actor::settle(ticket_ptr ticket, step_status status) {
  if (status == step_status::suspended) {
    waiting_.push_back(std::move(ticket));
    return;
  }
  ticket->status = status;
  const auto from = std::exchange(ticket->from, {});
  send_to(from, supervisor_message::turn_over{std::move(ticket)}, context());
}

node_actors::node_actors() = default;
node_actors::~node_actors() = default;

lite_ptr<node_actor> node_actors::find_or_spawn(const graph_node& node,
                                                fiber_actor& asker,
                                                exec_ctx* from) {
  const std::lock_guard lock{mutex_};
  auto& found = actors_[&node];
  if (!found) {
    found = spawn_lite<node_actor>(asker.at(), from, asker.core(),
                                   call_origin{asker.origin().run, &node});
  }
  return found;
}

void node_actors::forget(const node_actor& dead) {
  const std::lock_guard lock{mutex_};
  std::erase_if(actors_,
                [&](const auto& each) { return each.second.get() == &dead; });
}

void node_actors::stop() {
  decltype(actors_) stopped;
  {
    const std::lock_guard lock{mutex_};
    stopped.swap(actors_);
  }
  // One that has asked somebody stays reachable until it gets its answer.
  for (auto& [node, actor] : stopped) {
    auto* const left = actor.get();
    const caf::weak_actor_ptr known{caf::actor_control_block::from(left)};
    actor.reset();
    if (const auto held = known.lock()) send_to(*left, node_message::stop{});
  }
}

}  // namespace troupe::detail
