#pragma once

#include <troupe/event.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

namespace troupe::detail {

/// The event stream of a run: bounded, so a slow reader costs the buffer and
/// nothing else. The oldest event gives way to the newest; the final one is
/// always delivered, last.
///
/// Thread safety: internally synchronised.
class event_queue {
 public:
  explicit event_queue(std::size_t events_max) : events_max_(events_max) {}

  void push(event what);
  /// So many gave way before they came here.
  void miss(std::size_t count);
  /// Waits for an event; nothing after the final one was taken.
  [[nodiscard]] std::optional<event> next();
  [[nodiscard]] std::optional<event> try_next();
  [[nodiscard]] std::size_t dropped() const;

 private:
  std::optional<event> take();

  const std::size_t events_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<event> events_;
  std::size_t dropped_ = 0;
  bool closed_ = false;
};

}  // namespace troupe::detail
