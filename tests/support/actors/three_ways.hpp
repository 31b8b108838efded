#pragma once

#include "support/actors/bare_runner.hpp"
#include "support/catch.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/flow.hpp>
#include <troupe/state.hpp>
#include <troupe/system.hpp>
#include <troupe/testing.hpp>

#include <optional>
#include <string>
#include <vector>

namespace troupe_test {

/// The end of a flow that was run in three ways.
struct played {
  std::string action;
  troupe::state state;
  std::optional<troupe::error> failure;
  /// The virtual time it took.
  troupe::duration took{};
  /// The texts of its warnings.
  std::vector<std::string> warnings;
  /// All its events, with the attempts.
  std::vector<troupe::event> events;
};

/// Says whether the state after a failure depends on who was cancelled when.
enum class siblings { none, cancelled };

inline played play_with_actors(troupe::turns how, const troupe::flow& work,
                               const troupe::state& initial,
                               const troupe::value& params) {
  troupe::testing::simulation sim{{.turns = how}};
  const auto began = sim.now();
  const auto run = sim.start(work, initial,
                             {.params = params,
                              .events = troupe::event_detail::steps,
                              .events_max = 100'000});
  auto ended = sim.finish(run);
  played shown;
  shown.action = ended.action.name();
  shown.state = std::move(ended.state);
  shown.failure = std::move(ended.failure);
  shown.took = sim.now() - began;
  shown.events = events_of(run);
  for (const auto& each : shown.events) {
    if (each.kind == troupe::event_kind::warning) {
      shown.warnings.push_back(each.text);
    }
  }
  return shown;
}

/// Runs `work` through the actors, with turns in place and by message, and
/// through the machine alone, and requires that it ends in the same way.
inline played play(const troupe::flow& work, const troupe::state& initial = {},
                   const troupe::value& params = troupe::value::object(),
                   siblings others = siblings::none) {
  auto first = play_with_actors(troupe::turns::in_place, work, initial, params);
  const auto second =
      play_with_actors(troupe::turns::by_message, work, initial, params);
  const auto third =
      troupe::testing_support::run_bare(work, initial, {.params = params});
  const std::string message = first.failure ? first.failure->message() : "";
  CHECK((second.failure ? second.failure->message() : "") == message);
  CHECK((third.failure ? third.failure->message() : "") == message);
  CHECK(second.action == first.action);
  CHECK(third.action.name() == first.action);
  CHECK(second.took == first.took);
  CHECK(second.warnings == first.warnings);
  CHECK(third.missing_edges == first.warnings.size());
  if (!first.failure || others == siblings::none) {
    CHECK(second.state.root().dump() == first.state.root().dump());
    CHECK(third.state.root().dump() == first.state.root().dump());
  }
  return first;
}

}  // namespace troupe_test
