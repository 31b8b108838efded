#include "core/watchdog.hpp"

#include "core/blocking_pool.hpp"
#include "core/run_core.hpp"
#include "threads/start_thread.hpp"
#include "threads/wait_at_most.hpp"

#include <troupe/detail/node/flow_graph.hpp>

#include <new>
#include <string>
#include <utility>

namespace troupe::detail {

namespace {

std::atomic<std::uint64_t> last_serial{0};

// A thread may serve several systems, one after the other, so it remembers
// which one it was last known to, by a number that is never used again.
thread_local std::pair<std::uint64_t, watchdog::post*> known{0, nullptr};

std::string in_ms(duration span) {
  using std::chrono::milliseconds;
  return std::to_string(
             std::chrono::duration_cast<milliseconds>(span).count()) +
         " ms";
}

std::string text_of_wait(const waiting_calls& waiting, const pool_load& load,
                         duration limit) {
  std::string text =
      "has waited for a thread of the blocking pool for more than " +
      in_ms(limit) + ", and has not begun";
  if (waiting.count > 1) {
    text += ", nor have " + std::to_string(waiting.count - 1) +
            " more calls of the run";
  }
  text += "; all of its " + std::to_string(load.threads_max) +
          " threads are busy, and " + std::to_string(load.waiting) +
          " calls wait";
  if (load.in_get > 0) {
    text += "; " + std::to_string(load.in_get) +
            " of the threads wait in get() for a run; a node that is not "
            "blocking can await it instead";
  }
  return text + "; see system_options.blocking_threads_max";
}

}  // namespace

watchdog::watchdog(duration limit, blocking_pool* pool)
    : limit_(limit),
      pool_(pool),
      serial_(last_serial.fetch_add(1) + 1),
      // Now, and not with the first step: whoever makes a system can be told
      // that there is no thread to be had, and a run could only fail.
      thread_(limit == duration::max()
                  ? std::thread{}
                  : start_thread("the watchdog", [this] { loop(); })) {}

watchdog::~watchdog() {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
}

watchdog::watch::watch(watchdog& by, run_core& run)
    : post_(by.post_of_this_thread()) {
  const std::lock_guard lock{post_.mutex};
  post_.run = &run;
}

watchdog::watch::~watch() {
  const std::lock_guard lock{post_.mutex};
  post_.run = nullptr;
  post_.count_turn();
}

watchdog::post& watchdog::new_post() {
  // First, so that there are never fewer of them where memory runs out.
  seen_.emplace_back();
  spare_.reserve(posts_.size() + 1);
  posts_.push_back(std::make_unique<post>());
  if (posts_.size() == 1) stop_.notify_all();
  return *posts_.back();
}

watchdog::post& watchdog::post_of_this_thread() {
  if (known.first == serial_) return *known.second;
  const std::lock_guard lock{mutex_};
  known = {serial_, &new_post()};
  return *known.second;
}

watchdog::guest::guest(watchdog& by) : by_(by), before_(known) {
  const std::lock_guard lock{by.mutex_};
  post* mine = nullptr;
  if (by.spare_.empty()) {
    mine = &by.new_post();
  } else {
    mine = by.spare_.back();
    by.spare_.pop_back();
  }
  known = {by.serial_, mine};
}

watchdog::guest::~guest() {
  auto* mine = std::exchange(known, before_).second;
  const std::lock_guard lock{by_.mutex_};
  by_.spare_.push_back(mine);
}

void watchdog::look(time_point now) {
  look_at_threads(now);
  if (pool_ != nullptr) look_at_pool(now);
}

void watchdog::look_at_pool(time_point now) {
  const auto [runs, load] = pool_->look(now, limit_);
  for (const auto& each : runs) {
    event warning;
    warning.kind = event_kind::warning;
    warning.at = now;
    warning.run = each.run->id();
    if (each.node != nullptr) warning.node = each.node->name;
    warning.text = text_of_wait(each, load, limit_);
    each.run->tell(std::move(warning));
  }
}

// Tells of its finds without a lock: the log and the observer of the system
// are functions of users.
void watchdog::look_at_threads(time_point now) {
  for (auto& each : find_held_threads(now)) {
    each.run->tell(std::move(each.warning));
  }
}

std::vector<watchdog::found> watchdog::find_held_threads(time_point now) {
  std::vector<found> all;
  const std::lock_guard lock{mutex_};
  for (std::size_t i = 0; i < posts_.size(); ++i) {
    auto& at = *posts_[i];
    auto& last = seen_[i];
    const std::lock_guard busy{at.mutex};
    const auto turn = at.turn.load(std::memory_order_acquire);
    if (at.run == nullptr || turn != last.turn) {
      last = {turn, now, false};
      continue;
    }
    if (last.told || now - last.since <= limit_) continue;
    last.told = true;
    const auto* node = at.node.load(std::memory_order_relaxed);
    if (node == nullptr) continue;
    event warning;
    warning.kind = event_kind::warning;
    warning.at = now;
    warning.run = at.run->id();
    warning.node = node->name;
    warning.text =
        "has held a thread for more than " + in_ms(limit_) +
        (node->options.threads == threads::blocking
             ? "; only exec and fallback of a blocking node run on the "
               "blocking pool, so move the work there from prep or post"
             : "; declare it blocking, or wait with co_await");
    if (auto run = at.run->weak_from_this().lock()) {
      all.push_back({std::move(run), std::move(warning)});
    }
  }
  return all;
}

void watchdog::loop() {
  std::unique_lock lock{mutex_};
  // Nothing can hold a thread before the first is known.
  stop_.wait(lock, [&] { return stopped_ || !posts_.empty(); });
  while (!stopped_) {
    wait_at_most(lock, stop_, limit_ / 2, [&] { return stopped_; });
    lock.unlock();
    try {
      look(clock::steady().now());
    } catch (const std::bad_alloc&) {
      // There is no memory for a warning, so there is none.
    }
    lock.lock();
  }
}

}  // namespace troupe::detail
