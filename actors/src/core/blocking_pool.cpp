#include "core/blocking_pool.hpp"

#include "core/run_core.hpp"
#include "threads/start_thread.hpp"

#include <algorithm>
#include <new>
#include <unordered_map>
#include <unordered_set>

namespace troupe::detail {

namespace {

/// The pool whose job the thread runs, and whose job that is.
thread_local blocking_pool* pool_of_thread = nullptr;
thread_local const blocking_pool::origin* origin_of_thread = nullptr;

}  // namespace

error no_thread_can_come() {
  error why{errc::deadlock,
            "the call can never begin: every thread of the blocking pool waits "
            "in get() for a run that itself waits for a thread; co_await the "
            "run in a node that is not blocking, or raise "
            "system_options.blocking_threads_max"};
  return why.permanent();
}

blocking_pool::blocking_pool(options chosen) : options_{chosen} {
  if (options_.threads_max == 0 || options_.queue_max == 0) {
    throw error{
        errc::bad_flow,
        "a blocking pool needs at least one thread and room for one call"};
  }
}

blocking_pool::~blocking_pool() { stop(); }

std::optional<error> blocking_pool::submit_job(std::unique_ptr<job> work) {
  std::unique_lock lock{mutex_};
  if (stopped_) {
    return error{errc::shut_down, "the system was shut down"};
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
  if (auto refused = take_deadlocked()) {
    lock.unlock();
    refused->call(job_call::deadlock);
  }
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
  pool_of_thread = this;
  origin_of_thread = &work->of;
  work->call(job_call::run);
  pool_of_thread = nullptr;
  origin_of_thread = nullptr;
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
  while (auto work = take_first()) work->call(job_call::shut_down);
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

// Rarely enough that many who go away at once cost no more than they did when
// they came.
void blocking_pool::on_dropped() noexcept {
  // They may hold much, and are destroyed without the lock.
  std::vector<std::unique_ptr<job>> dropped;
  const std::lock_guard lock{mutex_};
  if (++gone_ * 2 < queue_.size()) return;
  try {
    dropped.reserve(queue_.size());
  } catch (const std::bad_alloc&) {
    return;  // The next one who goes tries again.
  }
  gone_ = 0;
  for (auto& each : queue_) {
    if (each->is_dropped()) dropped.push_back(std::move(each));
  }
  std::erase(queue_, nullptr);
}

std::pair<std::vector<waiting_calls>, pool_load> blocking_pool::look(
    time_point now, duration limit) {
  std::vector<waiting_calls> found;
  std::unordered_map<const run_core*, std::size_t> places;
  const std::lock_guard lock{mutex_};
  for (std::size_t i = 0; i < queue_.size(); ++i) {
    auto& each = queue_[i];
    // They are in the order in which they came.
    const bool is_late = now - each->of.since > limit;
    if (!is_late && queue_.size() <= options_.queue_max) break;
    if (!is_late && i < options_.queue_max) continue;
    if (std::exchange(each->was_told, true) || !each->of.run) continue;
    if (each->is_dropped()) continue;
    const auto [at, is_new] = places.emplace(each->of.run.get(), found.size());
    if (is_new) found.push_back({each->of.run, each->of.node, 0});
    ++found[at->second].count;
  }
  return {std::move(found),
          {options_.threads_max, queue_.size(), awaited_.size()}};
}

// A ring: no thread can come back before one of the runs has ended, and none of
// these can end before it has a thread.
std::unique_ptr<blocking_pool::job> blocking_pool::take_deadlocked() {
  if (awaited_.empty() || awaited_.size() < options_.threads_max)
    return nullptr;
  std::unordered_set<const run_core*> waiting;
  auto last = queue_.end();
  for (auto at = queue_.begin(); at != queue_.end(); ++at) {
    if (!(*at)->of.run || (*at)->is_dropped()) continue;
    waiting.insert((*at)->of.run.get());
    const bool is_awaited = std::find(awaited_.begin(), awaited_.end(),
                                      (*at)->of.run.get()) != awaited_.end();
    if (is_awaited) last = at;
  }
  if (last == queue_.end()) return nullptr;
  for (const auto* each : awaited_) {
    if (!waiting.contains(each)) return nullptr;
  }
  auto taken = std::move(*last);
  queue_.erase(last);
  return taken;
}

blocking_pool::wait_for_run::wait_for_run(run_core& run) : run_(run) {
  if (pool_of_thread == nullptr || run.done()) return;
  const auto& mine = *origin_of_thread;
  if (mine.call) run.await_by(mine.run, mine.call->held());
  pool_ = pool_of_thread;
  std::unique_lock lock{pool_->mutex_};
  pool_->awaited_.push_back(&run_);
  if (auto refused = pool_->take_deadlocked()) {
    lock.unlock();
    refused->call(job_call::deadlock);
  }
}

blocking_pool::wait_for_run::~wait_for_run() {
  if (pool_ == nullptr) return;
  const std::lock_guard lock{pool_->mutex_};
  auto& all = pool_->awaited_;
  all.erase(std::find(all.begin(), all.end(), &run_));
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
