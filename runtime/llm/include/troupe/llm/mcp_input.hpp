#pragma once

#include "troupe/error.hpp"
#include "troupe/json.hpp"
#include "troupe/task.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::llm {

/// The kinds of input that a server of the Model Context Protocol may ask for
/// while it works on a request.
enum class mcp_input_kind : std::uint8_t {
  /// Values that a person enters: "elicitation/create". The answer is one of
  /// `mcp::accept`, `mcp::decline` and `mcp::cancel`.
  form,
  /// That a person opens an address: "elicitation/create" with the mode "url".
  /// The same answers, without content.
  url,
  /// A reply of a model: "sampling/createMessage". The answer is an object with
  /// "role", "content" and "model".
  sampling,
  /// The directories that the server may use: "roots/list". The answer is an
  /// object with a list "roots".
  roots,
};

/// The method that asks for it, for example "elicitation/create".
[[nodiscard]] std::string_view method_of(mcp_input_kind kind) noexcept;

/// One thing that a server asks for. The texts in it are the server's: show
/// them through `printable`, and say whose they are.
struct mcp_input_request {
  mcp_input_kind kind = mcp_input_kind::form;
  /// The server's name for it, which no other one of this call has.
  std::string key = {};
  /// For a form "message" and "requestedSchema"; for an address "message" and
  /// "url", which has the scheme http or https; for a model those of
  /// `sampling/createMessage`.
  json params = json::object();
  /// The tool that was called, by the server's name for it.
  std::string tool = {};
};

/// Answers what a server asks for, with the result that belongs to its kind.
/// It runs in the coroutine that called the tool, one request after the other
/// in the order of their keys; each lives until its task has ended. What it
/// throws is the outcome of the call.
using mcp_input_callback = std::function<task<json>(const mcp_input_request&)>;

namespace mcp {

/// The person agreed, and entered `content`, an object that fits the schema of
/// the form. No content for an address.
[[nodiscard]] json accept(json content);
[[nodiscard]] json accept();
/// The person refused.
[[nodiscard]] json decline();
/// The person made no choice.
[[nodiscard]] json cancel();

/// All kinds.
[[nodiscard]] std::set<mcp_input_kind> all_inputs();

/// The capabilities that a server is told of: `inputs`, and that tasks are
/// understood.
[[nodiscard]] json client_capabilities(const std::set<mcp_input_kind>& inputs);

/// Returns the error for a server that says that this client lacks a capability
/// that a request needs (-32021; -32003 in drafts): permanent, with what to
/// set. Nothing for other errors.
[[nodiscard]] std::optional<error> missing_capability(const json& failure);

/// Returns the inputs that a server asks for in `requests`, the "inputRequests"
/// of an answer about the tool `tool`, in the order of their keys.
/// Errors: throws a permanent `errc::bad_reply` for what is none, for more than
/// 32 of them, for a kind that is not in `inputs`, and for an address of which
/// `is_web_url` is false.
[[nodiscard]] std::vector<mcp_input_request> inputs_in(
    const json& requests, const std::set<mcp_input_kind>& inputs,
    const std::string& tool);

/// Checks the answer to `request` before it is sent.
/// Errors: throws a permanent `errc::bad_value` that says what is wrong.
void check_input(const mcp_input_request& request, const json& answer);

}  // namespace mcp
}  // namespace troupe::llm
