#include "core/run_core.hpp"

#include "core/blocking_pool.hpp"
#include "core/caller_turns.hpp"
#include "core/cancel_order.hpp"
#include "core/semaphore_actor.hpp"
#include "core/system_core.hpp"
#include "threads/node_thread.hpp"
#include "threads/wait_at_most.hpp"

#include <troupe/printable.hpp>
#include <troupe/protocol.hpp>

#include <algorithm>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

namespace troupe {

namespace detail {

namespace {

/// The most runs that await each other and are looked at for permits.
constexpr std::size_t awaiting_runs_max = 1'024;

constexpr std::size_t warnings_max = 32;
constexpr std::size_t warning_bytes_max = 1'000;

run_options with_seed(run_options options, system_core& system) {
  if (!options.seed) options.seed = system.next_seed();
  return options;
}

event_detail detail_for(const run_options& options, system_core& system) {
  return system.options().observer ? event_detail::steps : options.events;
}

}  // namespace

run_core::run_core(system_core& system, flow work, run_options options,
                   std::string id)
    : system_(system),
      work_(std::move(work)),
      options_(with_seed(std::move(options), system)),
      id_(std::move(id)),
      detail_(detail_for(options_, system)),
      log_(system.log()),
      events_({options_.events_max, options_.event_bytes_max}) {}

run_core::run_core(system_core& system, flow work, run_options options,
                   run_elsewhere part_of)
    : system_(system),
      work_(std::move(work)),
      options_(with_seed(std::move(options), system)),
      id_(part_of.origin.run_id),
      part_of_(std::make_unique<const run_elsewhere>(std::move(part_of))),
      detail_(detail_for(options_, system)),
      log_(system.log()),
      events_({options_.events_max, options_.event_bytes_max}) {}

run_core::~run_core() {
  if (listed_.is_listed) system_.unlist(*this);
}

void run_core::tell(event what) {
  // Those from elsewhere have one.
  if (what.wall == wall_time{}) what.wall = system_.at().timers->wall_now();
  const bool is_warning = what.kind == event_kind::warning;
  // Of a part of a run elsewhere its warnings are told there.
  if (is_warning && !part_of_) keep_warning(what);
  observe(what);
  show(std::move(what));
}

// Tells the readers of the stream, unless they asked for less.
void run_core::show(event what) {
  const bool is_warning = what.kind == event_kind::warning;
  if (!(part_of_ && is_warning) && detail_of(what) > options_.events &&
      (detail_ > options_.events || options_.events == event_detail::nothing)) {
    return;
  }
  events_.push(std::move(what));
  if (part_of_) part_of_->on_event();
}

void run_core::keep_warning(const event& what) {
  enum class news { one, too_many, none } told = news::one;
  {
    const std::lock_guard lock{mutex_};
    if (!outcome_ && warnings_.size() < warnings_max) {
      auto& kept = warnings_.emplace_back(what);
      kept.text = cut(kept.text, warning_bytes_max);
      kept.data = {};
    } else if (!outcome_) {
      told = warnings_left_out_++ == 0 ? news::too_many : news::none;
    }
  }
  const auto now = system_.at().timers->now();
  if (told == news::one) log_->add(what, now);
  if (told == news::too_many) {
    log_->add("troupe: run '" + id_ +
                  "' has further warnings, which are in its "
                  "event stream only",
              now);
  }
}

void run_core::observe(const event& what) noexcept {
  const auto& observer = system_.options().observer;
  if (!observer) return;
  try {
    observer(what);
  } catch (...) {
    log_->add_thrown("system_options::observer", id_,
                     system_.at().timers->now());
  }
}

void run_core::count_end_of(branch_outcome::kind how) noexcept {
  auto& count = how == branch_outcome::kind::finished ? sub_flows_finished_
                : how == branch_outcome::kind::failed ? sub_flows_failed_
                                                      : sub_flows_cancelled_;
  count.fetch_add(1, std::memory_order_relaxed);
}

// The ends first, so that no more have ended than began.
run_progress run_core::progress() const noexcept {
  run_progress now;
  now.sub_flows_finished = sub_flows_finished_.load();
  now.sub_flows_failed = sub_flows_failed_.load();
  now.sub_flows_cancelled = sub_flows_cancelled_.load();
  now.sub_flows_started = sub_flows_started_.load();
  now.steps = steps_.load();
  return now;
}

std::optional<std::uint64_t> run_core::retries_left() const noexcept {
  if (!options_.retries_max) return {};
  return *options_.retries_max - std::min(*options_.retries_max, retries());
}

bool run_core::take_retry() noexcept {
  const auto most =
      options_.retries_max.value_or(std::numeric_limits<std::uint64_t>::max());
  auto made = retries_.load(std::memory_order_relaxed);
  while (made < most) {
    if (retries_.compare_exchange_weak(made, made + 1,
                                       std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

void run_core::set_supervisor(supervisor_address supervisor) {
  caf::intrusive_ptr<cancel_order> early;
  {
    const std::lock_guard lock{mutex_};
    if (outcome_) return;
    supervisor_ = supervisor;
    if (supervisor_) early = std::exchange(cancelled_early_, nullptr);
  }
  if (early) {
    send_to(supervisor, supervisor_message::cancel{std::move(early)});
  }
}

void run_core::set_wrote(delta wrote) {
  const std::lock_guard lock{mutex_};
  wrote_ = std::move(wrote);
}

delta run_core::take_wrote() {
  const std::lock_guard lock{mutex_};
  return std::exchange(wrote_, {});
}

void run_core::begin(exec_ctx* from) noexcept {
  supervisor_address supervisor;
  {
    const std::lock_guard lock{mutex_};
    supervisor = supervisor_;
  }
  if (supervisor) wake(supervisor, from);
}

void run_core::end(outcome result) noexcept {
  // It may have been cancelled before it began.
  static_cast<void>(take_back());
  event last = final_event(result);
  std::vector<waker> subscribers;
  std::vector<std::function<void(const outcome&)>> calls;
  supervisor_address supervisor;
  {
    const std::lock_guard lock{mutex_};
    if (outcome_) return;
    result.warnings = std::move(warnings_);
    result.warnings_left_out = warnings_left_out_;
    outcome_ = std::move(result);
    subscribers.swap(subscribers_);
    calls.swap(calls_);
    std::swap(supervisor, supervisor_);
  }
  actors_.stop();
  observe(last);
  events_.push(std::move(last));
  ended_.notify_all();
  for (const auto& each : subscribers) each();
  // Nobody changes the outcome from here on.
  for (const auto& each : calls) call(each, *outcome_);
  calls.clear();
  if (journal_) journal_->ended();
  // Last: the system may be destroyed as soon as no run is left.
  system_.on_run_over(*this);
}

void run_core::then(std::function<void(const outcome&)> what) {
  bool is_over = false;
  {
    const std::lock_guard lock{mutex_};
    is_over = outcome_.has_value();
    if (!is_over) calls_.push_back(std::move(what));
  }
  if (is_over) {
    call(what, *outcome_);
  } else {
    begin_if_deferred(nullptr);
  }
}

// Neither the actor that ends a run nor who asked is to fail by what a user's
// function throws.
void run_core::call(const std::function<void(const outcome&)>& what,
                    const outcome& with) noexcept {
  try {
    what(with);
  } catch (...) {
    log_->add_thrown("run::then", id_, clock::steady().now());
  }
}

event run_core::final_event(const outcome& result) const noexcept {
  event last;
  last.kind = event_kind::finished;
  last.at = system_.at().timers->now();
  last.wall = system_.at().timers->wall_now();
  last.is_final = true;
  try {
    last.run = id_;
    last.text = result.ok() ? std::string{result.action.name()}
                            : result.failure->describe();
  } catch (const std::bad_alloc&) {
    // It comes without what there is no memory for.
  }
  return last;
}

void run_core::cancel(std::string_view reason) noexcept {
  try {
    const error why{errc::cancelled, std::string{reason}};
    cancel_with(&why);
  } catch (const std::bad_alloc&) {
    cancel_with(nullptr);
  }
}

void run_core::park() noexcept {
  if (journal_) journal_->park();
  cancel_with(&parked());
}

void run_core::cancel_with(const error* why) noexcept {
  caf::intrusive_ptr<cancel_order> order;
  try {
    if (why != nullptr) order = caf::make_counted<cancel_order>(*why);
  } catch (const std::bad_alloc&) {
    // It is cancelled all the same.
  }
  supervisor_address supervisor;
  {
    const std::lock_guard lock{mutex_};
    supervisor = supervisor_;
    if (!supervisor && !outcome_) cancelled_early_ = order;
  }
  if (!supervisor) return;
  send_to(supervisor, supervisor_message::cancel{std::move(order)});
}

bool run_core::done() const {
  const std::lock_guard lock{mutex_};
  return outcome_.has_value();
}

outcome run_core::result() const {
  const std::lock_guard lock{mutex_};
  return outcome_.value();
}

outcome run_core::wait() {
  if (!done() && take_back()) {
    try {
      caller_turns turns{system_.at().system, system_.dog()};
      begin(turns.context());
      turns.run();
    } catch (const std::bad_alloc&) {
      // Then the scheduler's threads run it.
      begin(nullptr);
    }
  }
  std::unique_lock lock{mutex_};
  ended_.wait(lock, [&] { return outcome_.has_value(); });
  return *outcome_;
}

std::optional<outcome> run_core::wait_for(duration limit) {
  if (!done()) begin_if_deferred(nullptr);
  std::unique_lock lock{mutex_};
  wait_at_most(lock, ended_, limit, [&] { return outcome_.has_value(); });
  return outcome_;
}

void run_core::subscribe(waker who) {
  {
    const std::lock_guard lock{mutex_};
    if (!outcome_) {
      subscribers_.push_back(std::move(who));
      return;
    }
  }
  who();
}

void run_core::await_by(std::weak_ptr<run_core> by,
                        std::vector<held_token> held) {
  const auto above_it = by.lock();
  if (held.empty() && !(above_it && above_it->is_awaited_by_holders())) return;
  {
    const std::lock_guard lock{mutex_};
    if (outcome_) return;
    awaited_by_.push_back({std::move(by), std::move(held)});
  }
  is_awaited_by_holders_.store(true, std::memory_order_release);
  std::vector<held_token> above;
  add_held_above(above);
  for (const auto& each : above) {
    // The permit keeps what lent it.
    const auto permit = each.permit.lock();
    if (!permit) continue;
    send_to(semaphore_actor::named(each.lender),
            semaphore_message::holder_waits{});
  }
}

// By copies, and without a bound by the stack: no lock is held while another is
// taken. Runs await each other in a tree, so this ends.
void run_core::add_held_above(std::vector<held_token>& into) const {
  std::vector<awaiting_run> open;
  const auto take = [&](const run_core& from) {
    const std::lock_guard lock{from.mutex_};
    open.insert(open.end(), from.awaited_by_.begin(), from.awaited_by_.end());
  };
  take(*this);
  for (std::size_t i = 0; i < open.size() && i < awaiting_runs_max; ++i) {
    into.insert(into.end(), open[i].held.begin(), open[i].held.end());
    if (const auto run = open[i].run.lock()) take(*run);
  }
}

// Kept for as long as the process lives: actors may outlive what it destroys at
// its end.
const error& cancelled_for_no_reason() {
  static const auto& why = *new error{
      errc::cancelled, "cancelled; there was no memory for the reason"};
  return why;
}

const error& parked() {
  static const auto& why = *new error{
      errc::shut_down,
      "the system ended; the run waits in the store at its last commit, and "
      "system::resume goes on with it"};
  return why;
}

const error& died_for_want_of_memory() {
  static const auto& why =
      *new error{errc::actor_died, "its supervisor died: out of memory"};
  return why;
}

}  // namespace detail

}  // namespace troupe
