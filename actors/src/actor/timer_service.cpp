#include "actor/timer_service.hpp"

#include "threads/start_thread.hpp"
#include "threads/wait_at_most.hpp"

#include <troupe/clock.hpp>

#include <algorithm>
#include <utility>

namespace troupe::detail {

namespace {

// So many timers are fired between two releases of the lock, so that those who
// arm others meanwhile need not wait for all that are due.
constexpr std::size_t batch_size = 256;

timer_service::time_point start_of(timer_service::clock source) {
  return source == timer_service::clock::real ? troupe::clock::steady().now()
                                              : timer_service::time_point{};
}

}  // namespace

timer_service::timer_service(clock source)
    : source_{source},
      wheel_{start_of(source)},
      manual_now_{timer_service::time_point{}} {
  if (source_ == clock::real) {
    // A due timer is never lost for want of memory.
    due_.reserve(batch_size);
    thread_ = start_thread("timers", [this] { loop(); });
  }
}

timer_service::~timer_service() { stop(); }

timer_service::time_point timer_service::now() const noexcept {
  return source_ == clock::real ? troupe::clock::steady().now()
                                : manual_now_.load();
}

wall_time timer_service::wall_now() const noexcept {
  if (source_ == clock::real) return troupe::clock::steady().wall_now();
  // Virtual time begins with the year 2000, so that dates repeat as well, and
  // ends with the last date that there is.
  constexpr wall_time first{std::chrono::sys_days{std::chrono::year{2000} /
                                                  std::chrono::January / 1}};
  const auto since = std::chrono::duration_cast<wall_time::duration>(
      manual_now_.load().time_since_epoch() + date_shift_.load());
  return since > wall_time::max() - first ? wall_time::max() : first + since;
}

timer_id timer_service::arm(time_point due, lite_ptr<lite_actor> target,
                            std::uint32_t slot, std::uint32_t generation) {
  timer_id id;
  bool is_earlier = false;
  {
    const std::lock_guard lock{mutex_};
    if (!stopped_) {
      id = wheel_.arm(due, {std::move(target), slot, generation});
      is_earlier = due < next_look_;
      if (is_earlier) {
        next_look_ = due;
      }
    }
  }
  if (is_earlier) {
    changed_.notify_one();
  }
  return id;
}

timer_id timer_service::arm(duration wait, lite_ptr<lite_actor> target,
                            std::uint32_t slot, std::uint32_t generation) {
  return arm(after(now(), wait), std::move(target), slot, generation);
}

bool timer_service::cancel(timer_id id) {
  // Destroyed without the lock: with its last reference an actor ends, and may
  // then cancel timers of its own.
  std::optional<wake_up> removed;
  const std::lock_guard lock{mutex_};
  removed = wheel_.remove(id);
  return removed.has_value();
}

std::size_t timer_service::size() const {
  const std::lock_guard lock{mutex_};
  return wheel_.size();
}

void timer_service::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
  // One by one, because stopping must not need memory.
  for (bool is_last = false; !is_last;) {
    std::optional<wake_up> dropped;
    const std::lock_guard lock{mutex_};
    is_last =
        wheel_.clear([&](wake_up&& each) { dropped = std::move(each); }, 1);
  }
}

void timer_service::post_all(std::vector<wake_up>& due) {
  for (auto& each : due) {
    send_to(*each.target, timer_due{each.slot, each.generation});
  }
  due.clear();
}

void timer_service::loop() {
  auto& due = due_;
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    const auto is_last = wheel_.advance(
        troupe::clock::steady().now(),
        [&](wake_up&& each) { due.push_back(std::move(each)); }, batch_size);
    if (!due.empty()) {
      lock.unlock();
      post_all(due);
      lock.lock();
    }
    // It may have been stopped while the lock was free.
    if (!is_last || stopped_) {
      continue;
    }
    next_look_ = wheel_.next_look().value_or(time_point::max());
    wait_at_most(lock, changed_, next_look_);
  }
}

std::optional<timer_service::time_point> timer_service::next_due() const {
  const std::lock_guard lock{mutex_};
  const auto due = wheel_.next_due();
  return due == time_point::max() ? std::nullopt : due;
}

std::size_t timer_service::advance_to(time_point now) {
  std::vector<wake_up> due;
  {
    const std::lock_guard lock{mutex_};
    manual_now_ = std::max(manual_now_.load(), now);
    wheel_.advance(manual_now_,
                   [&](wake_up&& each) { due.push_back(std::move(each)); });
  }
  const auto count = due.size();
  post_all(due);
  return count;
}

}  // namespace troupe::detail
