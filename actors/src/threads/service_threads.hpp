#pragma once

#include <cassert>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace troupe::detail {

/// The threads of those who speak to the outside for a system: clients of
/// servers, for example. Each ends with its owner, and at the latest with the
/// system: what such a thread has just called may let go of the last run, and
/// with that of the owner of the thread, when the system waits for nothing
/// else any more. Shared by the system and the owners, of which any may end
/// last.
///
/// Thread safety: internally synchronised.
class service_threads {
 public:
  using number = std::uint64_t;

  service_threads() = default;
  service_threads(const service_threads&) = delete;
  service_threads& operator=(const service_threads&) = delete;
  /// @pre closed, or all have ended
  ~service_threads() { assert(threads_.empty()); }

  /// Runs `body` on a thread of its own. It returns soon after `stop` was
  /// called, on any thread; both must own what they use.
  /// Errors: throws `errc::shut_down` after `close`, and `errc::overloaded`
  /// where no thread can be started.
  [[nodiscard]] number start(std::function<void()> body,
                             std::function<void()> stop);
  /// Stops one and waits for it; on that thread itself only the first. One
  /// that has returned need not be ended.
  void end(number which) noexcept;
  /// Stops all and waits for them.
  void close() noexcept;

 private:
  struct entry {
    std::thread thread;
    std::function<void()> stop;
    bool has_returned = false;
  };

  void run(number which, const std::function<void()>& body);
  void join_those_that_returned() noexcept;

  std::mutex mutex_;
  std::map<number, entry> threads_;
  number last_ = 0;
  bool is_closed_ = false;
};

}  // namespace troupe::detail
