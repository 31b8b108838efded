#include "run_core.hpp"

#include "cancel_order.hpp"
#include "system_core.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace troupe {

namespace detail {

run_core::run_core(system_core& system, flow work, run_options options,
                   std::string id)
    : system_(system),
      work_(std::move(work)),
      options_(std::move(options)),
      id_(std::move(id)),
      events_({options_.events_max, options_.event_bytes_max}) {}

run_core::run_core(system_core& system, flow work, run_options options,
                   run_elsewhere part_of)
    : system_(system),
      work_(std::move(work)),
      options_(std::move(options)),
      id_(part_of.origin.run_id),
      part_of_(std::make_unique<const run_elsewhere>(std::move(part_of))),
      events_({options_.events_max, options_.event_bytes_max}) {}

void run_core::tell(event what) {
  events_.push(std::move(what));
  if (part_of_) part_of_->on_event();
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

void run_core::set_supervisor(lite_ptr<lite_actor> supervisor) {
  const std::lock_guard lock{mutex_};
  if (!outcome_) supervisor_ = std::move(supervisor);
}

void run_core::set_wrote(delta wrote) {
  const std::lock_guard lock{mutex_};
  wrote_ = std::move(wrote);
}

delta run_core::take_wrote() {
  const std::lock_guard lock{mutex_};
  return std::exchange(wrote_, {});
}

void run_core::end(outcome result) noexcept {
  event last = final_event(result);
  std::vector<waker> subscribers;
  lite_ptr<lite_actor> supervisor;
  {
    const std::lock_guard lock{mutex_};
    if (outcome_) return;
    outcome_ = std::move(result);
    subscribers.swap(subscribers_);
    supervisor.swap(supervisor_);
  }
  actors_.stop();
  events_.push(std::move(last));
  ended_.notify_all();
  for (const auto& each : subscribers) each();
  // Last: the system may be destroyed as soon as no run is left.
  system_.on_run_ended();
}

event run_core::final_event(const outcome& result) const noexcept {
  event last;
  last.kind = event_kind::finished;
  last.at = system_.at().timers->now();
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
  lite_ptr<lite_actor> supervisor;
  {
    const std::lock_guard lock{mutex_};
    supervisor = supervisor_;
  }
  if (!supervisor) return;
  caf::intrusive_ptr<cancel_order> order;
  try {
    order = caf::make_counted<cancel_order>(
        error{errc::cancelled, std::string{reason}});
  } catch (const std::bad_alloc&) {
    // It is cancelled all the same.
  }
  post(*supervisor, cancel_signal(std::move(order)));
}

bool run_core::done() const {
  const std::lock_guard lock{mutex_};
  return outcome_.has_value();
}

outcome run_core::wait() const {
  std::unique_lock lock{mutex_};
  ended_.wait(lock, [&] { return outcome_.has_value(); });
  return *outcome_;
}

std::optional<outcome> run_core::wait_for(duration limit) const {
  std::unique_lock lock{mutex_};
  ended_.wait_until(lock, after(clock::steady().now(), limit),
                    [&] { return outcome_.has_value(); });
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

// Kept for as long as the process lives: actors may outlive what it destroys at
// its end.
const error& cancelled_for_no_reason() {
  static const auto& why = *new error{
      errc::cancelled, "cancelled, with no memory left for the reason"};
  return why;
}

const error& died_for_want_of_memory() {
  static const auto& why = *new error{
      errc::actor_died, "its supervisor died: out of memory"};
  return why;
}

}  // namespace detail

const std::string& run::id() const noexcept { return core_->id(); }
outcome run::get() const { return core_->wait(); }
std::optional<outcome> run::wait_for(duration limit) const {
  return core_->wait_for(limit);
}
bool run::done() const { return core_->done(); }
void run::cancel(std::string reason) const { core_->cancel(reason); }
event_reader run::events() const { return event_reader{core_}; }

run::awaiter::~awaiter() {
  if (host() != nullptr) core_->cancel("who waited for it was cancelled");
}

void run::awaiter::receive(void*) { result_ = core_->wait(); }

void run::awaiter::subscribe(detail::fiber_host& host, detail::wake_key key) {
  auto* owner = dynamic_cast<detail::fiber_actor*>(&host);
  if (owner == nullptr) {
    throw error{errc::request_failed, "only an actor can await a run"};
  }
  core_->subscribe(owner->waker_for(key));
}

std::optional<event> event_reader::next() { return core_->events().next(); }
std::optional<event> event_reader::try_next() {
  return core_->events().try_next();
}
std::size_t event_reader::dropped() const { return core_->events().dropped(); }

}  // namespace troupe
