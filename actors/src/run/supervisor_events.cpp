// The part of a flow supervisor that tells its nodes, its parent and the
// readers of the event stream.

#include "core/cancel_order.hpp"
#include "core/system_core.hpp"
#include "run/detached_steps.hpp"
#include "run/flow_supervisor.hpp"

#include <troupe/detail/text/near_name.hpp>

#include <algorithm>
#include <cassert>
#include <new>
#include <string>
#include <utility>

namespace troupe::detail {

// With the step, as a flow may have several batches, and come to one again.
std::string flow_supervisor::sub_flow_id(std::size_t index) const {
  return run_id() + "/" + std::to_string(step()) + "/" + std::to_string(index);
}

std::optional<placed_work> flow_supervisor::work_elsewhere() const {
  if (!core().elsewhere()) return std::nullopt;
  placed_work what;
  what.label = machine_.node().options.on;
  what.flow = machine_.root().shared_from_this();
  what.node = machine_.path();
  what.origin = {run_id(), node_path(), step(), is_durable_anywhere()};
  what.params = params_;
  what.seed = seed();
  what.events = run().detail();
  what.events_max = run().options().events_max;
  what.sink = from_.run();
  return what;
}

std::shared_ptr<step_services> flow_supervisor::detach() {
  return std::make_shared<detached_steps>(steps(), from_.run());
}

void flow_supervisor::tell(event what) {
  what.at = now();
  what.run = run_id();
  what.step = step();
  if (what.node.empty()) what.node = node_path();
  run().tell(std::move(what));
}

void flow_supervisor::tell_of_attempt(step_call what) {
  event told;
  told.attempt = machine_.attempt();
  if (what == step_call::fall_back) {
    told.kind = event_kind::fallback;
    told.text = driver_.failure().message();
  } else {
    told.kind = event_kind::attempt;
  }
  tell(std::move(told));
}

void flow_supervisor::tell_of_step() {
  event told;
  told.kind = event_kind::step;
  told.attempt = machine_.attempt();
  told.text = driver_.action().name();
  tell(std::move(told));
}

void flow_supervisor::tell_of_failure() {
  const bool again = machine_.next() == machine::command::wait ||
                     machine_.next() == machine::command::retry_step;
  if (!again) return;
  event told;
  told.kind = event_kind::retry;
  told.attempt = *driver_.failure().attempt();
  told.text = driver_.failure().message();
  told.wait = machine_.wait();
  tell(std::move(told));
}

// Of a whole run the handle tells the end, last of all.
void flow_supervisor::tell_of_start() {
  if (!listens(from_.is_whole_run() ? event_detail::notable
                                    : event_detail::steps)) {
    return;
  }
  event told;
  told.kind = event_kind::started;
  tell(std::move(told));
}

void flow_supervisor::tell_of_end() {
  if (!listens(event_detail::steps)) return;
  event told;
  told.kind = event_kind::finished;
  told.text = machine_.failure() ? machine_.failure()->describe()
                                 : std::string{machine_.action().name()};
  tell(std::move(told));
}

void flow_supervisor::report_to_parent() {
  auto result = caf::make_counted<branch_result>();
  result->place = from_.place();
  auto& end = result->end;
  end.index = index();
  end.wrote = shared_.take_delta();
  // Not by the code: a node may throw the `cancelled` of another run.
  if (machine_.was_cancelled()) {
    end.how = branch_outcome::kind::cancelled;
  } else if (const auto failure = machine_.failure()) {
    end.how = branch_outcome::kind::failed;
    error why = *failure;
    why.at_item(index());
    end.failure = std::make_shared<const error>(std::move(why));
  } else {
    end.how = branch_outcome::kind::finished;
    end.action = machine_.action();
  }
  send_to(*from_.parent(),
          supervisor_message::branch_done{from_.place(), std::move(result)},
          context());
}

error flow_supervisor::death_by(const caf::error& reason) const {
  // An actor without a reason had no memory for one.
  const auto text = reason ? to_string(reason) : std::string{};
  const bool had_no_memory =
      text.empty() || text.find("std::bad_alloc") != std::string::npos;
  error why = had_no_memory
                  ? died_for_want_of_memory()
                  : error{errc::actor_died, "its supervisor died: " + text};
  return why.at_node(machine_.path());
}

void flow_supervisor::report_death_to_parent(
    const caf::error& reason) noexcept {
  branch_result_ptr result;
  try {
    auto made = caf::make_counted<branch_result>();
    made->place = from_.place();
    made->died = true;
    made->end.index = index();
    made->end.how = branch_outcome::kind::failed;
    made->end.failure = std::make_shared<const error>(
        std::move(death_by(reason).at_item(index())));
    result = std::move(made);
  } catch (const std::bad_alloc&) {
    // The place alone tells who it was.
  }
  send_to(*from_.parent(),
          supervisor_message::branch_done{from_.place(), std::move(result)});
}

void flow_supervisor::tell_missing_edges() {
  for (auto& each : machine_.take_missing_edges()) {
    event told;
    told.kind = event_kind::warning;
    told.node = std::move(each.node);
    told.text = std::move(each.text);
    tell(std::move(told));
  }
}

std::optional<error> flow_supervisor::undeclared(
    const troupe::action& chosen) const {
  assert(!chosen.is_default());
  if (machine_.next() == machine::command::fan_out) return std::nullopt;
  const auto declared = machine_.node().model->declared_actions();
  if (declared.empty() || std::find(declared.begin(), declared.end(),
                                    chosen.name()) != declared.end()) {
    return std::nullopt;
  }
  std::string text = "returned the action '" + std::string{chosen.name()} +
                     "', which it does not declare";
  if (const auto near = near_name(chosen.name(), declared)) {
    text += "; did you mean '" + std::string{*near} + "'?";
  }
  return error{errc::undeclared_action, std::move(text)};
}

time_point detached_steps::now() const noexcept {
  return run_->system().at().timers->now();
}

void detached_steps::tell(event what) {
  what.at = now();
  what.run = run_id_;
  what.step = step_;
  what.node = node_path_;
  run_->tell(std::move(what));
}

std::shared_ptr<step_services> detached_steps::detach() {
  return std::make_shared<detached_steps>(*this);
}

}  // namespace troupe::detail
