#include "event_queue.hpp"

#include <utility>

namespace troupe::detail {

void event_queue::push(event what) {
  {
    const std::lock_guard lock{mutex_};
    if (closed_) return;
    closed_ = what.is_final;
    if (events_.size() == events_max_) {
      events_.pop_front();
      ++dropped_;
    }
    events_.push_back(std::move(what));
  }
  changed_.notify_all();
}

void event_queue::miss(std::size_t count) {
  const std::lock_guard lock{mutex_};
  dropped_ += count;
}

std::optional<event> event_queue::next() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return closed_ || !events_.empty(); });
  return take();
}

std::optional<event> event_queue::try_next() {
  const std::lock_guard lock{mutex_};
  return take();
}

std::size_t event_queue::dropped() const {
  const std::lock_guard lock{mutex_};
  return dropped_;
}

std::optional<event> event_queue::take() {
  if (events_.empty()) return std::nullopt;
  std::optional<event> first{std::move(events_.front())};
  events_.pop_front();
  return first;
}

}  // namespace troupe::detail
