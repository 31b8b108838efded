#pragma once

#include <troupe/event.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

namespace troupe::detail {

/// The bounds of the events of one run that wait to be read.
struct event_bounds {
  std::size_t number = 1024;
  std::size_t bytes = std::size_t{64} << 20;
};

/// The event stream of a run: bounded, so a slow reader costs the buffer and
/// nothing else. The oldest event is dropped for the newest, and an event that
/// is too large by itself, or for which there is no memory, is not kept; all of
/// these are counted. The final one is always delivered, last.
///
/// Thread safety: internally synchronised.
class event_queue {
 public:
  explicit event_queue(event_bounds bounds) : bounds_(bounds) {}

  void push(event what) noexcept;
  /// So many gave way before they came here.
  void miss(std::size_t count);
  /// Waits for an event; nothing after the final one was taken.
  [[nodiscard]] std::optional<event> next();
  [[nodiscard]] std::optional<event> try_next();
  [[nodiscard]] std::size_t dropped() const;

 private:
  struct entry {
    event content;
    std::size_t bytes = 0;
  };

  void keep(event what);
  void make_room(std::size_t bytes) noexcept;
  std::optional<event> take();

  const event_bounds bounds_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<entry> events_;
  /// Has its place from the start.
  std::optional<event> final_;
  std::size_t bytes_ = 0;
  std::size_t dropped_ = 0;
  bool closed_ = false;
};

}  // namespace troupe::detail
