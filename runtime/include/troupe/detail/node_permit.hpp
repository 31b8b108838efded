#pragma once

#include "troupe/detail/fiber_host.hpp"
#include "troupe/detail/promise.hpp"

#include <coroutine>
#include <cstdint>
#include <exception>
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
    host.acquire(owner_, limit_, key);
  }
  std::shared_ptr<void> await_resume() {
    if (failure_) std::rethrow_exception(failure_);
    return std::move(permit_);
  }

 private:
  void receive(void* answer) override {
    permit_ = std::move(*static_cast<std::shared_ptr<void>*>(answer));
  }

  const void* owner_;
  std::uint32_t limit_;
  std::shared_ptr<void> permit_;
  std::exception_ptr failure_;
};

}  // namespace troupe::detail
