#pragma once

#include "caf/caf_version.hpp"

#include <troupe/clock.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>

namespace troupe::detail {

class deferred_starts;

/// A start that waits for the first thread that has a use for it: the one that
/// waits for the end, or else an idle worker. To wake a worker for it takes
/// longer than a short run does.
class deferred_start {
 public:
  deferred_start() = default;
  deferred_start(const deferred_start&) = delete;
  deferred_start& operator=(const deferred_start&) = delete;

  /// Wakes the actor that was to be started. `from` is as for `wake`.
  virtual void begin(exec_ctx* from) noexcept = 0;

  /// Takes it from the list in which it waits. Returns whether it was there:
  /// then the caller has to begin it.
  bool take_back() noexcept;

 protected:
  ~deferred_start() = default;

 private:
  friend class deferred_starts;

  // Written once, before anybody else knows of the start.
  deferred_starts* list_ = nullptr;
  // Guarded by the list. Keeps the start alive for as long as it is in there.
  std::shared_ptr<deferred_start> self_;
  deferred_start* before_ = nullptr;
  deferred_start* after_ = nullptr;
  time_point since_{};
};

/// The starts that wait, oldest first.
///
/// Thread safety: internally synchronised.
class deferred_starts {
 public:
  deferred_starts() = default;
  deferred_starts(const deferred_starts&) = delete;
  deferred_starts& operator=(const deferred_starts&) = delete;
  ~deferred_starts();

  void add(std::shared_ptr<deferred_start> added) noexcept;
  /// Takes the oldest if it waits since `latest` or longer, else null.
  std::shared_ptr<deferred_start> take(time_point latest) noexcept;
  /// True if `take` would give one.
  [[nodiscard]] bool is_due(time_point latest) noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(); }
  /// The number of those ever added.
  [[nodiscard]] std::size_t added() const noexcept { return added_.load(); }

 private:
  friend class deferred_start;

  std::shared_ptr<deferred_start> unlink(deferred_start& which) noexcept;

  std::mutex mutex_;
  deferred_start* first_ = nullptr;
  deferred_start* last_ = nullptr;
  std::atomic<std::size_t> size_{0};
  std::atomic<std::size_t> added_{0};
};

}  // namespace troupe::detail
