#include "run/step_driver.hpp"

#include "core/system_core.hpp"
#include "run/flow_supervisor.hpp"

#include <cassert>

namespace troupe::detail {

step_driver::step_driver(flow_supervisor& owner, step_services& steps,
                         const state& shared)
    : owner_(owner), step_(shared, steps) {}

step_driver::~step_driver() { end_attempt(); }

step_status step_driver::run(step_call what, const machine& at,
                             watchdog::watch& watch) {
  const graph_node& node = at.node();
  if (what == step_call::begin) forget();
  step_.context = troupe::context{step_.context.host(), at.attempt()};
  step_.options = &node.options;
  step_.last_attempt = at.is_last_attempt();
  if (owner_.core().options().turns == turns::by_message) {
    send(what, node);
    return step_status::suspended;
  }
  step_.fibers = &owner_;
  step_.told = this;
  is_ready_ = false;
  watch.begin_turn(node);
  return take_turn(*node.model, what, step_);
}

void step_driver::restore(const graph_node& node, const value& prepared,
                          const std::optional<error>& failure) {
  node.model->restore(step_, prepared.to_json());
  if (failure) step_.failure = std::make_unique<error>(*failure);
}

void step_driver::send(step_call what, const graph_node& node) {
  if (!link_) {
    link_ = std::make_unique<node_link>();
    link_->ticket = caf::make_counted<step_ticket>();
  }
  auto& actor = actor_of(node);
  auto ticket = std::exchange(link_->ticket, nullptr);
  ticket->from = lite_ptr<flow_supervisor>{&owner_};
  ticket->model = node.model.get();
  ticket->step = &step_;
  ticket->what = what;
  link_->sent = ticket.get();
  link_->sent_to = lite_ptr<node_actor>{&actor};
  send_in_place(owner_, actor, node_message::take_turn{std::move(ticket)});
}

node_actor& step_driver::actor_of(const graph_node& node) {
  for (const auto& each : link_->actors) {
    if (each.node == &node) return *each.actor;
  }
  auto found =
      owner_.run().actors().find_or_spawn(node, owner_, owner_.running_on());
  return *link_->actors.emplace_back(node_link::known{&node, found}).actor;
}

step_status step_driver::take_back(ticket_ptr ticket) {
  link_->sent = nullptr;
  link_->ticket = std::move(ticket);
  return link_->ticket->status;
}

// The step goes to another actor.
void step_driver::on_actor_died() {
  link_->sent = nullptr;
  std::erase_if(link_->actors,
                [&](const auto& each) { return each.actor == link_->sent_to; });
  owner_.run().actors().forget(*link_->sent_to);
  link_->ticket = caf::make_counted<step_ticket>();
  link_->sent_to = nullptr;
}

void step_driver::call_back() noexcept {
  assert(is_at_node_actor());
  send_to(*link_->sent_to, node_message::drop_turn{link_->sent},
          owner_.running_on());
}

std::stop_token step_driver::stop_token() {
  auto* known = stop_.load(std::memory_order_acquire);
  if (known == nullptr) {
    auto made = std::make_unique<std::stop_source>();
    if (stop_.compare_exchange_strong(known, made.get(),
                                      std::memory_order_acq_rel)) {
      known = made.release();
    }
  }
  return known->get_token();
}

void step_driver::request_stop() noexcept {
  if (auto* stop = stop_.load(std::memory_order_acquire)) stop->request_stop();
}

void step_driver::end_attempt() noexcept {
  // Most attempts have nobody who asks for the token.
  if (stop_.load(std::memory_order_relaxed) == nullptr) return;
  const std::unique_ptr<std::stop_source> ended{
      stop_.exchange(nullptr, std::memory_order_acq_rel)};
  if (ended) ended->request_stop();
}

void step_driver::release() noexcept {
  if (is_at_node_actor()) {
    // The step, with its token, belongs to the actor of its node until that
    // one has let go.
    request_stop();
    call_back();
    return;
  }
  end_attempt();
  forget();
  link_.reset();
}

}  // namespace troupe::detail
