#include "run/flow_supervisor.hpp"

#include "core/cancel_order.hpp"
#include "core/current_step.hpp"
#include "core/system_core.hpp"
#include "run/detached_steps.hpp"

#include <troupe/detail/value/mixed.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace troupe::detail {

namespace {

/// Steps of one run before other actors of the thread get a turn.
constexpr int steps_per_turn = 256;

/// Tell the timers of the deadline and of the turn from those of retries.
constexpr std::uint32_t deadline_generation = ~std::uint32_t{0};
constexpr std::uint32_t turn_generation = deadline_generation - 1;

// A step whose `prep` left nothing to go on with begins again.
machine machine_at(const flow_graph& root, std::uint64_t steps_max,
                   std::uint64_t seed, const resume_point* from) {
  if (from == nullptr || !from->at) return {root, steps_max, seed};
  position at = *from->at;
  const bool needs_prepared =
      at.at == position::stage::retry || at.at == position::stage::fall_back;
  if (needs_prepared && !from->prepared) at.at = position::stage::begin;
  return {root, steps_max, seed, at};
}

}  // namespace

flow_supervisor::flow_supervisor(caf::actor_config& config, home& at,
                                 std::shared_ptr<run_core> run, state initial)
    : fiber_actor(config, at, run->system()),
      from_(std::move(run)),
      params_(this->run().options().params),
      shared_(std::move(initial)),
      machine_(machine_at(this->run().work().model(),
                          this->run().options().steps_max, this->run().seed(),
                          this->run().point().get())),
      driver_(*this, *this, shared_) {
  if (auto* journal = this->run().journal()) {
    durable_ = std::make_unique<durable_part>(*this, *journal, from_.address(),
                                              state{}, this->run().point());
  }
  if (shared_.recording() || durable_) driver_.record();
}

flow_supervisor::flow_supervisor(caf::actor_config& config, home& at,
                                 flow_supervisor& parent,
                                 const branch_start& start)
    : fiber_actor(config, at, parent.core()),
      from_(parent, start),
      params_(start.params),
      shared_(*start.snapshot),
      machine_(machine_at(*start.body, run().options().steps_max,
                          mixed(parent.seed(), start.index), start.from.get())),
      driver_(*this, *this, shared_) {
  shared_.record();
  driver_.record();
  if (auto* journal = run().journal()) {
    if (start.from) {
      for (const auto& each : start.from->wrote) shared_.apply(each);
    }
    durable_ = std::make_unique<durable_part>(*this, *journal, from_.address(),
                                              *start.snapshot, start.from);
  }
}

// -- messages -----------------------------------------------------------------

void flow_supervisor::on_start() {
  tell_of_start();
  if (durable_ && from_.is_whole_run()) durable_->begin();
  if (durable_ && durable_->former() != nullptr) {
    restore_step();
    if (from_.is_whole_run()) limit_turn();
  }
  advance();
}

void flow_supervisor::on_turn() {
  // Whatever runs in a cancelled batch stops before the first of it reports.
  if (std::exchange(has_just_stopped_, false)) {
    again();
    return;
  }
  if (fan_out_) {
    if (!go_on_with_fan_out()) return;
  }
  advance();
}

void flow_supervisor::on(const supervisor_message::cancel& asked) {
  cancel(asked.order ? asked.order->why : cancelled_for_no_reason());
}

void flow_supervisor::on_fibers() {
  if (!driver_.take_ready()) return;
  step_status status{};
  {
    watchdog::watch watch{core().dog(), run()};
    const current_step step{durable_.get()};
    watch.begin_turn(machine_.node());
    status = driver_.resume(machine_.node());
  }
  if (status == step_status::suspended) return;
  settle(status);
  advance();
}

void flow_supervisor::set_deadline(duration limit) {
  deadline_timer_ =
      wake_at(after(now(), limit), {own_timer, deadline_generation});
}

void flow_supervisor::limit_turn() {
  const auto longest = durable_->journal().turn_max();
  if (!longest) return;
  turn_timer_ = wake_at(after(now(), *longest), {own_timer, turn_generation});
}

