#pragma once

#include "troupe/context.hpp"
#include "troupe/detail/fiber/fiber_owner.hpp"
#include "troupe/detail/fiber/promise.hpp"
#include "troupe/detail/placed/placed_work.hpp"
#include "troupe/json.hpp"
#include "troupe/node_options.hpp"

#include <coroutine>
#include <cstdint>
#include <optional>
#include <utility>

namespace troupe::detail {

/// Describes an attempt of `exec` for another process; nothing if there is
/// none that could do it, so that it is made here.
[[nodiscard]] std::optional<placed_work> attempt_elsewhere(
    context& ctx, const state& shared, const node_options& options);

/// Awaitable: an attempt of `exec` in another process, from JSON to JSON.
///
/// Errors: throws what `exec` threw there, without its type.
/// Cancellation: the other process is told.
class [[nodiscard]] placed_call final : private waiter {
 public:
  explicit placed_call(placed_work what) : what_(std::move(what)) {}
  ~placed_call() {
    if (host() != nullptr) host()->recall(number_);
  }

  bool await_ready() const noexcept { return false; }
  template <hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    const auto key = enlist(host, self);
    number_ = host.place(std::move(what_), key);
  }
  json await_resume() {
    if (result_.failure) throw *result_.failure;
    if (result_.was_cancelled) {
      throw error{errc::cancelled, "the worker cancelled it"};
    }
    return std::move(result_.output);
  }

 private:
  void receive(void* answer) override {
    result_ = std::move(*static_cast<placed_result*>(answer));
  }

  placed_work what_;
  placed_result result_;
  std::uint64_t number_ = 0;
};

}  // namespace troupe::detail
