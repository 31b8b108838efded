#pragma once

#include "child_process.hpp"
#include "fiber_actor.hpp"
#include "socket_poll.hpp"

#include <troupe/json.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace troupe::llm::detail {

/// What has come of a request to a program.
struct mcp_arrival {
  json message;
  std::optional<error> failure;
};

/// A program that is a server: what is said to it, and by it. A message is a
/// line. One thread, that of `run`, reads from it and writes to it.
///
/// Thread safety: internally synchronised.
class mcp_process {
 public:
  /// Errors: throws a permanent `errc::request_failed` where it cannot be
  /// started.
  mcp_process(const mcp_command& command, const mcp_options& options);
  mcp_process(const mcp_process&) = delete;
  mcp_process& operator=(const mcp_process&) = delete;
  /// Ends the program.
  ~mcp_process() = default;

  /// Reads and writes until `stop`, or the end of the program.
  void run();
  void stop();

  /// Sends a request. Its answer, or why there is none, wakes `who` with an
  /// `mcp_arrival`.
  void ask(std::uint64_t id, const json& request, troupe::detail::waker who);
  /// Nobody waits for the answer any more: tells the program.
  void forget(std::uint64_t id);
  void tell(const json& message);

 private:
  enum class reading : std::uint8_t { some, none, end };

  reading read_some();
  void take_lines();
  void take_line(const std::string& line);
  void write_some();
  void stop_writing();
  void end_all(const std::string& why);
  void send(const json& message);

  const mcp_command command_;
  const mcp_options options_;
  child_process program_;
  socket_poll poll_;
  std::atomic<bool> is_stopping_{false};

  // Of the thread.
  std::string read_;
  bool waits_to_write_ = false;

  std::mutex mutex_;
  std::string unsent_;
  bool takes_input_ = true;
  std::map<std::uint64_t, troupe::detail::waker> waiting_;
  std::optional<error> ended_;
};

}  // namespace troupe::llm::detail
