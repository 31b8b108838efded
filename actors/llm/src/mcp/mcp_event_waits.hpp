#pragma once

// The parts of `mcp_events` that its sources share.

#include "mcp/mcp_events.hpp"

#include <coroutine>
#include <cstdint>
#include <optional>
#include <utility>

namespace troupe::llm::detail {

struct mcp_events::news {
  json answer;
  std::optional<error> failure;
  /// It is its turn to read.
  bool reads = false;
};

struct mcp_events::place {
  std::optional<troupe::detail::waker> who;
  std::optional<json> answer;
  /// Its request is on its way.
  bool may_read = false;
  bool reads = false;
};

/// The place of one who waits. With it goes the turn to read.
class mcp_events::seat {
 public:
  seat(mcp_events& at, std::uint64_t number) : from(at), id(number) {
    const std::lock_guard lock{from.mutex_};
    if (from.ended_) throw mcp_session_lost{*from.ended_};
    if (from.waiting_.size() >= from.options_.requests_max) {
      throw error{errc::overloaded, "too many requests to an MCP server"};
    }
    from.waiting_.try_emplace(id);
  }
  seat(const seat&) = delete;
  seat& operator=(const seat&) = delete;
  ~seat() {
    if (is_reading) {
      from.end_all({errc::request_failed,
                    "the stream of the MCP server has ended with a request "
                    "that was given up"});
    }
    from.pass_on(id);
  }

  mcp_events& from;
  const std::uint64_t id;
  bool is_reading = false;
};

/// Awaitable: the answer, or the turn to read.
class [[nodiscard]] mcp_events::next_news final
    : private troupe::detail::waiter {
 public:
  next_news(mcp_events& from, std::uint64_t id) : from_(from), id_(id) {}

  bool await_ready() const noexcept { return false; }
  template <troupe::detail::hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    const auto key = enlist(host, self);
    auto& owner = troupe::detail::fiber_actor::of(host, "wait for a server");
    from_.wait(id_, owner.waker_for(key));
  }
  news await_resume() { return std::move(came_); }

 private:
  void receive(void* answer) override {
    came_ = std::move(*static_cast<news*>(answer));
  }

  mcp_events& from_;
  const std::uint64_t id_;
  news came_;
};

}  // namespace troupe::llm::detail
