#pragma once

#include "troupe/clock.hpp"
#include "troupe/error.hpp"
#include "troupe/json.hpp"
#include "troupe/llm/mcp_input.hpp"
#include "troupe/llm/mcp_task.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace troupe::llm::mcp {

/// Limits of a call.
struct call_rules {
  /// The kinds of input that may be asked for; empty if nobody answers.
  std::set<mcp_input_kind> inputs = {};
  /// The number of times that a server may ask before it answers, and the
  /// maximum size of the state that it wants back.
  std::size_t rounds_max = 16;
  std::size_t state_max = std::size_t{256} << 10;
  /// The maximum time of a task, without the time in which inputs are gathered.
  duration task_limit = std::chrono::hours{1};
  /// The interval at which a server is asked about a task, within these bounds;
  /// the first one where it does not say.
  duration poll_default = std::chrono::seconds{1};
  duration poll_min = std::chrono::milliseconds{100};
  duration poll_max = std::chrono::minutes{5};
  /// The number of consecutive temporary failures after which a server is no
  /// longer asked about a task.
  std::size_t failures_max = 5;
};

/// Send this request, and give its answer to `tool_call::on_answer`, or why
/// there is none to `on_failure`.
struct to_send {
  std::string method;
  json params;
};
/// Have these answered, and give the answers, by key, to `on_inputs`.
struct to_ask {
  std::vector<mcp_input_request> requests;
};
/// Wait, and then call `on_waited`.
struct to_wait {
  duration span;
};
/// The call is over.
struct to_end {
  json result;
};
using call_step = std::variant<to_send, to_ask, to_wait, to_end>;

/// A call of a tool, from its request to its result: what is to be done next. A
/// server may ask for inputs first, again and again, each time in an answer to
/// a request of its own; and it may answer with a task, which is then asked
/// after until it has ended.
///
/// It is a value: a copy goes on where it stands.
///
/// Source: "Multi Round-Trip Requests" of the revision 2026-07-28, and the
/// extension io.modelcontextprotocol/tasks.
///
/// Errors: its functions throw why the call failed; it is over then.
///
/// Thread safety: confined to one actor or task.
class tool_call {
 public:
  tool_call(std::string tool, json arguments, call_rules rules);

  [[nodiscard]] const call_step& next() const noexcept { return next_; }

  /// @pre `next` is a `to_send`
  void on_answer(const json& answer, time_point now);
  /// @pre `next` is a `to_send`
  void on_failure(const error& why, time_point now);
  /// `answers` is an object. @pre `next` is a `to_ask`
  void on_inputs(json answers, time_point now);
  /// @pre `next` is a `to_wait`
  void on_waited();

  /// Returns the message that tells the server that nobody waits any more, if
  /// it works on a task.
  [[nodiscard]] std::optional<to_send> cancellation() const;

 private:
  struct open_task {
    std::string id;
    time_point begun;
    /// The time after which it has taken too long.
    time_point deadline;
    std::optional<time_point> expires;
    duration poll_interval;
    std::size_t failures = 0;
    /// Inputs that were asked for, and what came: null once the server has it.
    std::map<std::string, json> given;
  };

  void take_first(const json& answer, time_point now);
  void take_inputs_wanted(const json& result);
  void take_task(task_report report, time_point now);
  void take_task_inputs(const task_report& report, time_point now);
  void take_update(const json& answer, time_point now);
  void ask(std::vector<mcp_input_request> requests, time_point now);
  void poll_later(time_point now, duration at_least = {});
  void poll();
  void update(const json& answers);
  [[noreturn]] void end_task(const error& why);

  std::string tool_;
  json params_;
  call_rules rules_;
  call_step next_;
  /// The message to send after a `to_wait`.
  std::optional<to_send> after_wait_;
  std::size_t rounds_ = 0;
  std::size_t empty_rounds_ = 0;
  /// The state to give back with the inputs, where the server has one.
  std::optional<std::string> state_;
  time_point asked_at_;
  std::optional<open_task> task_;
};

}  // namespace troupe::llm::mcp
