#include "core/caller_turns.hpp"

#include <chrono>

namespace troupe::detail {

namespace {

/// The same number as on the threads of the scheduler.
constexpr std::size_t messages_per_turn = 256;
/// The time for which jobs may wait here: about as long as it takes to wake
/// another thread for them.
constexpr auto turns_span = std::chrono::microseconds{100};

}  // namespace

caller_turns::caller_turns(caf::actor_system& system, watchdog& dog)
    : own_ctx{system}, actors_{system}, watched_{dog} {}

caller_turns::~caller_turns() {
  while (auto* job = pop()) hand_over(job);
}

void caller_turns::take(caf::resumable* job) {
  if (size_ == jobs_max) {
    hand_over(job);
    return;
  }
  jobs_[(first_ + size_++) % jobs_max] = job;
}

caf::resumable* caller_turns::pop() noexcept {
  if (size_ == 0) return nullptr;
  auto* job = jobs_[first_];
  first_ = (first_ + 1) % jobs_max;
  --size_;
  return job;
}

void caller_turns::hand_over(caf::resumable* job) {
  run_later(actors_, nullptr, job);
}

void caller_turns::run() {
  const auto end = after(clock::steady().now(), turns_span);
  while (auto* job = pop()) {
    if (job->resume(this, messages_per_turn) == caf::resumable::resume_later) {
      take(job);
    } else {
      release(job);
    }
    if (size_ > 0 && clock::steady().now() > end) return;
  }
}

}  // namespace troupe::detail
