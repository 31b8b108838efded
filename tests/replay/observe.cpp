#include "replay/observe.hpp"

#include <chrono>
#include <limits>

namespace troupe::replay {

namespace {

constexpr std::chrono::seconds run_patience{60};

}  // namespace

std::optional<observation> observe(troupe::system& system, const flow& work,
                                   const recorded_case& from,
                                   const std::string& id) {
  return observe(system.start(work, from.shared,
                              {.id = id,
                               .params = from.params,
                               .steps_max = from.step_budget,
                               .events_max = std::numeric_limits<int>::max()}));
}

std::optional<observation> observe(const run& run) {
  const auto ended = run.wait_for(run_patience);
  if (!ended) {
    run.cancel();
    return std::nullopt;
  }
  observation shown;
  shown.ok = ended->ok();
  if (ended->failure) shown.error = ended->failure->message();
  shown.action = ended->action.name();
  shown.shared = ended->state.to_json();
  shown.missing_edges = 0;
  shown.trace.emplace();
  auto events = run.events();
  while (const auto each = events.next()) {
    if (each->kind == event_kind::warning) ++*shown.missing_edges;
    if (each->kind == event_kind::custom) {
      shown.trace->push_back(each->data.to_json());
    }
  }
  return shown;
}

}  // namespace troupe::replay
