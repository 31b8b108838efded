// The part of a flow supervisor that makes what it does durable.

#include "core/system_core.hpp"
#include "run/flow_supervisor.hpp"
#include "run/placed_effects.hpp"

#include <exception>
#include <utility>

namespace troupe::detail {

namespace {

std::int64_t milliseconds_of(wall_time when) noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             when.time_since_epoch())
      .count();
}

/// The date after `wait`, in milliseconds, rounded up: a wait is never short.
std::int64_t due_after(wall_time now, duration wait) noexcept {
  constexpr auto longest = std::chrono::hours{24 * 365 * 100};
  const auto span = std::chrono::ceil<std::chrono::milliseconds>(
      std::min<duration>(wait, longest));
  return milliseconds_of(now) + 1 + span.count();
}

}  // namespace

step_keeper* flow_supervisor::keeper() noexcept {
  if (durable_) return durable_.get();
  return is_durable_anywhere() ? &placed_effects::only() : nullptr;
}

bool flow_supervisor::wait_for_retry() {
  retry_timer_ = wake_at(after(now(), rest_of_wait()), {own_timer, ++waits_});
  if (durable_ && from_.is_whole_run()) durable_->journal().end_turn();
  return false;
}

// The rest of a wait that began in an earlier life. A clock that was set back
// meanwhile does not make it longer than it was. The waits after it are whole.
duration flow_supervisor::rest_of_wait() {
  const auto whole = machine_.wait();
  auto* former = durable_ ? durable_->former() : nullptr;
  if (former == nullptr || former->due_ms == 0) return whole;
  const auto left =
      std::chrono::milliseconds{std::exchange(former->due_ms, 0) -
                                milliseconds_of(core().timers()->wall_now())};
  if (left <= std::chrono::milliseconds::zero()) return duration::zero();
  return std::min(whole, std::chrono::duration_cast<duration>(left));
}

// A step that goes on with a further attempt needs what `prep` gave. If that
// cannot be read any more, it begins again, which costs no attempt.
void flow_supervisor::restore_step() {
  const auto* former = durable_->former();
  if (!former->at || !former->prepared || machine_.is_over()) return;
  if (machine_.next() == machine::command::fan_out) return;
  try {
    driver_.restore(machine_.node(), *former->prepared, former->at->failure);
  } catch (...) {
    auto again = machine_.where();
    again.at = position::stage::begin;
    machine_ = machine{machine_.root(), run().options().steps_max,
                       machine_.seed(), again};
  }
}

void flow_supervisor::on_begun(begun_run& how) {
  const auto& id = durable_->journal().record().id;
  switch (how.how) {
    case begun_run::kind::created:
      durable_->on_committed(nullptr);
      break;
    case begun_run::kind::known:
    case begun_run::kind::conflict:
      durable_->cut_off(error{errc::id_taken,
                              "a run '" + id +
                                  "' is in the store already; start it by its "
                                  "id alone, or take another id"});
      break;
    case begun_run::kind::purged:
      durable_->cut_off(
          error{errc::id_taken, "a run '" + id +
                                    "' was in the store and has been purged; "
                                    "take another id"});
      break;
    case begun_run::kind::failed:
      durable_->on_committed(how.failure);
      break;
  }
  go_on_after_commit();
}

void flow_supervisor::on_committed(const commit_result& how) {
  durable_->on_committed(how);
  go_on_after_commit();
}

void flow_supervisor::go_on_after_commit() {
  if (const auto& why = durable_->failure(); why && !machine_.is_over()) {
    if (fan_out_) {
      fan_out_->fail(*why);
    } else {
      machine_.on_failed(*why);
    }
  }
  if (fan_out_) {
    fan_out_->on_kept();
    again();
    return;
  }
  advance();
}

void flow_supervisor::commit_recorded_step(std::optional<state>& written,
                                           const troupe::action& chosen) {
  delta wrote;
  if (written) {
    wrote = written->take_delta();
    if (shared_.recording()) {
      shared_.apply(wrote);
    } else {
      swap(shared_, *written);
    }
    written.reset();
  }
  if (durable_ == nullptr) {
    go_on_by(chosen);
    return;
  }
  if (fan_out_) wrote = take_writes_of_fan_out();
  const auto number = step_number();
  go_on_by(chosen);
  // Nobody executes the step again once it is kept, so nobody else warns.
  if (machine_.met_missing_edge()) tell_missing_edges();
  keep_step(number, chosen, std::move(wrote));
}

void flow_supervisor::keep_step(std::uint64_t number,
                                const troupe::action& chosen, delta wrote) {
  const bool is_whole = from_.is_whole_run();
  // The end of a sub-flow of one step tells all of it.
  if (!is_whole && machine_.is_over() && number == 0) return;
  try {
    std::optional<end_form> end;
    if (is_whole && machine_.is_over() && !machine_.was_cancelled()) {
      end = end_of_run();
    }
    durable_->keep_step(
        number, {machine_.where(), chosen, std::move(wrote), run().retries()},
        is_whole ? &shared_ : nullptr, end);
    // Whoever hears of the end waits for what this one has written as well.
    if (!is_whole && machine_.is_over()) durable_->wait_no_more();
  } catch (...) {
    auto why = error::from(std::current_exception());
    why.at_node(machine_.path());
    durable_->refuse(why);
    if (!machine_.is_over()) machine_.on_failed(std::move(why));
  }
}

void flow_supervisor::keep_attempt() {
  attempt_form made;
  made.then = machine_.where();
  if (made.then.at == position::stage::fall_back) {
    made.then.failure = driver_.failure();
  }
  if (machine_.next() == machine::command::wait) {
    made.due_ms = due_after(core().timers()->wall_now(), machine_.wait());
  }
  made.retries = run().retries();
  try {
    if (auto prepared = driver_.prepared_form()) {
      made.prepared = value{*std::move(prepared)};
    }
    durable_->keep_attempt(step_number(), made);
  } catch (...) {
    durable_->refuse(error::from(std::current_exception()));
    machine_.on_failed(*durable_->failure());
  }
}

// All that the sub-flows of the fan-out, and its `post`, have written.
delta flow_supervisor::take_writes_of_fan_out() {
  auto wrote = shared_.take_delta();
  durable_->after_fan_out(shared_, wrote);
  return wrote;
}

end_form flow_supervisor::end_of_run() const {
  end_form made;
  if (durable_->failure()) {
    made.failure = *durable_->failure();
  } else if (machine_.failure()) {
    made.failure = *machine_.failure();
  } else {
    made.action = machine_.action();
  }
  return made;
}

// Returns whether the end of the run is kept, as far as it can be.
bool flow_supervisor::keep_end() {
  if (!durable_ || !from_.is_whole_run()) return true;
  if (durable_->has_kept_end() || durable_->is_cut_off()) return true;
  auto status = run_status::finished;
  if (machine_.was_cancelled()) {
    status = durable_->is_parked() ? run_status::parked : run_status::cancelled;
  } else if (machine_.failure() || durable_->failure()) {
    status = run_status::failed;
  }
  durable_->keep_end(end_of_run(), status);
  return false;
}

}  // namespace troupe::detail
