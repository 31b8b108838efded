#include "old_caf/scheduler_worker.hpp"

#include "caf/caf_version_modules.hpp"
#include "threads/node_thread.hpp"
#include "threads/start_thread.hpp"
#include "threads/wait_at_most.hpp"

#if !TROUPE_CAF_1

#include <caf/detail/set_thread_name.hpp>
#include <caf/logger.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::detail {

namespace {

// The most actors that run in a row because they were woken last; then one of
// the queue runs.
constexpr unsigned streak_max = 64;
// The most jobs that one theft takes.
constexpr std::size_t stolen_max = 32;
// The number of times that a worker without work looks for some before it
// sleeps.
constexpr int looks_before_sleep = 4;
// The interval at which one sleeping worker looks for deferred starts that no
// thread has taken, and the number of looks after the last such start.
constexpr auto look_every = std::chrono::microseconds{50};
constexpr int looks_max = 20;

}  // namespace

worker_scheduler::worker::worker(worker_scheduler& owner, std::size_t index)
    : caf::execution_unit{&owner.system()},
      owner_{owner},
      random_{static_cast<std::uint32_t>(index * 2'654'435'761U + 1)} {}

void worker_scheduler::worker::start() {
  thread_ = start_thread("actors", [this] {
    CAF_SET_LOGGER_SYS(&system());
    caf::detail::set_thread_name("troupe.worker");
    is_scheduler_thread = true;
    system().thread_started();
    run();
    system().thread_terminates();
  });
}

void worker_scheduler::worker::join() {
  if (thread_.joinable()) thread_.join();
}

void worker_scheduler::worker::exec_later(caf::resumable* job) {
  if (auto* displaced = std::exchange(next_, job)) {
    push(displaced);
    owner_.wake_one();
  }
}

void worker_scheduler::worker::push(caf::resumable* job) {
  const std::lock_guard lock{mutex_};
  queue_.push(job);
  size_.store(queue_.size());
}

caf::resumable* worker_scheduler::worker::pop() {
  if (size_.load(std::memory_order_relaxed) == 0) {
    return nullptr;
  }
  const std::lock_guard lock{mutex_};
  return pop_locked();
}

caf::resumable* worker_scheduler::worker::take_left() {
  auto* job = std::exchange(next_, nullptr);
  return job != nullptr ? job : pop();
}

caf::resumable* worker_scheduler::worker::give_to(worker& thief) {
  std::array<caf::resumable*, stolen_max> stolen;
  std::size_t count = 0;
  {
    const std::unique_lock lock{mutex_, std::try_to_lock};
    if (!lock) {
      return nullptr;
    }
    const auto wanted = std::min((queue_.size() + 1) / 2, stolen_max);
    for (; count < wanted; ++count) {
      stolen[count] = pop_locked();
    }
  }
  if (count == 0) {
    return nullptr;
  }
  if (count > 1) {
    const std::lock_guard lock{thief.mutex_};
    for (std::size_t i = 1; i < count; ++i) thief.queue_.push(stolen[i]);
    thief.size_.store(thief.queue_.size());
  }
  return stolen[0];
}

bool worker_scheduler::worker::claim() {
  if (parked_.load() && parked_.exchange(false)) {
    owner_.parked_.fetch_sub(1);
    return true;
  }
  return false;
}

void worker_scheduler::worker::wake() {
  {
    const std::lock_guard lock{park_mutex_};
    is_woken_ = true;
  }
  woken_.notify_one();
}

std::size_t worker_scheduler::worker::random() {
  random_ = random_ * 1'664'525U + 1'013'904'223U;
  return random_ >> 16U;
}

caf::resumable* worker_scheduler::worker::pop_locked() {
  auto* job = queue_.pop();
  size_.store(queue_.size(), std::memory_order_relaxed);
  return job;
}

caf::resumable* worker_scheduler::worker::next_job() {
  if (++turns_ % streak_max == 0) begin_due_start();
  if (next_ != nullptr && streak_ < streak_max) {
    ++streak_;
    return std::exchange(next_, nullptr);
  }
  streak_ = 0;
  if (auto* job = pop()) {
    return job;
  }
  if (next_ != nullptr) {
    return std::exchange(next_, nullptr);
  }
  if (auto* job = owner_.steal_for(*this)) {
    return job;
  }
  begin_due_start();
  return std::exchange(next_, nullptr);
}

// The actor of the start is woken on this thread.
void worker_scheduler::worker::begin_due_start() {
  if (const auto start = owner_.take_due_start()) start->begin(this);
}

void worker_scheduler::worker::run() {
  const node_thread mark;
  while (!owner_.stopping_.load(std::memory_order_relaxed)) {
    auto* job = next_job();
    for (int i = 0; job == nullptr && i < looks_before_sleep; ++i) {
      std::this_thread::yield();
      job = next_job();
    }
    if (job == nullptr) {
      park();
    } else if (!give_turn(job)) {
      return;
    }
  }
}

bool worker_scheduler::worker::give_turn(caf::resumable* job) {
  switch (job->resume(this, owner_.max_throughput())) {
    case caf::resumable::resume_later:
      push(job);
      if (next_ != nullptr || size_.load(std::memory_order_relaxed) > 1) {
        owner_.wake_one();
      }
      return true;
    case caf::resumable::shutdown_execution_unit:
      return false;
    default:
      release(job);
      return true;
  }
}

void worker_scheduler::worker::park() {
  owner_.parked_.fetch_add(1);
  parked_.store(true);
  if ((owner_.has_work() || owner_.stopping_.load()) && claim()) {
    return;
  }
  while (begins_watch()) {
    const bool is_woken = watch();
    owner_.is_watched_.store(false);
    if (!is_woken) continue;
    if (owner_.starts_.size() > 0) owner_.wake_one();
    return;
  }
  wait_until_woken({});
}

// One worker at a time looks for deferred starts, and only after a new one.
bool worker_scheduler::worker::begins_watch() {
  const auto added = owner_.starts_.added();
  if (owner_.starts_.size() == 0 && added == seen_starts_) return false;
  seen_starts_ = added;
  return !owner_.is_watched_.exchange(true);
}

// Returns whether this worker has been woken, or has woken itself.
bool worker_scheduler::worker::watch() {
  for (int looks = 0; looks < looks_max; ++looks) {
    if (wait_until_woken(look_every)) return true;
    const auto added = owner_.starts_.added();
    if (added != seen_starts_) looks = 0;
    seen_starts_ = added;
    if (!owner_.has_due_start()) continue;
    // The thread that claimed it before wakes it.
    if (!claim()) wait_until_woken({});
    return true;
  }
  return false;
}

// Waits for `limit` at most, or without a limit where it is zero.
bool worker_scheduler::worker::wait_until_woken(
    std::chrono::microseconds limit) {
  std::unique_lock lock{park_mutex_};
  const auto is_woken = [this] { return is_woken_; };
  if (limit == limit.zero()) {
    woken_.wait(lock, is_woken);
  } else if (!wait_at_most(lock, woken_, limit, is_woken)) {
    return false;
  }
  is_woken_ = false;
  return true;
}

}  // namespace troupe::detail

#endif
