#include "blocking_pool.hpp"

#include <system_error>

namespace troupe::detail {

blocking_pool::blocking_pool(options chosen) : options_{chosen} {
  if (options_.threads_max == 0 || options_.queue_max == 0) {
    throw error{errc::bad_flow,
                "A pool for blocking work needs at least one thread and room "
                "for one job."};
  }
}

blocking_pool::~blocking_pool() { stop(); }

std::optional<errc> blocking_pool::submit_job(std::unique_ptr<job> work) {
  const std::lock_guard lock{mutex_};
  if (stopped_) {
    return errc::shut_down;
  }
  if (queue_.size() == options_.queue_max) {
    return errc::overloaded;
  }
  queue_.push_back(std::move(work));
  if (idle_ < queue_.size() && threads_.size() < options_.threads_max &&
      !options_.manual) {
    try {
      threads_.emplace_back([this] { loop(); });
      ++idle_;
    } catch (const std::system_error&) {
      // No more threads to be had. The ones there are will do, if any.
      if (threads_.empty()) {
        queue_.pop_back();
        return errc::overloaded;
      }
    }
  } else {
    has_work_.notify_one();
  }
  return std::nullopt;
}

void blocking_pool::loop() {
  std::unique_lock lock{mutex_};
  while (true) {
    has_work_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (stopped_) {
      return;
    }
    --idle_;
    run_first(lock);
    ++idle_;
  }
}

void blocking_pool::run_first(std::unique_lock<std::mutex>& lock) {
  auto work = std::move(queue_.front());
  queue_.pop_front();
  ++running_;
  lock.unlock();
  work->call(job_turn::run);
  work = nullptr;
  lock.lock();
  --running_;
}

bool blocking_pool::run_one() {
  std::unique_lock lock{mutex_};
  if (queue_.empty()) {
    return false;
  }
  run_first(lock);
  return true;
}

void blocking_pool::stop() {
  std::deque<std::unique_ptr<job>> dropped;
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    dropped.swap(queue_);
    threads.swap(threads_);
  }
  has_work_.notify_all();
  for (auto& work : dropped) {
    work->call(job_turn::shut_down);
  }
  for (auto& thread : threads) {
    thread.join();
  }
}

std::size_t blocking_pool::waiting() const {
  const std::lock_guard lock{mutex_};
  return queue_.size();
}

std::size_t blocking_pool::running() const {
  const std::lock_guard lock{mutex_};
  return running_;
}

std::size_t blocking_pool::threads() const {
  const std::lock_guard lock{mutex_};
  return threads_.size();
}

}  // namespace troupe::detail
