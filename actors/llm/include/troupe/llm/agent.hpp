#pragma once

#include <troupe/flow.hpp>
#include <troupe/llm/client.hpp>
#include <troupe/llm/toolbox.hpp>
#include <troupe/node_options.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace troupe::llm {

/// Options of an agent.
struct agent_options {
  /// The instructions that the model is given before all else.
  std::string instructions = {};
  toolbox tools = {};
  /// The maximum number of tool calls at once. At least 1.
  std::size_t tools_at_once = 8;
  /// The maximum number of model calls for one task, without those that fold.
  /// At least 1.
  std::size_t turns_max = 25;
  /// The conversation is folded when it is longer than this, in tokens as
  /// `token_estimate` counts them. Absent: never.
  std::optional<std::uint64_t> history_max = {};
  /// The approximate number of the last messages that are not folded. At least
  /// 1.
  std::size_t history_kept = 8;
  /// The member of the shared state that the agent works in.
  std::string state_key = "agent";
  /// The options of the nodes that ask the model: retries, time limits, limits.
  node_options asking = {};
  /// Sets further members of a request, for example a temperature. Called from
  /// several threads at once.
  std::function<void(chat_request&)> prepare = {};
};

/// Returns the flow of an agent, which asks a model what to do, calls its tools
/// and reports their results to the model, until it answers:
///
///     begin -> decide -> tools -> decide ... -> answer
///
/// Its member of the shared state, an object, holds
///
/// | member     | what                                                        |
/// | ---------- | ----------------------------------------------------------- |
/// | `task`     | what to do: set before the flow starts, gone when it begins |
/// | `messages` | the conversation; left for the next task                    |
/// | `answer`   | the last text of the model                                  |
/// | `finish`   | why it ended, as `to_string`; "length": the model cut it    |
/// | `turns`    | calls of the model for this task                            |
/// | `usage`    | tokens of all calls, added up                               |
///
/// A long conversation is folded between two turns: the model summarises the
/// older messages, and the summary replaces them.
///
/// Before each call of a tool there is a custom event with the data
/// {"tool": its name}.
///
/// Errors: throws `errc::bad_flow` for invalid options. The run fails with
/// `errc::missing_key` if there is neither a task nor a conversation, and with
/// a permanent `errc::step_limit` at `turns_max`.
[[nodiscard]] flow make_agent(std::string name, client model,
                              agent_options options);

}  // namespace troupe::llm
