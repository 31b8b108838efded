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

  /// Waits in line. The attempt is over when the result dies.
  [[nodiscard]] virtual task<std::shared_ptr<void>> enter() = 0;
  /// The lender of the permits, for `held_permits`; null for one that does not
  /// look for waits that cannot end.
  [[nodiscard]] virtual const void* lender() const noexcept { return nullptr; }
  /// An attempt that was let in has failed.
  virtual void on_failed(const error& why) { static_cast<void>(why); }
};

}  // namespace detail

/// Something that attempts have to pass, for `node_options::limits`: a
/// `semaphore`, a `rate_limit`. Copies stand for the same line.
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
