#pragma once

#include "troupe/clock.hpp"
#include "troupe/error.hpp"
#include "troupe/json.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::llm::mcp {

/// The state of a task of a server.
enum class task_status : std::uint8_t {
  /// Also where the server has a word for it that is not known here.
  working,
  input_required,
  completed,
  failed,
  cancelled,
};

/// A server's report on a task, by which it answers a call later.
///
/// Source: the extension io.modelcontextprotocol/tasks of 2026-07-28.
struct task_report {
  /// Visible ASCII, 512 bytes at most.
  std::string id = {};
  task_status status = task_status::working;
  /// For people; printable, 500 bytes at most.
  std::string message = {};
  /// The time for which the server keeps it, from its beginning on. Absent: it
  /// does not say, or for ever.
  std::optional<duration> lifetime = {};
  /// The interval at which it wants to be asked.
  std::optional<duration> poll_interval = {};
  /// The inputs that it asks for, by key, or null.
  json inputs = {};
  /// The result of a completed one, or null.
  json result = {};
  /// The error of a failed one, or null.
  json failure = {};

  [[nodiscard]] bool has_ended() const noexcept {
    return status == task_status::completed || status == task_status::failed ||
           status == task_status::cancelled;
  }
};

/// Errors: throws `errc::bad_reply` for what is none.
[[nodiscard]] task_report task_in(const json& result);

/// The result of a completed task.
/// Errors: throws `errc::request_failed` with the server's words for one that
/// failed, permanent as `result_in` says, or was cancelled, permanent;
/// `errc::bad_reply` for a completed one without a result.
/// @pre `task.has_ended()`
[[nodiscard]] json result_of(const task_report& task);

/// A span in milliseconds; nothing for what is no number above zero. More than
/// 100 years are 100 years.
[[nodiscard]] std::optional<duration> milliseconds_in(const json& form);

}  // namespace troupe::llm::mcp
