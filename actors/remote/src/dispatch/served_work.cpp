#include "dispatch/served_work.hpp"

#include "run/start_run.hpp"

#include <troupe/detail/placed/event_form.hpp>

#include <algorithm>
#include <utility>

namespace troupe::remote {

namespace {

const detail::served_flow& flow_named(const served_flows& flows,
                                      const std::string& name) {
  const auto known = flows.find(name);
  if (known != flows.end()) return known->second;
  throw error{errc::bad_flow,
              "the worker does not serve the flow '" + name + "'"};
}

const detail::graph_node& node_named(const detail::served_flow& flow,
                                     const std::string& name) {
  const auto known = flow.nodes.find(name);
  if (known != flow.nodes.end()) return *known->second;
  throw error{errc::bad_flow, "the worker does not serve the node '" + name +
                                  "' of the flow '" + flow.model->name + "'"};
}

// Removes the place: the process that asked for the attempt knows better where
// it is.
error without_place(const error& from) {
  error made{from.code(), from.message()};
  if (from.is_permanent()) made.permanent();
  if (const auto wait = from.retry_after()) made.retry_after(*wait);
  return made;
}

run_options options_of(const wire::work_body& asked) {
  run_options chosen;
  chosen.params = asked.params;
  chosen.steps_max = asked.steps_max;
  chosen.retries_max = asked.retries_max;
  chosen.seed = asked.seed;
  chosen.events = asked.events;
  constexpr std::size_t events_max = 100'000;
  chosen.events_max = std::clamp<std::size_t>(asked.events_max, 1, events_max);
  if (!asked.node.empty()) {
    // The attempt is not a step of its own, and what tells of one is told by
    // who asked.
    chosen.events = std::min(asked.events, event_detail::notable);
  }
  return chosen;
}

}  // namespace

served_work::served_work(detail::system_core& core, const served_flows& flows,
                         wire::work_body asked, const state* snapshot,
                         std::function<void()> poke)
    : is_poked_(std::make_shared<std::atomic<bool>>(false)) {
  const auto& served = flow_named(flows, asked.flow);
  state initial;
  if (asked.node.empty()) {
    if (!served.is_body || snapshot == nullptr) {
      throw error{errc::bad_flow, "the worker does not serve sub-flows of '" +
                                      asked.flow + "'"};
    }
    initial = *snapshot;
    initial.record();
  } else {
    attempt_ = std::make_unique<detail::served_attempt>(
        node_named(served, asked.node),
        detail::served_attempt::request{
            std::move(asked.input), asked.attempt, asked.item,
            asked.readable.is_object() ? state{asked.readable} : state{}});
  }
  run_ = std::make_shared<detail::run_core>(
      core, attempt_ ? attempt_->work() : flow{served.model}, options_of(asked),
      detail::run_elsewhere{std::move(asked.origin),
                            [poke = std::move(poke), is_poked = is_poked_] {
                              if (!is_poked->exchange(true)) poke();
                            }});
  detail::start_run(run_, std::move(initial));
}

wire::events served_work::take_events() {
  is_poked_->store(false);
  wire::events taken;
  for (std::size_t size = 0; size < events_size;) {
    const auto next = run_->events().try_next();
    // A sub-flow tells of its own end, and an attempt is told of by who asked.
    if (!next || next->is_final) break;
    taken.all.push_back(wire::encode_json(detail::event_form(*next)));
    size += taken.all.back().size();
  }
  const auto dropped = run_->events().dropped();
  taken.dropped = dropped - std::exchange(dropped_, dropped);
  return taken;
}

detail::placed_result served_work::result(outcome ended) {
  detail::placed_result made;
  if (!attempt_) {
    made.failure = std::move(ended.failure);
    made.action = std::move(ended.action);
    made.wrote = run_->take_wrote();
    made.retries = run_->retries();
  } else if (ended.failure) {
    made.failure = without_place(*ended.failure);
  } else {
    made.output = attempt_->take_output();
  }
  return made;
}

}  // namespace troupe::remote
