#pragma once

#include <troupe/llm/mcp_client.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace troupe::llm::detail {

/// A program that runs beside this one, in an environment of what it needs and
/// what it is given (see `mcp_command::environment`), with its standard input
/// and output in our hands. It is reaped in any case. What it writes to
/// standard error is read and thrown away but for the end of it, unless it goes
/// to ours; see `mcp_command::shows_errors`.
///
/// Thread safety: confined to one thread.
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
  /// Its standard error, to be read by `read_errors`; -1 where it goes to ours
  /// or is closed.
  [[nodiscard]] int errors() const noexcept { return errors_; }

  /// Reads what there is of its standard error, or a part of a large one.
  void read_errors() noexcept;
  /// The whole lines at the end of what was read there; all of it if that is
  /// short.
  [[nodiscard]] std::string_view last_errors() const noexcept;

  /// Waits for its end, and says how that was: "ended with status 1". Empty if
  /// it still runs after `limit`. Reads its standard error meanwhile.
  [[nodiscard]] std::string wait_for(std::chrono::milliseconds limit);

 private:
  pid_t id_ = -1;
  int handle_ = -1;
  int input_ = -1;
  int output_ = -1;
  int errors_ = -1;
  /// The end of what was read there, with room for more.
  std::string error_tail_;
  bool has_more_errors_ = false;
  std::string how_it_ended_;
};

}  // namespace troupe::llm::detail
