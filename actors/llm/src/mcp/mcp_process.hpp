#pragma once

#include "core/fiber_actor.hpp"
#include "http/socket_poll.hpp"
#include "process/child_process.hpp"
#include "process/program_pace.hpp"

#include <troupe/http/detail/redaction.hpp>
#include <troupe/json.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace troupe::llm::detail {

/// The reply to a request to a program.
struct mcp_arrival {
  json message;
  std::optional<error> failure;
  /// True if the program may have seen the request.
  bool was_sent = true;
};

/// A program that is a server: what is said to it, and by it. A message is a
/// line. One thread, that of `run`, reads from it and writes to it. Lines that
/// are no messages are passed over; see `reading_pace` for how fast.
///
/// Thread safety: internally synchronised.
class mcp_process {
 public:
  /// `hidden`: what no error may show of what it writes.
  /// Errors: throws a permanent `errc::request_failed` where it cannot be
  /// started.
  mcp_process(const mcp_command& command, const mcp_options& options,
              std::function<void(const std::string&)> hears = {},
              troupe::detail::secrets hidden = {});
  mcp_process(const mcp_process&) = delete;
  mcp_process& operator=(const mcp_process&) = delete;
  /// Ends the program.
  ~mcp_process() = default;

  /// Reads and writes until `stop`, or the end of the program, which it waits
  /// for.
  void run();
  void stop();

  /// Returns the time of its end, for one that takes no more requests.
  [[nodiscard]] std::optional<time_point> end_time();
  /// Returns the reason why it takes no more requests; empty while it does.
  [[nodiscard]] std::string end_reason();
  /// The first line that is no message, in words; empty if there was none.
  [[nodiscard]] std::string remark();

  /// Sends a request. Its answer, or the reason why there is none, wakes `who`
  /// with an `mcp_arrival`.
  void ask(std::uint64_t id, const json& request, troupe::detail::waker who);
  /// Nobody waits for the answer any more: tells the program.
  void forget(std::uint64_t id);
  void tell(const json& message);

 private:
  enum class reading : std::uint8_t { some, none, end };

  bool take_turn();
  reading read_some();
  void take_lines();
  void take_rest();
  [[nodiscard]] std::string last_errors() const;
  void take_line(std::string_view line);
  bool take_message(json message);
  bool give(std::optional<std::uint64_t> id, mcp_arrival came);
  void pass_over(std::string_view line);
  void watch_output(bool reads);
  void write_some();
  void stop_writing();
  void end_all(const std::string& why, errc code = errc::request_failed);
  void send(const json& message);

  /// The program as errors name it.
  const std::string name_;
  const troupe::detail::secrets hidden_;
  const mcp_options options_;
  /// Called with the method of each notification.
  const std::function<void(const std::string&)> hears_;
  child_process program_;
  troupe::detail::socket_poll poll_;
  std::atomic<bool> is_stopping_{false};

  // Of the thread.
  std::string read_;
  /// So many bytes of it have no end of a line.
  std::size_t searched_ = 0;
  std::size_t last_read_ = 0;
  reading_pace pace_;
  bool reads_output_ = true;
  bool waits_to_write_ = false;
  /// The time at which one that reads no more has had time enough.
  std::optional<time_point> last_moment_;

  std::mutex mutex_;
  std::string unsent_;
  bool takes_input_ = true;
  std::map<std::uint64_t, troupe::detail::waker> waiting_;
  /// Requests that nobody waits for any more, and that have no answer yet.
  std::set<std::uint64_t> given_up_;
  std::string remark_;
  std::optional<error> ended_;
  time_point ended_at_;
};

/// A command as errors show it: the program and its first two arguments,
/// without what may be a key.
[[nodiscard]] std::string shown_command(const mcp_command& command);
/// The secrets of a command: variables and arguments whose names say so.
[[nodiscard]] troupe::detail::secrets secrets_of(const mcp_command& command);

}  // namespace troupe::llm::detail
