#include "fiber_actor.hpp"

#include <troupe/error.hpp>

#include <exception>

#include "blocking_pool.hpp"
#include "system_core.hpp"
#include "timer_service.hpp"

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

void waker::operator()(caf::intrusive_ptr<answer> brought,
                       exec_ctx* from) const {
  post(*target,
       signal{signal_kind::answer, key.slot, key.generation,
              payload_ptr{std::move(brought)}},
       from);
}

fiber_actor::fiber_actor(caf::actor_config& config, home& at,
                         system_core& core)
    : lite_actor(config, at), core_(core) {
  core_.on_actor_made();
}

fiber_actor::~fiber_actor() { core_.on_actor_gone(); }

void fiber_actor::ask(const caf::actor& to, caf::message content,
                      wake_key key) {
  if (!pending_) pending_ = std::make_unique<std::vector<pending>>();
  pending_->push_back({request(to, std::move(content)), key});
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
  auto refused = at().blocking->submit(
      [job = std::move(job), wake = waker_for(key)](job_turn turn) {
        if (turn == job_turn::run) {
          job->run();
          wake();
        } else {
          wake(caf::make_counted<answer_of<std::exception_ptr>>(
              std::make_exception_ptr(
                  error{errc::shut_down, "the system was shut down"})));
        }
      });
  if (refused) {
    throw error{*refused, "the queue of the blocking pool is full"};
  }
}

void fiber_actor::acquire(const void* owner, std::uint32_t limit,
                          wake_key key) {
  core_.acquire(owner, limit, waker_for(key), context());
}

void fiber_actor::on_signal(signal& received) {
  const wake_key key{received.slot,
                     static_cast<std::uint32_t>(received.generation)};
  if (received.kind == signal_kind::wake) {
    if (key.slot == own_timer) {
      on_timer(key);
    } else if (fiber_host::wake(key)) {
      on_fibers();
    }
  } else if (received.kind == signal_kind::answer) {
    auto* brought = static_cast<answer*>(received.body.get());
    if (fiber_host::wake(key, brought ? brought->content() : nullptr)) {
      on_fibers();
    }
  } else {
    on_mail(received);
  }
}

void fiber_actor::on_response(std::uint64_t request, caf::message& content) {
  reply got{std::move(content), {}};
  if (fiber_host::wake(take_pending(request), &got)) on_fibers();
}

void fiber_actor::on_error_response(std::uint64_t request,
                                    const caf::error& why) {
  reply got{{}, why};
  if (fiber_host::wake(take_pending(request), &got)) on_fibers();
}

wake_key fiber_actor::take_pending(std::uint64_t request) noexcept {
  if (pending_) {
    for (auto& each : *pending_) {
      if (each.request != request) continue;
      const wake_key key = each.key;
      each = pending_->back();
      pending_->pop_back();
      return key;
    }
  }
  return {own_timer, 0};
}

}  // namespace troupe::detail
