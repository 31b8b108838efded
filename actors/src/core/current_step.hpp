#pragma once

#include <troupe/detail/node/step_keeper.hpp>

#include <utility>

namespace troupe::detail {

/// The durable step that the present thread executes, so that a run started by
/// it gets an id that the next life of the step finds again.
///
/// Thread safety: each thread has its own.
class current_step {
 public:
  /// Null while there is none.
  [[nodiscard]] static step_keeper* get() noexcept { return of_thread(); }

  /// Names it for as long as this lives.
  explicit current_step(step_keeper* which) noexcept
      : before_(std::exchange(of_thread(), which)) {}
  ~current_step() { of_thread() = before_; }
  current_step(const current_step&) = delete;
  current_step& operator=(const current_step&) = delete;

 private:
  static step_keeper*& of_thread() noexcept {
    static thread_local step_keeper* known = nullptr;
    return known;
  }

  step_keeper* const before_;
};

}  // namespace troupe::detail
