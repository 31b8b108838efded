#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

class step_services;

/// A permit as the coroutine that got it knows it. It lives as long as the
/// permit, and keeps its place, for who keeps that while a call is under way.
///
/// Thread safety: internally synchronised.
struct permit_mark {
  explicit permit_mark(std::shared_ptr<void> at) : place(std::move(at)) {}

  const std::shared_ptr<void> place;
  /// It may be with another coroutine by now.
  std::atomic<bool> was_moved{false};
};

/// The permits that a coroutine holds, as those know that it awaits. A blocking
/// call keeps them for as long as it lasts, and a wait for one more permit can
/// tell that it waits for itself.
///
/// Thread safety: confined to one actor or task.
struct held_permits {
  struct entry {
    /// The lender, if that looks for waits that cannot end; else null.
    const void* lender = nullptr;
    /// Expired where it went back.
    std::weak_ptr<void> permit;
    /// The number of places it takes.
    std::uint32_t count = 1;
    /// Of one that can be moved: whether it was; else null.
    std::weak_ptr<const std::atomic<bool>> was_moved = {};
  };

  /// Those of the coroutine that awaits this one, or null.
  const held_permits* above = nullptr;
  /// The step that holds them, which knows what it is called; or null.
  const step_services* holder = nullptr;
  std::vector<entry> entries = {};
  /// All waits below are for a while only, by `within`: what is held here
  /// and above can come back.
  bool ends_by_itself = false;

  /// Takes down a permit. Those that are gone by then are forgotten.
  void add(const void* lender, const std::shared_ptr<void>& permit,
           std::uint32_t count = 1);
  void add(const void* lender, const std::shared_ptr<permit_mark>& permit,
           std::uint32_t count);
};

/// A permit that is held, for who looks for waits that cannot end.
///
/// Thread safety: immutable.
struct held_token {
  const void* lender = nullptr;
  std::weak_ptr<void> permit;
  std::uint32_t count = 1;
  /// The node that holds it; empty where that is not known.
  std::string holder;
  /// See `held_permits::entry`.
  std::weak_ptr<const std::atomic<bool>> was_moved = {};

  /// True if it may be with another coroutine than the one that got it.
  [[nodiscard]] bool may_be_elsewhere() const noexcept {
    const auto moved = was_moved.lock();
    return moved && moved->load();
  }
};

/// All permits that are held here and above.
[[nodiscard]] std::vector<std::shared_ptr<void>> permits_in(
    const held_permits* held);
/// The same of those whose lender looks for waits that cannot end, up to a wait
/// that ends by itself.
[[nodiscard]] std::vector<held_token> tokens_in(const held_permits* held);

/// Awaitable, never waits: from here on, what the coroutine awaits knows
/// `mine`, which must outlive that.
class [[nodiscard]] begin_holding final {
 public:
  explicit begin_holding(held_permits& mine) noexcept : mine_(mine) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    mine_.above = std::exchange(self.promise().held, &mine_);
    return false;
  }
  void await_resume() const noexcept {}

 private:
  held_permits& mine_;
};

}  // namespace troupe::detail