void flow_supervisor::on_timer(wake_key key) {
  if (key.generation == turn_generation) {
    turn_timer_ = 0;
    durable_->journal().end_turn();
    return;
  }
  if (key.generation == deadline_generation) {
    deadline_timer_ = 0;
    cancel(error{errc::cancelled, "the deadline of the run has passed"});
    return;
  }
  if (key.generation != waits_ || machine_.is_over()) return;
  machine_.on_waited();
  advance();
}

// -- steps --------------------------------------------------------------------

void flow_supervisor::advance() {
  if (durable_ && durable_->is_waiting()) return;
  watchdog::watch watch{core().dog(), run()};
  for (int left = steps_per_turn;;) {
    if (machine_.met_missing_edge()) tell_missing_edges();
    if (machine_.is_over()) {
      finish();
      return;
    }
    if (!carry_out(watch)) return;
    if (durable_ && durable_->is_waiting()) return;
    if (--left == 0 || has_mail()) {
      again();
      return;
    }
  }
}

// Returns whether the command has been carried out; else something will come.
bool flow_supervisor::carry_out(watchdog::watch& watch) {
  switch (machine_.next()) {
    case machine::command::begin_step:
      return run_step(step_call::begin, watch);
    case machine::command::retry_step:
      return run_step(step_call::retry, watch);
    case machine::command::fall_back:
      return run_step(step_call::fall_back, watch);
    case machine::command::wait:
      return wait_for_retry();
    case machine::command::fan_out:
      return start_fan_out();
    case machine::command::finish:
      break;
  }
  return true;
}

bool flow_supervisor::run_step(step_call what, watchdog::watch& watch) {
  // After a wait of an earlier life, of which no more is known.
  if (what == step_call::retry && !driver_.has_values()) {
    what = step_call::begin;
  }
  if (durable_) durable_->on_attempt();
  if (listens(event_detail::steps)) tell_of_attempt(what);
  const current_step step{durable_.get()};
  const auto status = driver_.run(what, machine_, watch);
  if (status == step_status::suspended) return false;
  settle(status);
  return true;
}

// The actor of the node died; the step goes to another one.
void flow_supervisor::on(supervisor_message::turn_lost) {
  driver_.on_actor_died();
  if (!machine_.is_over()) machine_.on_died();
  advance();
}

void flow_supervisor::on(supervisor_message::turn_over came) {
  const auto status = driver_.take_back(std::move(came.ticket));
  if (!machine_.is_over()) {
    settle(status);
  } else if (status == step_status::done) {
    commit_step(driver_.written(), driver_.action());
  }
  advance();
}

void flow_supervisor::settle(step_status status) {
  driver_.end_attempt();
  // It may have failed because its system ends, which the next life makes good.
  if (status != step_status::done && durable_ && durable_->is_parked()) {
    machine_.on_cancel(parked());
    return;
  }
  switch (status) {
    case step_status::done: {
      driver_.drop_values();
      run().count_step();
      if (listens(event_detail::steps)) tell_of_step();
      commit_step(driver_.written(), driver_.action());
      break;
    }
    case step_status::exec_failed: {
      auto& why = driver_.failure();
      why.at_node(machine_.path());
      why.at_attempt(machine_.attempt());
      machine_.on_exec_failed(why, [this] { return run().take_retry(); });
      if (durable_ && !machine_.is_over()) keep_attempt();
      if (listens(event_detail::steps)) tell_of_failure();
      break;
    }
    case step_status::failed:
      machine_.on_failed(driver_.take_failure());
      break;
    case step_status::suspended:
      break;
  }
}

void flow_supervisor::commit_step(std::optional<state>& written,
                                  const troupe::action& chosen) {
  // Most steps are like this; what a journal is told costs as much as they do.
  if (!records()) {
    if (written) swap(shared_, *written);
    written.reset();
    go_on_by(chosen);
    return;
  }
  commit_recorded_step(written, chosen);
}

// A step that was over before a cancel reached it leads nowhere.
void flow_supervisor::go_on_by(const troupe::action& chosen) {
  if (machine_.is_over()) return;
  if (!chosen.is_default()) {
    if (const auto why = undeclared(chosen)) {
      machine_.on_failed(*why);
      return;
    }
  }
  machine_.on_done(chosen);
}

