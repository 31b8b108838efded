#pragma once

#include "troupe/detail/node/flow_graph.hpp"
#include "troupe/json.hpp"

#include <string>

namespace troupe::detail {

/// The shape of a flow and of those within it: nodes, edges, what each `exec`
/// takes and gives, and what is placed on workers. Two processes that have the
/// same flow have the same form of it.
///
/// | key     | of                  | what                                   |
/// | ------- | ------------------- | -------------------------------------- |
/// | `flows` | the whole           | the flow, and then those within it     |
/// | `nodes` | a flow              | by name: `exec`, `on`, `next`, `flow`  |
/// | `flow`  | a node              | the position of the flow in its place  |
/// | `bodies`| a fan-out           | the positions of its sub-flows         |
[[nodiscard]] json flow_form(const flow_graph& from);

/// Returns the first difference between two forms, in words; empty if there is
/// none.
[[nodiscard]] std::string first_difference(const json& here, const json& there);

}  // namespace troupe::detail
