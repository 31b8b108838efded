#include "blocking_pool.hpp"

#include "start_thread.hpp"

namespace troupe::detail {

blocking_pool::blocking_pool(options chosen) : options_{chosen} {
  if (options_.threads_max == 0 || options_.queue_max == 0) {
    throw error{errc::bad_flow,
                "A pool for blocking work needs at least one thread and room "
                "for one job."};
  }
}

blocking_pool::~blocking_pool() { stop(); }

std::optional<error> blocking_pool::submit_job(std::unique_ptr<job> work) {
  const std::lock_guard lock{mutex_};
  if (stopped_) {
    return error{errc::shut_down, "the system was shut down"};
  }
  if (queue_.size() == options_.queue_max) {
    return error{errc::overloaded, "the queue of the blocking pool is full"};
  }
  queue_.push_back(std::move(work));
  if (options_.manual) return std::nullopt;
  if (idle_ < queue_.size() && threads_.size() < options_.threads_max) {
    try {
      add_thread();
    } catch (const error& why) {
      // Those that there are will do it, if there are any.
      if (threads_.empty()) {
        queue_.pop_back();
        return why;
      }
    }
  }
  has_work_.notify_one();
  return std::nullopt;
}

void blocking_pool::add_thread() {
  try {
    threads_.reserve(threads_.size() + 1);
  } catch (...) {
    throw_no_thread("a blocking call");
  }
  threads_.push_back(start_thread("a blocking call", [this] { loop(); }));
  ++idle_;
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
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    threads.swap(threads_);
  }
  has_work_.notify_all();
  while (auto work = take_first()) work->call(job_turn::shut_down);
  for (auto& thread : threads) {
    thread.join();
  }
}

std::unique_ptr<blocking_pool::job> blocking_pool::take_first() {
  const std::lock_guard lock{mutex_};
  if (queue_.empty()) return nullptr;
  auto first = std::move(queue_.front());
  queue_.pop_front();
  return first;
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
