#include "core/blocking_pool.hpp"
#include "core/fiber_actor.hpp"
#include "core/run_core.hpp"
#include "threads/node_thread.hpp"

#include <troupe/protocol.hpp>
#include <troupe/run.hpp>

#include <caf/actor.hpp>

#include <utility>

namespace troupe {

namespace {

constexpr std::string_view await_it =
    "write 'co_await run' in a phase that returns a task";

}  // namespace

const std::string& run::id() const& noexcept { return core_->id(); }
outcome run::get() const {
  detail::node_thread::refuse_wait("run::get", await_it);
  const detail::blocking_pool::wait_for_run waiting{*core_};
  return core_->wait();
}
std::optional<outcome> run::wait_for(duration limit) const {
  detail::node_thread::refuse_wait("run::wait_for", await_it);
  return core_->wait_for(limit);
}
bool run::done() const { return core_->done(); }
run_progress run::progress() const noexcept { return core_->progress(); }
void run::then(std::function<void(const outcome&)> what) const {
  if (!what) throw error{errc::bad_flow, "run::then needs a function"};
  core_->then(std::move(what));
}
void run::then(const caf::actor& to) const {
  core_->then([to, id = id()](const outcome& result) {
    anon_send(to, run_ended{id, result});
  });
}
void run::cancel(std::string reason) const { core_->cancel(reason); }
event_reader run::events() const { return event_reader{core_}; }

run::awaiter::~awaiter() {
  if (host() != nullptr) {
    core_->cancel("the task that awaited the run was cancelled");
  }
}

void run::awaiter::receive(void*) { result_ = core_->result(); }

void run::awaiter::subscribe(detail::fiber_owner& host, detail::wake_key key,
                             const detail::held_permits* asked) {
  auto& owner = detail::fiber_actor::of(host, "await a run");
  core_->subscribe(owner.waker_for(key));
  core_->await_by(owner.origin().run, owner.tokens_of(asked));
  core_->begin_if_deferred(owner.running_on());
}

std::optional<event> event_reader::next() {
  detail::node_thread::refuse_wait(
      "event_reader::next",
      "write try_next(), or read on a thread of the program or in "
      "'co_await troupe::blocking(read)'");
  if (!core_->done()) core_->begin_if_deferred(nullptr);
  const detail::blocking_pool::wait_for_run waiting{*core_};
  return core_->events().next();
}
std::optional<event> event_reader::try_next() {
  return core_->events().try_next();
}
std::size_t event_reader::dropped() const { return core_->events().dropped(); }

}  // namespace troupe
