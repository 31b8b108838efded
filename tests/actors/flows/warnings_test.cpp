#include "core/run_core.hpp"
#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/system.hpp>
#include <troupe/testing.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace troupe_test;
using troupe::event_detail;
using troupe::event_kind;
using troupe::state;
using troupe::testing::simulation;

namespace {

/// A log whose lines are kept.
struct kept_log {
  std::shared_ptr<std::vector<std::string>> lines =
      std::make_shared<std::vector<std::string>>();

  void operator()(const std::string& line) const { lines->push_back(line); }
};

/// A flow that chooses `action`, with an edge for "approve".
troupe::flow chooses(const std::string& action) {
  troupe::flow_builder builder{"choice"};
  const auto choose = builder.add(
      "choose", [action](state&) { return troupe::action{action}; });
  choose - "approve" >> builder.add("pay", [](state&) {});
  return builder.build();
}

/// A flow whose node warns `times` times, for an action that comes from a flow
/// within.
troupe::flow warns_often(int times) {
  troupe::flow_builder builder{"often"};
  const auto inner = builder.add("inner", chooses("aprove"));
  const auto again = builder.add("again", [times](state& shared) {
    shared.add("n", 1);
    return troupe::action{shared.get<int>("n") < times ? "more" : "end"};
  });
  inner - "aprove" >> again;
  again - "more" >> inner;
  again - "end" >> builder.add("end", [](state&) {});
  return builder.build();
}

struct decides {
  static constexpr std::string_view actions[] = {"approve", "reject"};
  troupe::action post(state&) const { return "aprove"; }
};

}  // namespace

TEST_CASE("A misspelt action is a line of the log and a warning of the outcome",
          "[warnings]") {
  const auto detail = GENERATE(event_detail::nothing, event_detail::notable);
  const kept_log log;
  simulation sim{{.log = log}};
  const auto end = sim.finish(
      sim.start(chooses("aprove"), {}, {.id = "r", .events = detail}));
  CHECK(end.ok());
  REQUIRE(end.warnings.size() == 1);
  CHECK(end.warnings[0].node == "choose");
  CHECK(end.warnings[0].run == "r");
  CHECK(end.warnings_left_out == 0);
  CHECK(*log.lines ==
        std::vector<std::string>{
            "troupe: warning: run 'r', node 'choose': the action 'aprove' has "
            "no edge; there are edges for 'approve'; did you mean 'approve'?"});
}

TEST_CASE("An action of another name is no misspelling", "[warnings]") {
  simulation sim{{.log = nullptr}};
  const auto end = sim.finish(sim.start(chooses("done")));
  REQUIRE(end.warnings.size() == 1);
  CHECK_FALSE(has(end.warnings[0].text, "did you mean"));
  CHECK(sim.finish(sim.start(chooses("approve"))).warnings.empty());
}

TEST_CASE("An undeclared action names the declared one that is near",
          "[warnings]") {
  simulation sim;
  const auto end = sim.finish(sim.start(one_node(decides{})));
  REQUIRE_FALSE(end.ok());
  CHECK(has(end.failure->message(), "did you mean 'approve'?"));

  troupe::flow_builder builder{"choice"};
  const auto one = builder.add("one", decides{});
  one - "rejct" >> builder.add("two", [](state&) {});
  std::string why;
  try {
    static_cast<void>(builder.build());
  } catch (const troupe::error& refused) {
    why = refused.message();
  }
  CHECK(has(why, "did you mean 'reject'?"));
}

TEST_CASE("The warnings of a run are bounded, and the rest counted",
          "[warnings]") {
  const kept_log log;
  simulation sim{{.log = log}};
  const auto run = sim.start(warns_often(40));
  const auto end = sim.finish(run);
  REQUIRE(end.ok());
  CHECK(end.warnings.size() == 32);
  CHECK(end.warnings_left_out == 8);
  REQUIRE(log.lines->size() == 33);
  CHECK(has(log.lines->back(), "has further warnings"));
  CHECK(count_of(events_of(run), event_kind::warning) == 40);
}

TEST_CASE("The text of a warning is cut in the outcome", "[warnings]") {
  simulation sim{{.log = nullptr}};
  const auto end = sim.finish(sim.start(chooses(std::string(5'000, 'a'))));
  REQUIRE(end.warnings.size() == 1);
  CHECK(end.warnings[0].text.size() <= 1'003);
}

TEST_CASE("A system without system::load says so in its log", "[warnings]") {
  const bool is_loaded = GENERATE(true, false);
  const kept_log log;
  caf::actor_system_config config;
  if (is_loaded) troupe::system::load(config);
  caf::actor_system host{config};
  troupe::system sys{host, {.log = log}};
#if TROUPE_CAF_1
  CHECK(log.lines->empty());
#else
  REQUIRE(log.lines->size() == (is_loaded ? 0 : 1));
  if (!is_loaded) CHECK(has(log.lines->front(), "troupe::system::load"));
#endif
}
