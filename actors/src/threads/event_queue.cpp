#include "threads/event_queue.hpp"

#include <new>
#include <string_view>
#include <utility>

namespace troupe::detail {

namespace {

/// Returns the approximate number of bytes that a value takes beside its place
/// in what holds it. Stops soon after it is more than `most`.
std::size_t bytes_of(const value& data, std::size_t most) {
  if (data.is_string()) return data.get<std::string_view>().size();
  std::size_t sum = 0;
  if (data.is_array()) {
    for (const auto& each : data) {
      sum += sizeof(value);
      if (sum > most) break;
      sum += bytes_of(each, most - sum);
      if (sum > most) break;
    }
  } else if (data.is_object()) {
    for (const auto& [name, each] : data.members()) {
      sum += 2 * sizeof(value) + name.size();
      if (sum > most) break;
      sum += bytes_of(each, most - sum);
      if (sum > most) break;
    }
  }
  return sum;
}

std::size_t bytes_of(const event& what, std::size_t most) {
  return sizeof(event) + what.run.size() + what.node.size() + what.text.size() +
         bytes_of(what.data, most);
}

}  // namespace

void event_queue::push(event what) noexcept {
  {
    const std::lock_guard lock{mutex_};
    if (closed_) return;
    if (what.is_final) {
      // It counts as one of the events, although it is kept apart.
      make_room(0);
      final_ = std::move(what);
      closed_ = true;
    } else {
      keep(std::move(what));
    }
  }
  changed_.notify_all();
}

void event_queue::keep(event what) {
  try {
    const auto bytes = bytes_of(what, bounds_.bytes);
    if (bytes > bounds_.bytes) {
      ++dropped_;
      return;
    }
    make_room(bytes);
    events_.push_back({std::move(what), bytes});
    bytes_ += bytes;
  } catch (const std::bad_alloc&) {
    ++dropped_;
  }
}

void event_queue::make_room(std::size_t bytes) noexcept {
  while (events_.size() == bounds_.number || bytes_ > bounds_.bytes - bytes) {
    bytes_ -= events_.front().bytes;
    events_.pop_front();
    ++dropped_;
  }
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
  if (events_.empty()) return std::exchange(final_, std::nullopt);
  std::optional<event> first{std::move(events_.front().content)};
  bytes_ -= events_.front().bytes;
  events_.pop_front();
  return first;
}

}  // namespace troupe::detail
