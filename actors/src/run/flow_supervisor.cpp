#include "run/flow_supervisor.hpp"

#include "core/cancel_order.hpp"
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

/// Tells the timer of the deadline from those of retries.
constexpr std::uint32_t deadline_generation = ~std::uint32_t{0};

}  // namespace

flow_supervisor::flow_supervisor(caf::actor_config& config, home& at,
                                 std::shared_ptr<run_core> run, state initial)
    : fiber_actor(config, at, run->system()),
      run_(std::move(run)),
      params_(run_->options().params),
      shared_(std::move(initial)),
      machine_(run_->work().model(), run_->options().steps_max, run_->seed()),
      frame_(shared_, *this) {}

flow_supervisor::flow_supervisor(caf::actor_config& config, home& at,
                                 flow_supervisor& parent,
                                 const branch_start& start)
    : fiber_actor(config, at, parent.core()),
      run_(parent.run_),
      parent_(&parent),
      place_(start.place),
      index_(start.index),
      params_(start.params),
      shared_(*start.snapshot),
      machine_(*start.body, run_->options().steps_max,
               mixed(parent.seed(), start.index)),
      frame_(shared_, *this) {
  shared_.record();
}

// -- messages -----------------------------------------------------------------

void flow_supervisor::on_start() {
  tell_of_start();
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
  if (!std::exchange(is_ready_, false)) return;
  step_status status{};
  {
    watchdog::watch watch{core().dog(), *run_};
    watch.begin_turn(machine_.node());
    status = machine_.node().model->resume(frame_);
  }
  if (status == step_status::suspended) return;
  settle(status);
  advance();
}

void flow_supervisor::set_deadline(duration limit) {
  deadline_timer_ =
      wake_at(after(now(), limit), {own_timer, deadline_generation});
}

void flow_supervisor::on_timer(wake_key key) {
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
  watchdog::watch watch{core().dog(), *run_};
  for (int left = steps_per_turn;;) {
    if (machine_.met_missing_edge()) tell_missing_edges();
    if (machine_.is_over()) {
      finish();
      return;
    }
    if (!carry_out(watch)) return;
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
      frame_.kept.reset();
      return run_step(turn_kind::begin, watch);
    case machine::command::retry_step:
      return run_step(turn_kind::retry, watch);
    case machine::command::fall_back:
      return run_step(turn_kind::fall_back, watch);
    case machine::command::wait:
      return wait_for_retry();
    case machine::command::fan_out:
      return start_fan_out();
    case machine::command::finish:
      break;
  }
  return true;
}

bool flow_supervisor::run_step(turn_kind what, watchdog::watch& watch) {
  const graph_node& node = machine_.node();
  frame_.context = troupe::context{*this, machine_.attempt()};
  frame_.options = &node.options;
  frame_.last_attempt = machine_.is_last_attempt();
  if (listens(event_detail::steps)) tell_of_attempt(what);
  if (!in_place()) {
    send_step(what);
    return false;
  }
  frame_.fibers = this;
  frame_.told = this;
  is_ready_ = false;
  watch.begin_turn(node);
  const auto status = take_turn(*node.model, what, frame_);
  if (status == step_status::suspended) return false;
  settle(status);
  return true;
}

bool flow_supervisor::in_place() const noexcept {
  return core().options().turns == turns::in_place;
}

void flow_supervisor::send_step(turn_kind what) {
  if (!line_) {
    line_ = std::make_unique<node_line>();
    line_->ticket = caf::make_counted<step_ticket>();
  }
  const graph_node& node = machine_.node();
  auto& actor = actor_of(node);
  auto ticket = std::exchange(line_->ticket, nullptr);
  ticket->from = lite_ptr<flow_supervisor>{this};
  ticket->model = node.model.get();
  ticket->step = &frame_;
  ticket->what = what;
  line_->sent = ticket.get();
  line_->sent_to = lite_ptr<node_actor>{&actor};
  send_in_place(*this, actor, node_message::take_turn{std::move(ticket)});
}

node_actor& flow_supervisor::actor_of(const graph_node& node) {
  for (const auto& each : line_->actors) {
    if (each.node == &node) return *each.actor;
  }
  auto found = run_->actors().find_or_spawn(node, *this, context());
  return *line_->actors.emplace_back(node_line::known{&node, found}).actor;
}

// The actor of the node died; the step goes to another one.
void flow_supervisor::on(supervisor_message::turn_lost) {
  line_->sent = nullptr;
  std::erase_if(line_->actors,
                [&](const auto& each) { return each.actor == line_->sent_to; });
  run_->actors().forget(*line_->sent_to);
  line_->ticket = caf::make_counted<step_ticket>();
  line_->sent_to = nullptr;
  if (!machine_.is_over()) machine_.on_died();
  advance();
}

