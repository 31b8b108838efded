#include "mcp/mcp_calls.hpp"

#include <troupe/error.hpp>
#include <troupe/sleep.hpp>

#include <utility>
#include <variant>

namespace troupe::llm::detail {

namespace {

/// Tells the server that nobody waits for its task any more, where the call
/// does not come to its end.
class task_guard {
 public:
  task_guard(mcp_line& line, const mcp::tool_call& call,
             const mcp_trace_context& trace)
      : line_(line), call_(call), trace_(trace) {}
  task_guard(const task_guard&) = delete;
  task_guard& operator=(const task_guard&) = delete;
  ~task_guard() {
    auto order = call_.cancellation();
    if (!order) return;
    mcp::add_trace(order->params["_meta"], trace_);
    line_.send_off(std::move(order->method), std::move(order->params));
  }

 private:
  mcp_line& line_;
  const mcp::tool_call& call_;
  const mcp_trace_context& trace_;
};

void add_trace(json& params, const mcp_trace_context& trace) {
  json meta = params.value("_meta", json::object());
  mcp::add_trace(meta, trace);
  if (!meta.empty()) params["_meta"] = std::move(meta);
}

/// Sends what is to be sent, and tells the call what came of it.
task<> sent(std::shared_ptr<mcp_line> line, mcp::tool_call& call,
            const mcp_trace_context& trace) {
  auto step = std::get<mcp::to_send>(call.next());
  add_trace(step.params, trace);
  json answer;
  std::optional<error> failure;
  try {
    auto asking = line->ask(std::move(step.method), std::move(step.params));
    answer = co_await asking;
  } catch (const error& why) {
    failure = why;
  }
  time_here time;
  const auto now = co_await time;
  if (failure) {
    call.on_failure(*failure, now);
  } else {
    call.on_answer(answer, now);
  }
}

task<> answered(mcp::tool_call& call, const mcp_input_callback& on_input) {
  const auto asked = std::get<mcp::to_ask>(call.next()).requests;
  json answers = json::object();
  for (const auto& each : asked) {
    auto answering = on_input(each);
    json answer = co_await answering;
    mcp::check_input(each, answer);
    answers[each.key] = std::move(answer);
  }
  time_here time;
  const auto now = co_await time;
  call.on_inputs(std::move(answers), now);
}

}  // namespace

task<json> carried_out(std::shared_ptr<mcp_line> line, mcp::tool_call call,
                       mcp_input_callback on_input, mcp_trace_context trace) {
  const task_guard guard{*line, call, trace};
  for (;;) {
    if (const auto* end = std::get_if<mcp::to_end>(&call.next())) {
      co_return end->result;
    }
    if (std::holds_alternative<mcp::to_send>(call.next())) {
      auto sending = sent(line, call, trace);
      co_await sending;
    } else if (std::holds_alternative<mcp::to_ask>(call.next())) {
      auto answering = answered(call, on_input);
      co_await answering;
    } else {
      sleep_for pause{std::get<mcp::to_wait>(call.next()).span};
      co_await pause;
      call.on_waited();
    }
  }
}

// -- lists --------------------------------------------------------------------

std::optional<mcp::tool_page> mcp_shelf::find(const std::string& cursor,
                                              const std::string& who,
                                              time_point now) {
  const std::lock_guard lock{mutex_};
  return pages_.find(cursor, who, now);
}

void mcp_shelf::keep(const std::string& cursor, const std::string& who,
                     mcp::tool_page page, mcp::freshness fresh, time_point now,
                     std::uint64_t edition) {
  const std::lock_guard lock{mutex_};
  if (edition != edition_) return;
  pages_.keep(cursor, who, std::move(page), fresh, now);
}

void mcp_shelf::forget() {
  const std::lock_guard lock{mutex_};
  pages_.forget();
  ++edition_;
}

bool mcp_shelf::is_empty() {
  const std::lock_guard lock{mutex_};
  return pages_.is_empty();
}

std::uint64_t mcp_shelf::edition() {
  const std::lock_guard lock{mutex_};
  return edition_;
}

task<mcp::tool_page> listed_page(std::shared_ptr<mcp_line> line,
                                 std::shared_ptr<mcp_shelf> shelf,
                                 std::string cursor, mcp_trace_context trace) {
  const auto who = line->identity();
  const auto edition = shelf->edition();
  time_here before;
  const auto asked_at = co_await before;
  if (auto kept = shelf->find(cursor, who, asked_at)) {
    co_return std::move(*kept);
  }
  json params = json::object();
  if (!cursor.empty()) params["cursor"] = cursor;
  add_trace(params, trace);
  auto asking = line->ask("tools/list", std::move(params));
  const json answer = co_await asking;
  const json result = mcp::result_in(answer);
  auto page = mcp::tools_in(result);
  time_here after;
  const auto now = co_await after;
  shelf->keep(cursor, who, page, mcp::freshness_in(result), now, edition);
  co_return page;
}

}  // namespace troupe::llm::detail
