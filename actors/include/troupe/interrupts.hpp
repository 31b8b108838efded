#pragma once

#include <atomic>
#include <functional>
#include <signal.h>
#include <thread>

namespace troupe {

/// The signals that ask a program to end: Ctrl-C or SIGTERM. The first one lets
/// it end in order, the second one ends it at once.
///
/// Make it before all other threads, so before a `system`: they then leave
/// these signals alone. Signals wait until `on_first`.
///
///     troupe::interrupts interrupted;
///     troupe::system system;
///     const troupe::run run = system.start(work);
///     interrupted.on_first([run] { run.cancel("interrupted"); });
///
/// Thread safety: confined to one thread, except `came`, which any thread may
/// call.
class interrupts {
 public:
  interrupts();
  interrupts(const interrupts&) = delete;
  interrupts& operator=(const interrupts&) = delete;
  /// Waits for `stop`, if it is being called. The signals then do what they did
  /// before.
  ~interrupts();

  /// Calls `stop` on another thread when the program is asked to end, also if
  /// it already was.
  /// Errors: throws `errc::bad_flow` the second time.
  void on_first(std::function<void()> stop);
  /// Returns whether the program was asked to end, since `on_first`.
  [[nodiscard]] bool came() const noexcept { return signal_ != 0; }
  /// Ends as the signal would have ended it, so that a shell knows.
  /// @pre `came()`
  [[noreturn]] void end_program() const;

 private:
  void watch(const std::function<void()>& stop);

  sigset_t which_{};
  sigset_t before_{};
  std::atomic<int> signal_{0};
  std::atomic<bool> is_over_{false};
  std::thread watching_;
};

}  // namespace troupe
