#pragma once

#include <troupe/llm/mcp_client.hpp>

#include <chrono>
#include <string>
#include <sys/types.h>

namespace troupe::llm::detail {

/// A program that runs beside this one, in an environment of what it needs and
/// what it is given (see `mcp_command::environment`), with its standard input
/// and output in our hands. It is reaped in any case.
///
/// Thread safety: belongs to one thread.
class child_process {
 public:
  /// Errors: throws a permanent `errc::request_failed` where it cannot be
  /// started.
  explicit child_process(const mcp_command& command);
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  /// Ends it.
  ~child_process();

  /// Ends it: closes its input, and if that does not help terminates it, and
  /// then kills it, each after a second.
  void end() noexcept;

  /// Neither blocks. A closed one is told by `send` without a signal.
  [[nodiscard]] int input() const noexcept { return input_; }
  [[nodiscard]] int output() const noexcept { return output_; }
  /// Becomes readable with its end, also while something that it has started
  /// holds its output.
  [[nodiscard]] int handle() const noexcept { return handle_; }

  /// Waits for its end, and says how that was: "ended with status 1". Empty if
  /// it still runs after `limit`.
  [[nodiscard]] std::string wait_for(std::chrono::milliseconds limit);

 private:
  pid_t id_ = -1;
  int handle_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string how_it_ended_;
};

}  // namespace troupe::llm::detail
