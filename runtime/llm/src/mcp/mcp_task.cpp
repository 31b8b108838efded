#include "troupe/llm/mcp_task.hpp"

#include "replies/reply_fields.hpp"
#include "troupe/llm/mcp_protocol.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace troupe::llm::mcp {

namespace {

using llm::detail::reply_fields;

constexpr std::size_t id_max = 512;
constexpr std::size_t task_message_max = 500;
constexpr double longest_ms = 100.0 * 365 * 24 * 3600 * 1000;

bool is_visible_ascii(char each) { return each > ' ' && each <= '~'; }

/// The first four are those of the specification.
task_status status_in(const std::string& word) {
  constexpr std::array<std::pair<std::string_view, task_status>, 7> known = {
      {{"input_required", task_status::input_required},
       {"completed", task_status::completed},
       {"failed", task_status::failed},
       {"cancelled", task_status::cancelled},
       {"canceled", task_status::cancelled},
       {"expired", task_status::failed},
       {"rejected", task_status::failed}}};
  const auto* found =
      std::find_if(known.begin(), known.end(),
                   [&](const auto& each) { return each.first == word; });
  return found == known.end() ? task_status::working : found->second;
}

error told(const std::string& what, const task_report& task) {
  return {errc::request_failed,
          "the MCP server's task " + what +
              (task.message.empty() ? "" : ": " + task.message)};
}

}  // namespace

std::optional<duration> milliseconds_in(const json& form) {
  if (!form.is_number()) return std::nullopt;
  const auto count = form.get<double>();
  if (!(count > 0)) return std::nullopt;
  const std::chrono::duration<double, std::milli> span{
      std::min(count, longest_ms)};
  return std::chrono::ceil<std::chrono::milliseconds>(span);
}

task_report task_in(const json& result) {
  // Drafts of the extension had it in a member of its own.
  const reply_fields outer{result};
  const auto inner = outer.find("task");
  const bool is_inner = outer.find("taskId").is_null() && !inner.is_null();
  const auto fields = is_inner ? inner : outer;
  task_report task;
  task.id = fields.at("taskId").text();
  if (task.id.empty() || task.id.size() > id_max ||
      !std::all_of(task.id.begin(), task.id.end(), is_visible_ascii)) {
    fields.at("taskId").refuse("is not a valid task id");
  }
  const auto status = fields.at("status").text();
  task.status = status_in(status);
  task.message = printable(fields.text_or("statusMessage"), line_breaks::joined,
                           task_message_max);
  task.lifetime = milliseconds_in(fields.find("ttlMs").form());
  task.poll_interval = milliseconds_in(fields.find("pollIntervalMs").form());
  task.inputs = fields.find("inputRequests").form();
  task.result = fields.find("result").form();
  task.failure = fields.find("error").form();
  if (task.status == task_status::working && status != "working") {
    // A word that is not known; what comes with it says more.
    if (!task.failure.is_null()) task.status = task_status::failed;
    if (!task.result.is_null()) task.status = task_status::completed;
  }
  return task;
}

json result_of(const task_report& task) {
  assert(task.has_ended());
  if (task.status == task_status::cancelled) {
    throw told("was cancelled", task).permanent();
  }
  if (task.status == task_status::failed) {
    if (!task.failure.is_object()) throw told("failed", task);
    try {
      static_cast<void>(result_in({{"error", task.failure}}));
    } catch (const error& why) {
      error failed{why.code(),
                   told("failed", task).message() + ": " + why.message()};
      if (why.is_permanent()) failed.permanent();
      throw failed;
    }
  }
  if (!task.result.is_object()) {
    throw error{errc::bad_reply,
                "the MCP server's task is completed, but has no result"};
  }
  return result_in({{"result", task.result}});
}

}  // namespace troupe::llm::mcp