void flow_supervisor::on(supervisor_message::turn_over came) {
  line_->sent = nullptr;
  line_->ticket = std::move(came.ticket);
  if (!machine_.is_over()) settle(line_->ticket->status);
  advance();
}

void flow_supervisor::settle(step_status status) {
  if (stop_.load(std::memory_order_relaxed) != nullptr) end_attempt();
  switch (status) {
    case step_status::done: {
      frame_.kept.reset();
      if (listens(event_detail::steps)) tell_of_step();
      const auto& model = *machine_.node().model;
      if (!frame_.action.is_default() && !declares(model, frame_.action)) {
        machine_.on_failed(error{errc::undeclared_action,
                                 "returned the action '" +
                                     std::string{frame_.action.name()} +
                                     "', which it does not declare"});
        break;
      }
      machine_.on_done(frame_.action);
      break;
    }
    case step_status::exec_failed: {
      frame_.failure->at_node(machine_.path());
      frame_.failure->at_attempt(machine_.attempt());
      machine_.on_exec_failed(*frame_.failure,
                              [this] { return run_->take_retry(); });
      if (listens(event_detail::steps)) tell_of_failure();
      break;
    }
    case step_status::failed:
      machine_.on_failed(std::move(*frame_.failure));
      frame_.failure.reset();
      break;
    case step_status::suspended:
      break;
  }
}

bool flow_supervisor::wait_for_retry() {
  retry_timer_ = wake_at(after(now(), machine_.wait()), {own_timer, ++waits_});
  return false;
}

// -- fan-outs -----------------------------------------------------------------

bool flow_supervisor::start_fan_out() {
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
  if (!fan_out_) return;
  fan_out_->on_placed_result(place,
                             std::move(brought.content_as<placed_result>()));
  again();
}

// Returns whether the fan-out is over.
bool flow_supervisor::go_on_with_fan_out() {
  if (fan_out_->start_some()) again();
  if (!fan_out_->is_over()) return false;
  if (machine_.is_over()) {
    fan_out_->merge_rest();
  } else {
    fan_out_->conclude();
  }
  fan_out_.reset();
  return true;
}

// -- the end ------------------------------------------------------------------

void flow_supervisor::cancel(const error& why) {
  if (machine_.is_over()) return;
  machine_.on_cancel(why);
  if (auto* stop = stop_.load(std::memory_order_acquire)) stop->request_stop();
  if (fan_out_) {
    fan_out_->stop();
    again();
    return;
  }
  if (is_away()) {
    send_to(*line_->sent_to, node_message::drop_turn{line_->sent}, context());
    return;
  }
  release();
  has_just_stopped_ = true;
  again();
}

void flow_supervisor::finish() {
  if (has_reported_) return;
  release();
  if (parent_ || run_->origin() != nullptr) tell_of_end();
  if (parent_) {
    report_to_parent();
  } else {
    outcome ended;
    if (machine_.failure()) {
      ended.failure = *machine_.failure();
    } else {
      ended.action = machine_.action();
    }
    if (run_->origin() != nullptr) run_->set_wrote(shared_.take_delta());
    ended.state = std::move(shared_);
    run_->end(std::move(ended));
  }
  // Not before: an actor that ends by an exception of this has to report that.
  has_reported_ = true;
  quit();
}

// Drops what must not outlive the actor's turns: coroutines and timers.
void flow_supervisor::release() noexcept {
  if (is_away()) {
    // The step, with its token, belongs to the actor of its node until that
    // one has let go.
    if (auto* stop = stop_.load(std::memory_order_acquire)) {
      stop->request_stop();
    }
    send_to(*line_->sent_to, node_message::drop_turn{line_->sent}, context());
  } else {
    end_attempt();
    frame_.kept.reset();
    line_.reset();
  }
  if (retry_timer_ != 0) cancel_timer(std::exchange(retry_timer_, 0));
  if (deadline_timer_ != 0) cancel_timer(std::exchange(deadline_timer_, 0));
}

void flow_supervisor::on_stop(const caf::error& reason) noexcept {
  if (has_reported_) return;
  has_reported_ = true;
  release();
  if (fan_out_) fan_out_->stop();
  fan_out_.reset();
  if (parent_) {
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
  if (!is_away()) ended.state = std::move(shared_);
  run_->end(std::move(ended));
}

}  // namespace troupe::detail
