#pragma once

// Answers of a server of the Model Context Protocol, and calls that take them.

#include "support/catch.hpp"

#include <troupe/llm/mcp_call.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace troupe_test {

namespace mcp = troupe::llm::mcp;

inline constexpr troupe::time_point first_time{std::chrono::hours{1}};

inline mcp::call_rules all_rules() {
  mcp::call_rules all;
  all.inputs = mcp::all_inputs();
  return all;
}

inline mcp::tool_call deploy_call(mcp::call_rules how = all_rules()) {
  return {"deploy", troupe::json::object({{"to", "test"}}), std::move(how)};
}

inline troupe::json mcp_answer(troupe::json result) {
  return {{"jsonrpc", "2.0"}, {"id", 1}, {"result", std::move(result)}};
}

inline troupe::json mcp_text(const std::string& text) {
  return {{"resultType", "complete"},
          {"content", {{{"type", "text"}, {"text", text}}}}};
}

inline troupe::json mcp_form(const std::string& message = "Which?") {
  return {{"method", "elicitation/create"},
          {"params",
           {{"mode", "form"},
            {"message", message},
            {"requestedSchema",
             {{"type", "object"},
              {"properties", {{"name", {{"type", "string"}}}}},
              {"required", {"name"}}}}}}};
}

inline troupe::json mcp_wants(troupe::json requests,
                              const troupe::json& state = {}) {
  troupe::json result = {{"resultType", "input_required"}};
  if (!requests.is_null()) result["inputRequests"] = std::move(requests);
  if (!state.is_null()) result["requestState"] = state;
  return mcp_answer(std::move(result));
}

inline troupe::json task_state(const std::string& status,
                               troupe::json more = troupe::json::object()) {
  troupe::json state = {{"resultType", "complete"},
                        {"taskId", "t-1"},
                        {"status", status},
                        {"ttlMs", nullptr}};
  state.update(more);
  return mcp_answer(std::move(state));
}

inline troupe::json new_task(troupe::json more = troupe::json::object()) {
  more["resultType"] = "task";
  return task_state("working", std::move(more));
}

inline const mcp::to_send& next_request(const mcp::tool_call& of) {
  return std::get<mcp::to_send>(of.next());
}
inline troupe::duration next_wait(const mcp::tool_call& of) {
  return std::get<mcp::to_wait>(of.next()).span;
}
inline troupe::json last_result(const mcp::tool_call& of) {
  return std::get<mcp::to_end>(of.next()).result;
}

/// A call that asks after its task for the first time.
inline mcp::tool_call polling_call(troupe::json more = troupe::json::object(),
                                   mcp::call_rules how = all_rules()) {
  auto made = deploy_call(std::move(how));
  made.on_answer(new_task(std::move(more)), first_time);
  made.on_waited();
  return made;
}

inline troupe::error mcp_failure(const std::function<void()>& work) {
  try {
    work();
  } catch (const troupe::error& why) {
    return why;
  }
  FAIL("nothing was thrown");
  return {troupe::errc::bad_flow, ""};
}

}  // namespace troupe_test
