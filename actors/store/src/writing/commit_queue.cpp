#include "writing/commit_queue.hpp"

#include "threads/wait_at_most.hpp"

#include <thread>
#include <utility>

namespace troupe::detail {

namespace {

/// To sleep and to be woken takes longer.
constexpr duration spinning_max = std::chrono::microseconds{30};
/// Of many runs, one may come alone now and then.
constexpr std::size_t alone_min = 2;

}  // namespace

std::size_t bytes_of(const std::vector<log_entry>& entries) {
  std::size_t bytes = 0;
  for (const auto& entry : entries) {
    bytes += sizeof entry + entry.body.text.size() + entry.address.size();
    for (const auto& part : entry.body.parts) bytes += part.bytes.size();
  }
  return bytes;
}

bool commit_queue::push(write_request& what, when_full choice) {
  bool wakes = false;
  {
    std::unique_lock lock{mutex_};
    if (choice == when_full::waits && !has_room(what.bytes)) {
      ++blocked_;
      while (!is_closed_ && !has_room(what.bytes)) {
        wait_at_most(lock, emptied_, time_point::max());
      }
      --blocked_;
    }
    if (is_closed_) return false;
    ++number_;
    bytes_ += what.bytes;
    waiting_.push_back(std::move(what));
    has_news_.store(true, std::memory_order_release);
    wakes = !is_lent_ && std::exchange(sleeps_, false);
  }
  if (wakes) filled_.notify_one();
  return true;
}

void commit_queue::spin() const noexcept {
  const auto until = after(clock::steady().now(), spinning_max);
  do {
    for (int i = 0; i < 16; ++i) {
      if (has_news_.load(std::memory_order_acquire)) return;
      std::this_thread::yield();
    }
  } while (clock::steady().now() < until);
}

bool commit_queue::borrow() {
  const std::lock_guard lock{mutex_};
  if (!is_idle_ || is_lent_ || is_closed_ || number_ != 0) return false;
  if (alone_ < alone_min || has_news_.load(std::memory_order_relaxed)) {
    return false;
  }
  is_lent_ = true;
  return true;
}

void commit_queue::give_back(bool wakes) {
  {
    const std::lock_guard lock{mutex_};
    is_lent_ = false;
    if (wakes) has_news_.store(true, std::memory_order_release);
    wakes = (waits_for_return_ || has_news_.load(std::memory_order_relaxed)) &&
            std::exchange(sleeps_, false);
  }
  if (wakes) filled_.notify_one();
}

bool commit_queue::has_work(time_point due) const {
  if (is_lent_) return false;
  return is_closed_ || has_news_.load(std::memory_order_relaxed) ||
         clock::steady().now() >= due;
}

bool commit_queue::take(std::deque<write_request>& into, time_point due) {
  std::unique_lock lock{mutex_};
  is_idle_ = true;
  if (was_busy_ && !has_work(due)) {
    lock.unlock();
    spin();
    lock.lock();
  }
  while (!has_work(due)) {
    sleeps_ = true;
    waits_for_return_ = is_lent_;
    wait_at_most(lock, filled_, is_lent_ ? time_point::max() : due);
    sleeps_ = waits_for_return_ = false;
  }
  is_idle_ = false;
  has_news_.store(false, std::memory_order_relaxed);
  into.swap(waiting_);
  was_busy_ = !into.empty();
  if (was_busy_) alone_ = into.size() == 1 ? alone_ + 1 : 0;
  return !is_closed_ || was_busy_;
}

void commit_queue::make_room(std::size_t number, std::size_t bytes) {
  bool wakes = false;
  {
    const std::lock_guard lock{mutex_};
    number_ -= number;
    bytes_ -= bytes;
    wakes = blocked_ != 0;
  }
  if (wakes) emptied_.notify_all();
}

void commit_queue::wake() {
  {
    const std::lock_guard lock{mutex_};
    has_news_.store(true, std::memory_order_release);
    sleeps_ = false;
  }
  filled_.notify_one();
}

void commit_queue::close() {
  {
    const std::lock_guard lock{mutex_};
    is_closed_ = true;
    has_news_.store(true, std::memory_order_release);
    sleeps_ = false;
  }
  filled_.notify_one();
  emptied_.notify_all();
}

}  // namespace troupe::detail
