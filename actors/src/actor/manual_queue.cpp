#include "actor/manual_queue.hpp"

#include "threads/node_thread.hpp"
#include "threads/wait_at_most.hpp"

#include <utility>

namespace troupe::detail {

manual_queue::manual_queue(caf::actor_system& system, std::size_t quantum,
                           std::function<void()> on_push)
    : own_ctx{system}, quantum_{quantum}, on_push_{std::move(on_push)} {}

manual_queue::~manual_queue() {
  // An actor that ends may wake others.
  while (auto* job = pop()) {
    release(job);
  }
}

void manual_queue::push(caf::resumable* job) {
  {
    const std::lock_guard lock{mutex_};
    jobs_.push(job);
  }
  has_work_.notify_one();
  if (on_push_) on_push_();
}

caf::resumable* manual_queue::pop() {
  const std::lock_guard lock{mutex_};
  return jobs_.pop();
}

bool manual_queue::run_one() {
  auto* job = pop();
  if (job == nullptr) {
    return false;
  }
  const node_thread mark;
  if (job->resume(this, quantum_) == caf::resumable::resume_later) {
    push(job);
  } else {
    release(job);
  }
  return true;
}

std::size_t manual_queue::run() {
  std::size_t turns = 0;
  while (run_one()) {
    ++turns;
  }
  return turns;
}

bool manual_queue::empty() const {
  const std::lock_guard lock{mutex_};
  return jobs_.size() == 0;
}

bool manual_queue::wait_for_work(std::chrono::nanoseconds timeout) {
  std::unique_lock lock{mutex_};
  return wait_at_most(lock, has_work_, timeout,
                      [this] { return jobs_.size() != 0; });
}

}  // namespace troupe::detail
