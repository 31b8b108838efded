#pragma once

#include <memory>
#include <utility>

namespace troupe {

class error;
template <class T>
class task;

namespace detail {

/// A gate that lets attempts in. Implemented by the limits that are actors.
class limit_line {
 public:
  limit_line() = default;
  limit_line(const limit_line&) = delete;
  limit_line& operator=(const limit_line&) = delete;
  virtual ~limit_line() = default;

  /// Waits in the queue. The attempt ends when the result is destroyed.
  [[nodiscard]] virtual task<std::shared_ptr<void>> enter() = 0;
  /// Returns the lender of the permits, for `held_permits`; null if it does not
  /// look for waits that cannot end.
  [[nodiscard]] virtual const void* lender() const noexcept { return nullptr; }
  /// Tells that an attempt that was let in has failed.
  virtual void on_failed(const error& why) { static_cast<void>(why); }
};

}  // namespace detail

/// A limit that attempts have to pass, for `node_options::limits`: a
/// `semaphore`, a `rate_limit`. Copies share one queue.
///
/// Thread safety: immutable.
class limit {
 public:
  explicit limit(std::shared_ptr<detail::limit_line> line) noexcept
      : line_(std::move(line)) {}

  [[nodiscard]] detail::limit_line& line() const noexcept { return *line_; }

 private:
  std::shared_ptr<detail::limit_line> line_;
};

}  // namespace troupe
