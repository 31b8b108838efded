#include "core/fiber_actor.hpp"

#include "actor/timer_service.hpp"
#include "core/blocking_pool.hpp"
#include "core/run_core.hpp"
#include "core/semaphore_actor.hpp"
#include "core/system_core.hpp"

#include <troupe/detail/fiber/step_scope.hpp>
#include <troupe/detail/node/flow_graph.hpp>
#include <troupe/detail/node/step_keeper.hpp>
#include <troupe/error.hpp>

#include <exception>
#include <string>

namespace troupe::detail {

namespace {

std::uint64_t packed(timer_id id) noexcept {
  return (std::uint64_t{id.generation} << 32) | id.index;
}

timer_id unpacked(std::uint64_t id) noexcept {
  return {.index = static_cast<std::uint32_t>(id),
          .generation = static_cast<std::uint32_t>(id >> 32)};
}

}  // namespace

fiber_actor::fiber_actor(caf::actor_config& config, home& at, system_core& core)
    : answer_receiver(config, at), core_(core) {
  core_.on_actor_made();
}

fiber_actor& fiber_actor::of(fiber_owner& host, const char* what) {
  if (auto* owner = dynamic_cast<fiber_actor*>(&host)) return *owner;
  throw error{errc::request_failed, std::string{"only an actor can "} + what};
}

// One whose construction failed has not ended.
fiber_actor::~fiber_actor() {
  if (!is_gone_) core_.on_actor_gone();
}

// The system may be gone after this: an actor that was asked may keep this one
// in memory for longer, by a request that it never answers.
void fiber_actor::on_ended() noexcept {
  is_gone_ = true;
  core_.on_actor_gone();
}

std::uint64_t fiber_actor::ask(const caf::actor& to, caf::message content,
                               wake_key key) {
  if (!pending_) pending_ = std::make_unique<pending_requests>();
  const auto number = request(to, std::move(content));
  const bool first = pending_->add(number, key, to ? to.address() : nullptr);
  // An actor that ends does not answer what it has taken in.
  if (first && to) watch(to);
  return number;
}

void fiber_actor::forget(std::uint64_t request) noexcept {
  const auto removed = pending_->take(request);
  if (!removed || !removed->was_last) return;
  if (const auto to = caf::actor_cast<caf::actor>(removed->to)) unwatch(to);
}

time_point fiber_actor::now() const noexcept { return at().timers->now(); }

std::uint64_t fiber_actor::wake_at(time_point due, wake_key key) {
  return packed(at().timers->arm(due, lite_ptr<lite_actor>{this}, key.slot,
                                 key.generation));
}

void fiber_actor::cancel_timer(std::uint64_t timer) noexcept {
  at().timers->cancel(unpacked(timer));
}

void fiber_actor::run_blocking(std::shared_ptr<blocking_job> job,
                               wake_key key) {
  const auto whose = origin();
  const auto* timers = at().timers;
  const auto& here = step_scope::here();
  auto names = here.keeper != nullptr ? here.keeper->names() : nullptr;
  auto call = [job, timers, wake = waker_for(key), names = std::move(names),
               item = here.item](job_call turn) {
    // A job that has not run says so to who waits for it.
    if (turn == job_call::run) {
      const in_scope scope{{nullptr, names.get(), item}};
      job->run(timers->now());
    }
    if (turn == job_call::deadlock) job->refuse(no_thread_can_come());
    wake();
  };
  auto refused = at().blocking->submit(
      std::move(call), {whose.run, whose.node, std::move(job), now()});
  if (refused) throw error{*std::move(refused)};
}

std::vector<held_token> fiber_actor::tokens_of(const held_permits* held) const {
  if (held == nullptr) return {};
  auto all = tokens_in(held);
  const auto* node = origin().node;
  for (auto& each : all) {
    if (each.holder.empty() && node != nullptr) each.holder = node->name;
  }
  return all;
}

void fiber_actor::on_job_dropped() noexcept { at().blocking->on_dropped(); }

const void* fiber_actor::acquire(const void* owner, std::uint32_t limit,
                                 wake_key key, const held_permits* held) {
  return core_.acquire(owner, limit,
                       caf::make_counted<acquire_order>(
                           waker_for(key), 1, tokens_of(held), origin().run),
                       context());
}

std::uint64_t fiber_actor::place(placed_work what, wake_key key) {
  const auto where = core_.elsewhere();
  if (!where) {
    throw error{errc::shut_down, "the system no longer listens for workers"};
  }
  return where->place({std::move(what), waker_for(key)});
}

void fiber_actor::recall(std::uint64_t work) noexcept {
  if (const auto where = core_.elsewhere()) where->recall(work);
}

void fiber_actor::on_timer_due(timer_due which) {
  const wake_key key{which.slot, which.generation};
  if (key.slot == own_timer) {
    on_timer(key);
  } else if (fiber_owner::wake(key)) {
    on_fibers();
  }
}

void fiber_actor::on_answer(wake_key key, answer* brought) {
  if (key.slot == own_wait) {
    if (brought != nullptr) on_own_answer(key.generation, *brought);
  } else if (fiber_owner::wake(key, brought ? brought->content() : nullptr)) {
    on_fibers();
  }
}

void fiber_actor::on_own_answer(std::uint32_t, answer&) {}

void fiber_actor::on_response(std::uint64_t request, caf::message& content) {
  reply got;
  got.content = std::move(content);
  answer_request(request, std::move(got));
}

void fiber_actor::on_error_response(std::uint64_t request,
                                    const caf::error& why) {
  reply got;
  got.why = why;
  answer_request(request, std::move(got));
}

void fiber_actor::on_down(const caf::down_msg& down) {
  if (!pending_) return;
  for (const auto request : pending_->all_to(down.source)) {
    reply got;
    got.why = down.reason;
    got.died = true;
    answer_request(request, std::move(got));
  }
}

void fiber_actor::answer_request(std::uint64_t request, reply got) {
  if (!pending_) return;
  const auto removed = pending_->take(request);
  if (!removed) return;
  if (removed->was_last && !got.died) {
    if (const auto to = caf::actor_cast<caf::actor>(removed->to)) unwatch(to);
  }
  if (fiber_owner::wake(removed->key, &got)) on_fibers();
}

}  // namespace troupe::detail
