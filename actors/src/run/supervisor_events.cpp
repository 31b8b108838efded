// What a flow supervisor tells its nodes, its parent and the readers of the
// event stream.

#include "core/cancel_order.hpp"
#include "core/system_core.hpp"
#include "run/detached_steps.hpp"
#include "run/flow_supervisor.hpp"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace troupe::detail {

std::string flow_supervisor::run_id() const {
  if (!parent_) return run_->id();
  return parent_->sub_flow_id(index_);
}

// With the step, as a flow may have several batches, and come to one again.
std::string flow_supervisor::sub_flow_id(std::size_t index) const {
  return run_id() + "/" + std::to_string(step()) + "/" + std::to_string(index);
}

// An attempt that is made for another process stands where it stands there.
std::string flow_supervisor::node_path() const {
  const auto* origin = run_->origin();
  if (parent_ || origin == nullptr || origin->node_path.empty()) {
    return machine_.path();
  }
  return origin->node_path;
}

std::uint64_t flow_supervisor::step() const noexcept {
  const auto* origin = run_->origin();
  return machine_.step() + (parent_ || origin == nullptr ? 0 : origin->step);
}

std::optional<placed_work> flow_supervisor::work_elsewhere() const {
  if (!core().elsewhere()) return std::nullopt;
  placed_work what;
  what.label = machine_.node().options.on;
  what.flow = machine_.root().shared_from_this();
  what.node = machine_.path();
  what.origin = {run_id(), node_path(), step()};
  what.params = params_;
  what.seed = seed();
  what.events = run_->options().events;
  what.events_max = run_->options().events_max;
  what.sink = run_;
  return what;
}

// An attempt that is made for another process has the seed of its step there.
std::uint64_t flow_supervisor::seed() const noexcept {
  const auto* origin = run_->origin();
  if (!parent_ && origin != nullptr && !origin->node_path.empty()) {
    return machine_.seed();
  }
  return machine_.step_seed();
}

// A node actor may ask for the token while the supervisor ends the attempt.
std::stop_token flow_supervisor::stop_token() {
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

flow_supervisor::~flow_supervisor() { end_attempt(); }

void flow_supervisor::end_attempt() {
  const std::unique_ptr<std::stop_source> ended{
      stop_.exchange(nullptr, std::memory_order_acq_rel)};
  if (ended) ended->request_stop();
}

std::shared_ptr<step_host> flow_supervisor::detach() {
  return std::make_shared<detached_steps>(steps(), run_);
}

void flow_supervisor::tell(event what) {
  what.at = now();
  what.run = run_id();
  what.step = step();
  if (what.node.empty()) what.node = node_path();
  run_->tell(std::move(what));
}

void flow_supervisor::tell_of_attempt(turn_kind what) {
  event told;
  told.attempt = machine_.attempt();
  if (what == turn_kind::fall_back) {
    told.kind = event_kind::fallback;
    told.text = frame_.failure->message();
  } else {
    told.kind = event_kind::attempt;
  }
  tell(std::move(told));
}

void flow_supervisor::tell_of_step() {
  event told;
  told.kind = event_kind::step;
  told.attempt = machine_.attempt();
  told.text = frame_.action.name();
  tell(std::move(told));
}

void flow_supervisor::tell_of_failure() {
  const bool again = machine_.next() == machine::command::wait ||
                     machine_.next() == machine::command::retry_step;
  if (!again) return;
  event told;
  told.kind = event_kind::retry;
  told.attempt = *frame_.failure->attempt();
  told.text = frame_.failure->message();
  told.wait = machine_.wait();
  tell(std::move(told));
}

// Of a whole run the handle tells the end, last of all.
void flow_supervisor::tell_of_start() {
  const bool is_sub_flow = parent_ || run_->origin() != nullptr;
  if (!listens(is_sub_flow ? event_detail::steps : event_detail::notable)) {
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
  result->place = place_;
  result->index = index_;
  result->wrote = shared_.take_delta();
  // Not by the code: a node may throw the `cancelled` of another run.
  if (machine_.was_cancelled()) {
    result->how = branch_outcome::kind::cancelled;
  } else if (const auto failure = machine_.failure()) {
    result->how = branch_outcome::kind::failed;
    error why = *failure;
    why.at_item(index_);
    result->failure = std::make_shared<const error>(std::move(why));
  } else {
    result->how = branch_outcome::kind::finished;
    result->action = machine_.action();
  }
  send_to(*parent_, supervisor_message::branch_done{place_, std::move(result)},
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
    made->place = place_;
    made->index = index_;
    made->died = true;
    made->how = branch_outcome::kind::failed;
    made->failure = std::make_shared<const error>(
        std::move(death_by(reason).at_item(index_)));
    result = std::move(made);
  } catch (const std::bad_alloc&) {
    // The place alone tells who it was.
  }
  send_to(*parent_, supervisor_message::branch_done{place_, std::move(result)});
}

void flow_supervisor::tell_missing_edges() {
  for (auto& each : machine_.take_missing_edges()) {
    if (!listens(event_detail::notable)) continue;
    event told;
    told.kind = event_kind::warning;
    told.node = std::move(each.node);
    told.text = std::move(each.text);
    tell(std::move(told));
  }
}

bool flow_supervisor::declares(const node_model& model,
                               const troupe::action& chosen) {
  const auto declared = model.declared_actions();
  return declared.empty() || std::find(declared.begin(), declared.end(),
                                       chosen.name()) != declared.end();
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

std::shared_ptr<step_host> detached_steps::detach() {
  return std::make_shared<detached_steps>(*this);
}

}  // namespace troupe::detail
