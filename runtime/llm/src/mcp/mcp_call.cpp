#include "troupe/llm/mcp_call.hpp"

#include "replies/reply_fields.hpp"
#include "troupe/llm/mcp_protocol.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <utility>

namespace troupe::llm::mcp {

namespace {

using detail::reply_fields;

constexpr std::int64_t wrong_params = -32602;
constexpr duration first_pause = std::chrono::milliseconds{100};
constexpr duration longest_pause = std::chrono::seconds{5};
constexpr duration longest_wait = std::chrono::hours{24};
constexpr std::size_t type_max = 60;

/// Returns the type that the result says it has.
std::string type_of(const json& answer) {
  if (!answer.is_object()) return "complete";
  const auto result = answer.find("result");
  if (result == answer.end() || !result->is_object()) return "complete";
  const auto type = result->find("resultType");
  if (type == result->end() || !type->is_string()) return "complete";
  return type->get<std::string>();
}

/// A result that is nothing but its content, as one of the protocol.
json with_content(json result) {
  if (result.is_object()) return result;
  if (result.is_array()) return {{"content", std::move(result)}};
  auto text = result.is_string() ? result.get<std::string>()
                                 : write_json(result, bad_text::replaced);
  json block = {{"type", "text"}, {"text", std::move(text)}};
  return {{"content", json::array({std::move(block)})}};
}

/// The result of a question about a task, of which kits disagree what it is.
json task_result_in(const json& answer) {
  if (type_of(answer) != "task") return result_in(answer);
  json plain = answer;
  plain["result"].erase("resultType");
  return result_in(plain);
}

bool says_unknown(const json& answer) {
  const auto failure = answer.find("error");
  return failure != answer.end() && failure->is_object() &&
         failure->value("code", json()) == wrong_params;
}

bool may_pass(const error& why) {
  if (why.is_permanent()) return false;
  switch (why.code()) {
    case errc::request_failed:
    case errc::timed_out:
    case errc::rate_limited:
    case errc::overloaded:
    case errc::bad_reply:
      return true;
    default:
      return false;
  }
}

std::string seconds(duration span) {
  const auto count = std::chrono::ceil<std::chrono::seconds>(span).count();
  return std::to_string(count) + " s";
}

}  // namespace

tool_call::tool_call(std::string tool, json arguments, call_rules rules)
    : tool_(std::move(tool)), rules_(std::move(rules)) {
  params_ = json::object();
  params_["name"] = tool_;
  params_["arguments"] = std::move(arguments);
  next_ = to_send{"tools/call", params_};
}

// -- what has come ------------------------------------------------------------

void tool_call::on_answer(const json& answer, time_point now) {
  assert(std::holds_alternative<to_send>(next_));
  if (!task_) return take_first(answer, now);
  if (std::get<to_send>(next_).method == "tasks/update") {
    return take_update(answer, now);
  }
  std::optional<task_report> report;
  try {
    report = task_in(task_result_in(answer));
  } catch (const error& why) {
    if (answer.is_object() && says_unknown(answer)) {
      end_task({errc::request_failed,
                "the MCP server no longer knows the task: " + why.message()});
    }
    return on_failure(why, now);
  }
  task_->failures = 0;
  take_task(std::move(*report), now);
}

void tool_call::on_failure(const error& why, time_point now) {
  assert(std::holds_alternative<to_send>(next_));
  // A call may not be made twice; a question about a task may.
  if (!task_ || !may_pass(why)) throw error{why};
  if (++task_->failures > rules_.failures_max) throw error{why};
  poll_later(now, why.retry_after().value_or(duration::zero()));
}

void tool_call::on_inputs(json answers, time_point now) {
  assert(std::holds_alternative<to_ask>(next_));
  if (!task_) {
    to_send again{"tools/call", params_};
    again.params["inputResponses"] = std::move(answers);
    if (state_) again.params["requestState"] = *state_;
    next_ = std::move(again);
    return;
  }
  task_->deadline = after(task_->deadline, now - asked_at_);
  for (auto& [key, answer] : answers.items()) {
    task_->given.insert_or_assign(key, answer);
  }
  update(answers);
}

void tool_call::on_waited() {
  assert(std::holds_alternative<to_wait>(next_));
  next_ = std::move(*after_wait_);
  after_wait_.reset();
}

std::optional<to_send> tool_call::cancellation() const {
  if (!task_) return std::nullopt;
  return to_send{"tasks/cancel", {{"taskId", task_->id}}};
}

// -- inputs before the result -------------------------------------------------

void tool_call::take_first(const json& answer, time_point now) {
  const auto type = type_of(answer);
  if (type == "input_required") {
    if (++rounds_ > rules_.rounds_max) {
      throw error{errc::bad_reply, "the MCP server has asked for inputs " +
                                       std::to_string(rules_.rounds_max) +
                                       " times and asks once more"}
          .permanent();
    }
    take_inputs_wanted(answer.at("result"));
    if (const auto* asking = std::get_if<to_ask>(&next_)) {
      ask(asking->requests, now);
    }
  } else if (type == "task") {
    auto report = task_in(answer.at("result"));
    task_ =
        open_task{report.id, now, after(now, rules_.task_limit), {}, {}, 0, {}};
    take_task(std::move(report), now);
  } else if (type != "complete") {
    throw error{errc::bad_reply,
                "the MCP server answered with a result of the type '" +
                    printable(type, line_breaks::joined, type_max) +
                    "', which this client does not support"}
        .permanent();
  } else {
    next_ = to_end{with_content(result_in(answer))};
  }
}

void tool_call::take_inputs_wanted(const json& result) {
  const auto state = reply_fields{result}.find("requestState");
  state_.reset();
  if (!state.is_null()) {
    if (state.text().size() > rules_.state_max) {
      throw error{errc::bad_reply,
                  "the MCP server asks this client to keep a state of " +
                      std::to_string(state.text().size()) + " bytes; at most " +
                      std::to_string(rules_.state_max) + " are kept"}
          .permanent();
    }
    state_ = state.text();
  }
  const auto wanted = result.find("inputRequests");
  auto requests = inputs_in(wanted == result.end() ? json() : *wanted,
                            rules_.inputs, tool_);
  if (!requests.empty()) {
    empty_rounds_ = 0;
    next_ = to_ask{std::move(requests)};
    return;
  }
  if (!state_) {
    throw error{errc::bad_reply,
                "the MCP server asks for inputs without naming any"};
  }
  // It wants to be asked again, with no hurry if it says so again.
  to_send again{"tools/call", params_};
  again.params["requestState"] = *state_;
  if (empty_rounds_ == 0) {
    next_ = std::move(again);
  } else {
    after_wait_ = std::move(again);
    const auto pause =
        first_pause * (1 << std::min<std::size_t>(empty_rounds_ - 1, 10));
    next_ = to_wait{std::min<duration>(pause, longest_pause)};
  }
  ++empty_rounds_;
}

void tool_call::ask(std::vector<mcp_input_request> requests, time_point now) {
  asked_at_ = now;
  next_ = to_ask{std::move(requests)};
}

// -- tasks --------------------------------------------------------------------

void tool_call::take_task(task_report report, time_point now) {
  auto& task = *task_;
  if (report.id != task.id) {
    throw error{errc::bad_reply,
                "the MCP server answered with the status of another task"};
  }
  if (report.has_ended()) {
    const bool has_all = !report.result.is_null() || !report.failure.is_null();
    if (!has_all && std::get<to_send>(next_).method == "tools/call") {
      // The first word on it has less to say than a later one.
      return poll();
    }
    task_.reset();
    next_ = to_end{result_of(report)};
    return;
  }
  task.expires.reset();
  if (report.lifetime) task.expires = after(task.begun, *report.lifetime);
  task.poll_interval =
      std::clamp(report.poll_interval.value_or(rules_.poll_default),
                 rules_.poll_min, rules_.poll_max);
  if (now >= task.deadline) {
    throw error{errc::timed_out,
                "the MCP server's task took longer than "
                "mcp_options.task_limit (" +
                    seconds(rules_.task_limit) + ")"};
  }
  if (task.expires && now >= *task.expires) {
    throw error{errc::request_failed,
                "the MCP server's task has expired: it did not end within " +
                    seconds(*report.lifetime) +
                    ", the time for which the server keeps it"};
  }
  if (report.status != task_status::input_required) return poll_later(now);
  take_task_inputs(report, now);
}

void tool_call::take_task_inputs(const task_report& report, time_point now) {
  auto wanted = inputs_in(report.inputs, rules_.inputs, tool_);
  // The first word on a task may not say what it needs.
  if (wanted.empty() && std::get<to_send>(next_).method == "tools/call") {
    return poll();
  }
  std::vector<mcp_input_request> unknown;
  json unsent = json::object();
  for (auto& each : wanted) {
    const auto found = task_->given.find(each.key);
    if (found == task_->given.end()) {
      unknown.push_back(std::move(each));
    } else if (!found->second.is_null()) {
      unsent[each.key] = found->second;
    }
  }
  // An answer that was on its way when the connection broke.
  if (!unsent.empty()) return update(unsent);
  if (unknown.empty()) return poll_later(now);
  if (++rounds_ > rules_.rounds_max) {
    throw error{errc::bad_reply, "the MCP server's task has asked for inputs " +
                                     std::to_string(rules_.rounds_max) +
                                     " times and asks once more"}
        .permanent();
  }
  ask(std::move(unknown), now);
}

void tool_call::take_update(const json& answer, time_point now) {
  try {
    static_cast<void>(task_result_in(answer));
  } catch (const error& why) {
    return on_failure(why, now);
  }
  task_->failures = 0;
  for (const auto& [key, sent] :
       std::get<to_send>(next_).params.at("inputResponses").items()) {
    task_->given.insert_or_assign(key, json());
  }
  poll_later(now);
}

void tool_call::poll_later(time_point now, duration at_least) {
  auto due = after(
      now, std::max(task_->poll_interval, std::min(at_least, longest_wait)));
  // Never past its end, where the server is asked for the last time.
  due = std::min(due, task_->deadline);
  if (task_->expires) due = std::min(due, *task_->expires);
  poll();
  after_wait_ = std::get<to_send>(std::move(next_));
  next_ = to_wait{std::max(due - now, rules_.poll_min)};
}

void tool_call::poll() {
  next_ = to_send{"tasks/get", {{"taskId", task_->id}}};
}

void tool_call::update(const json& answers) {
  next_ = to_send{"tasks/update",
                  {{"taskId", task_->id}, {"inputResponses", answers}}};
}

void tool_call::end_task(const error& why) {
  task_.reset();
  throw error{why};
}

}  // namespace troupe::llm::mcp