void flow_supervisor::commit_branch(std::size_t index, const delta& wrote,
                                    merger* by) {
  if (by == nullptr) {
    shared_.apply(wrote);
  } else {
    by->merge(shared_, index, wrote);
  }
}

// -- fan-outs -----------------------------------------------------------------

bool flow_supervisor::start_fan_out() {
  // The writes of the sub-flows are a part of this step.
  if (durable_) durable_->on_fan_out(shared_);
  fan_out_ = std::make_unique<fan_out_run>(*this, machine_.fan_out());
  return go_on_with_fan_out();
}

void flow_supervisor::on(supervisor_message::branch_done came) {
  if (!fan_out_) return;
  if (came.result) {
    fan_out_->on_result(std::move(came.result));
  } else {
    fan_out_->on_lost(came.place);
  }
  // Results come in crowds: places are filled after all that wait are taken.
  again();
}

// A sub-flow that was placed elsewhere has ended.
void flow_supervisor::on_own_answer(std::uint32_t place, answer& brought) {
  if (place == commit_wait) {
    on_committed(brought.content_as<commit_result>());
    return;
  }
  if (place == begin_wait) {
    on_begun(brought.content_as<begun_run>());
    return;
  }
  if (!fan_out_) return;
  fan_out_->on_placed_result(place,
                             std::move(brought.content_as<placed_result>()));
  again();
}

// Returns whether the fan-out is over.
bool flow_supervisor::go_on_with_fan_out() {
  if (durable_ && durable_->is_waiting()) return false;
  if (fan_out_->start_some()) again();
  if (!fan_out_->is_over()) return false;
  if (!machine_.is_over()) fan_out_->conclude();
  fan_out_.reset();
  return true;
}

// -- the end ------------------------------------------------------------------

void flow_supervisor::cancel(const error& why) {
  if (machine_.is_over()) return;
  machine_.on_cancel(why);
  driver_.request_stop();
  if (fan_out_) {
    fan_out_->stop();
    again();
    return;
  }
  if (driver_.is_at_node_actor()) {
    driver_.call_back();
    return;
  }
  release();
  has_just_stopped_ = true;
  again();
}

void flow_supervisor::finish() {
  if (has_reported_ || !keep_end()) return;
  release();
  if (!from_.is_whole_run()) tell_of_end();
  if (from_.parent() != nullptr) {
    report_to_parent();
  } else {
    outcome ended;
    if (durable_ && durable_->failure()) {
      ended.failure = *durable_->failure();
    } else if (machine_.failure()) {
      ended.failure = *machine_.failure();
    } else {
      ended.action = machine_.action();
    }
    if (from_.is_part_of_run_elsewhere()) run().set_wrote(shared_.take_delta());
    ended.state = std::move(shared_);
    run().end(std::move(ended));
  }
  // Not before: an actor that ends by an exception of this has to report that.
  has_reported_ = true;
  quit();
}

// Drops what must not outlive the actor's turns: coroutines and timers.
void flow_supervisor::release() noexcept {
  driver_.release();
  if (retry_timer_ != 0) cancel_timer(std::exchange(retry_timer_, 0));
  if (deadline_timer_ != 0) cancel_timer(std::exchange(deadline_timer_, 0));
  if (turn_timer_ != 0) cancel_timer(std::exchange(turn_timer_, 0));
}

void flow_supervisor::on_stop(const caf::error& reason) noexcept {
  if (has_reported_) return;
  has_reported_ = true;
  release();
  if (fan_out_) fan_out_->stop();
  fan_out_.reset();
  if (from_.parent() != nullptr) {
    report_death_to_parent(reason);
    return;
  }
  outcome ended;
  ended.failure = died_for_want_of_memory();
  try {
    ended.failure = death_by(reason);
  } catch (const std::bad_alloc&) {
    // There is no memory for more.
  }
  if (!driver_.is_at_node_actor()) ended.state = std::move(shared_);
  run().end(std::move(ended));
}

}  // namespace troupe::detail
