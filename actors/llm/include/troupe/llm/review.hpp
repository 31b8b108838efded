#pragma once

#include <troupe/context.hpp>
#include <troupe/flow.hpp>
#include <troupe/node_options.hpp>
#include <troupe/task.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace troupe::llm {

/// A reviewer's verdict on an answer. Not an aggregate, so that a temporary one
/// survives GCC 12 in a `co_await`.
struct verdict {
  verdict() = default;
  explicit verdict(bool is_good) : good(is_good) {}
  verdict(bool is_good, std::string what_is_wrong)
      : good(is_good), feedback(std::move(what_is_wrong)) {}

  bool good = false;
  /// The advice on what to do better, for the agent to read.
  std::string feedback;
};

void to_json(json& form, const verdict& from);
void from_json(const json& form, verdict& into);

/// Options of a review.
struct review_options {
  /// The maximum number of times that the work is done. At least 1.
  std::size_t rounds_max = 3;
  /// The `agent_options::state_key` of the agent.
  std::string state_key = "agent";
  /// Options of the node that reviews.
  node_options reviewing = {};
};

/// Judges the answer of an agent, which lives until the task has ended.
using reviewer =
    std::function<task<verdict>(const std::string& answer, context&)>;

/// Returns a flow around that of an agent, in which a reviewer judges the
/// agent's answer. If the reviewer rejects it, the feedback is the agent's next
/// task. The flow ends with the action "rejected" if the last round was
/// rejected, too; its last feedback is then in the agent's member `feedback`.
///
/// Errors: throws `errc::bad_flow` for invalid options.
[[nodiscard]] flow reviewed(std::string name, flow agent, reviewer judge,
                            review_options options);
[[nodiscard]] inline flow reviewed(std::string name, flow agent,
                                   reviewer judge) {
  return reviewed(std::move(name), std::move(agent), std::move(judge),
                  review_options{});
}

}  // namespace troupe::llm
