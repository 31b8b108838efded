#include "core/fiber_actor.hpp"
#include "core/system_core.hpp"
#include "threads/node_thread.hpp"

#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <cassert>
#include <coroutine>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace troupe::testing {

namespace {

system_options by_hand(system_options options) {
  // No thread of the actor system has anything to do.
  if (!options.threads) options.threads = 1;
  return options;
}

/// The real time that an actor on a thread of its own may take to answer when
/// nothing else is left.
constexpr auto grace = std::chrono::milliseconds{500};

/// Awaitable: the end of the actor that runs the coroutine.
class death final : private detail::waiter {
 public:
  bool await_ready() const noexcept { return false; }
  template <detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    auto& owner = detail::fiber_actor::of(host, "be killed");
    enlist(host, self);
    detail::enqueue(
        caf::actor_cast<caf::strong_actor_ptr>(owner.handle()), nullptr,
        caf::make_message_id(),
        caf::make_message(caf::exit_msg{
            caf::actor_addr{}, caf::make_error(caf::exit_reason::kill)}),
        nullptr);
  }
  void await_resume() const noexcept {}
};

}  // namespace

// -- simulation ---------------------------------------------------------------

simulation::simulation(system_options options)
    : system_(troupe::system::by_hand_t{}, by_hand(std::move(options))) {}

simulation::~simulation() {
  for (const auto& each : started_) each.cancel("the simulation has ended");
  run_ready();
}

time_point simulation::now() const noexcept {
  return system_.core().timers()->now();
}

std::size_t simulation::live_actors() const noexcept {
  return system_.core().actors();
}

run simulation::start(const flow& work, state initial, run_options options) {
  std::erase_if(started_, [](const run& each) { return each.done(); });
  return started_.emplace_back(
      system_.start(work, std::move(initial), std::move(options)));
}

bool simulation::run_one() {
  auto& core = system_.core();
  if (core.queue()->run_one()) return true;
  // Also for a blocking call this is the only thread.
  const detail::node_thread mark;
  return core.blocking().run_one();
}

std::size_t simulation::run_ready() {
  std::size_t turns = 0;
  while (run_one()) ++turns;
  return turns;
}

void simulation::advance(duration span) {
  assert(span >= duration::zero());
  auto& timers = *system_.core().timers();
  const auto end = after(now(), span);
  run_ready();
  for (auto due = timers.next_due(); due && *due <= end;
       due = timers.next_due()) {
    timers.advance_to(*due);
    run_ready();
  }
  timers.advance_to(end);
}

outcome simulation::finish(const run& which, duration limit) {
  auto& timers = *system_.core().timers();
  const auto end = after(now(), limit);
  for (;;) {
    run_ready();
    if (which.done()) return which.get();
    const auto due = timers.next_due();
    if (!due) {
      if (system_.core().queue()->wait_for_work(grace)) continue;
      throw error{
          errc::request_failed,
          which.id() +
              " cannot end: no work and no timer is left that could wake it"};
    }
    if (*due > end) {
      throw error{
          errc::timed_out,
          which.id() + " did not end within the time limit of the test"};
    }
    timers.advance_to(*due);
  }
}

void simulation::elapse(duration span) {
  assert(span >= duration::zero());
  system_.core().timers()->advance_to(after(now(), span));
}

// -- script -------------------------------------------------------------------

struct script::entry {
  enum class kind { gives, fails, fails_for_good, throws_a_number, dies };

  kind what = kind::gives;
  std::string text;
  value result;
  duration wait{};
};

struct script::content {
  std::mutex mutex;
  std::vector<entry> entries;
  std::vector<call> calls;
  /// Of the entry that is to follow.
  duration wait{};
};

script::script() : content_(std::make_shared<content>()) {}

script& script::add(entry what) {
  const std::lock_guard lock{content_->mutex};
  what.wait = std::exchange(content_->wait, duration{});
  content_->entries.push_back(std::move(what));
  return *this;
}

script& script::gives(value result) {
  return add({entry::kind::gives, {}, std::move(result), {}});
}

script& script::fails(std::string text, std::size_t times) {
  for (std::size_t i = 0; i < times; ++i) {
    add({entry::kind::fails, text, {}, {}});
  }
  return *this;
}

script& script::fails_for_good(std::string text) {
  return add({entry::kind::fails_for_good, std::move(text), {}, {}});
}

script& script::throws_a_number() {
  return add({entry::kind::throws_a_number, {}, {}, {}});
}

script& script::dies() { return add({entry::kind::dies, {}, {}, {}}); }

script& script::after(duration wait) {
  const std::lock_guard lock{content_->mutex};
  content_->wait =
      troupe::after(time_point{content_->wait}, wait).time_since_epoch();
  return *this;
}

std::vector<script::call> script::calls() const {
  const std::lock_guard lock{content_->mutex};
  return content_->calls;
}

script::entry script::begin(content& from, context& ctx) {
  call began{ctx.now(), ctx.node(), ctx.item(), ctx.attempt()};
  const std::lock_guard lock{from.mutex};
  from.calls.push_back(std::move(began));
  const std::size_t number = from.calls.size();
  if (number <= from.entries.size()) return from.entries[number - 1];
  return {entry::kind::fails_for_good,
          "the script has " + std::to_string(from.entries.size()) +
              " entries, this is call " + std::to_string(number),
          {},
          {}};
}

value script::act(const entry& what) {
  switch (what.what) {
    case entry::kind::gives:
      break;
    case entry::kind::fails:
      throw std::runtime_error{what.text};
    case entry::kind::fails_for_good:
      throw permanent_error{what.text};
    case entry::kind::throws_a_number:
      throw 42;
    case entry::kind::dies:
      throw error{errc::bad_flow, "a plain call cannot die; use next"};
  }
  return what.result;
}

task<value> script::play(std::shared_ptr<content> from, context& ctx) {
  const entry what = begin(*from, ctx);
  sleep_for pause{what.wait};
  co_await pause;
  if (what.what == entry::kind::dies) {
    death end;
    co_await end;
  }
  co_return act(what);
}

task<value> script::next(context& ctx) const { return play(content_, ctx); }

value script::next_at_once(context& ctx) const {
  const entry what = begin(*content_, ctx);
  if (what.wait > duration::zero()) {
    throw error{errc::bad_flow, "a plain call cannot wait; use next"};
  }
  return act(what);
}

}  // namespace troupe::testing
