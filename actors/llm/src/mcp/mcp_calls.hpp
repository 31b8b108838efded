#pragma once

#include <troupe/llm/mcp_call.hpp>
#include <troupe/llm/mcp_input.hpp>
#include <troupe/llm/mcp_lists.hpp>
#include <troupe/llm/mcp_trace.hpp>
#include <troupe/task.hpp>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace troupe::llm::detail {

/// The connection to a server that requests need from their client.
///
/// Thread safety: internally synchronised.
class mcp_line {
 public:
  mcp_line() = default;
  mcp_line(const mcp_line&) = delete;
  mcp_line& operator=(const mcp_line&) = delete;
  virtual ~mcp_line() = default;

  /// The answer to a request, also where that is an error.
  [[nodiscard]] virtual task<json> ask(std::string method, json params) = 0;
  /// Sends a request whose answer nobody waits for, if it can be sent now.
  virtual void send_off(std::string method, json params) noexcept = 0;
  /// Returns the identity that the server sees of this client, as far as it may
  /// change.
  [[nodiscard]] virtual std::string identity() { return {}; }
};

/// Calls a tool: the whole result. `on_input` may be null.
/// Cancellation: a task of the server is cancelled as well.
[[nodiscard]] task<json> carried_out(std::shared_ptr<mcp_line> line,
                                     mcp::tool_call call,
                                     mcp_input_callback on_input,
                                     mcp_trace_context trace);

/// The pages that the copies of a client keep.
///
/// Thread safety: internally synchronised.
class mcp_shelf {
 public:
  [[nodiscard]] std::optional<mcp::tool_page> find(const std::string& cursor,
                                                   const std::string& who,
                                                   time_point now);
  /// Unless `forget` was called since `edition`.
  void keep(const std::string& cursor, const std::string& who,
            mcp::tool_page page, mcp::freshness fresh, time_point now,
            std::uint64_t edition);
  void forget();
  [[nodiscard]] bool is_empty();
  /// Returns the number of times that it was told to forget.
  [[nodiscard]] std::uint64_t edition();

 private:
  std::mutex mutex_;
  mcp::kept_pages pages_;
  std::uint64_t edition_ = 0;
};

/// The page of the list of tools that begins at `cursor`: the one that is
/// kept while it is fresh, and otherwise that of the server.
[[nodiscard]] task<mcp::tool_page> listed_page(std::shared_ptr<mcp_line> line,
                                               std::shared_ptr<mcp_shelf> shelf,
                                               std::string cursor,
                                               mcp_trace_context trace);

/// Awaitable: the time of the actor that awaits it. It does not wait.
class [[nodiscard]] time_here {
 public:
  bool await_ready() const noexcept { return false; }
  template <troupe::detail::hosted Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    now_ = self.promise().host->now();
    return false;
  }
  time_point await_resume() const noexcept { return now_; }

 private:
  time_point now_;
};

}  // namespace troupe::llm::detail
