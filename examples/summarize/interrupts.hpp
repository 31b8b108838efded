#pragma once

#include <atomic>
#include <functional>
#include <signal.h>
#include <thread>

namespace summarize {

/// Lets the program end in order when it is asked to: by Ctrl-C, or SIGTERM.
/// Asked a second time, it ends at once.
///
/// To be made before all other threads, which then leave these signals alone.
/// Thread safety: not safe to share; use from one thread at a time.
class interrupts {
 public:
  /// Errors: throws `std::system_error` when the system has no more files.
  interrupts();
  ~interrupts();
  interrupts(const interrupts&) = delete;
  interrupts& operator=(const interrupts&) = delete;

  /// Calls `stop` on another thread when the program is asked to end, also if
  /// it already was. Once.
  void on_first(std::function<void()> stop);
  /// Whether the program was asked to end.
  [[nodiscard]] bool came() const { return signal_ != 0; }
  /// Ends as the signal would have ended it, so that a shell knows.
  /// @pre `came()`
  [[noreturn]] void end_program() const;

 private:
  void watch(const std::function<void()>& stop);

  sigset_t which_{};
  sigset_t before_{};
  int signals_;
  int over_;
  std::atomic<int> signal_{0};
  std::thread watching_;
};

}  // namespace summarize
