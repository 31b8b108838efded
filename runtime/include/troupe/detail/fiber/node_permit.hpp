#pragma once

#include "troupe/detail/fiber/fiber_owner.hpp"
#include "troupe/detail/fiber/permit_answer.hpp"
#include "troupe/detail/fiber/promise.hpp"

#include <coroutine>
#include <cstdint>
#include <memory>
#include <utility>

namespace troupe::detail {

/// Awaitable: a place among the `limit` attempts that a node may make at once.
class [[nodiscard]] node_permit final : private waiter {
 public:
  node_permit(const void* owner, std::uint32_t limit) noexcept
      : owner_(owner), limit_(limit) {}

  bool await_ready() const noexcept { return false; }
  template <hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    const auto key = enlist(host, self);
    lender_ = host.acquire(owner_, limit_, key, self.promise().held);
  }
  std::shared_ptr<void> await_resume() {
    if (got_.refused) throw *got_.refused;
    return std::move(got_.permit);
  }
  /// The lender of it, once it was awaited; null if its owner has none.
  [[nodiscard]] const void* lender() const noexcept { return lender_; }

 private:
  void receive(void* answer) override {
    got_ = std::move(*static_cast<permit_answer*>(answer));
  }

  const void* owner_;
  std::uint32_t limit_;
  const void* lender_ = nullptr;
  permit_answer got_;
};

}  // namespace troupe::detail
