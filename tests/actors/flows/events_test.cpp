#include "support/catch.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/scripted_exec.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/each.hpp>
#include <troupe/event.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::event_detail;
using troupe::event_kind;
using troupe::state;
using troupe::testing::script;
using troupe::testing::simulation;

namespace {

struct scripted_fallback : scripted_exec {
  int fallback() const { return -1; }
  troupe::action post(state&, int given) const {
    return given < 0 ? "gave_up" : "";
  }
};

std::vector<std::string> lines(const std::vector<troupe::event>& events) {
  std::vector<std::string> all;
  for (const auto& each : events) {
    all.push_back(std::string{to_string(each.kind)} + " " + each.run + " " +
                  each.node + " " + std::to_string(each.attempt) + " " +
                  each.text);
  }
  return all;
}

struct emits {
  int count;
  void post(state&, troupe::context& ctx) const {
    for (int i = 0; i < count; ++i) ctx.emit(i);
  }
};

}  // namespace

TEST_CASE("The events of a run tell its life in order", "[events]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  simulation sim{{.turns = how}};
  script calls;
  calls.fails("busy").fails("down");
  const auto run = sim.start(one_node(scripted_fallback{{calls}},
                                      {.retry = {.attempts = 2, .wait = 3s}}),
                             {}, {.events = event_detail::steps});
  sim.finish(run);
  const auto events = events_of(run);
  CHECK(lines(events) == std::vector<std::string>{
                             "started run-1 only 0 ",
                             "attempt run-1 only 0 ",
                             "retry run-1 only 0 busy",
                             "attempt run-1 only 1 ",
                             "fallback run-1 only 1 down",
                             "step run-1 only 1 gave_up",
                             "finished run-1  0 gave_up",
                         });
  CHECK(events[2].wait == 3s);
  CHECK(events[3].at - events[2].at == 3s);
}

TEST_CASE("A stream ends with its final event, however the run ended",
          "[events]") {
  const auto detail = GENERATE(event_detail::nothing, event_detail::notable,
                               event_detail::steps);
  simulation sim;
  script calls;
  const auto ended = [&](const troupe::run& run) {
    const auto events = events_of(run);
    REQUIRE_FALSE(events.empty());
    CHECK(count_of(events, event_kind::finished) == 1);
    for (const auto& each : events) {
      CHECK(each.is_final == (&each == &events.back()));
    }
    CHECK(run.events().next() == std::nullopt);
    CHECK(run.events().try_next() == std::nullopt);
    if (detail == event_detail::nothing) CHECK(events.size() == 1);
    return events.back();
  };
  struct breaks {
    int exec() const { throw std::runtime_error("broken"); }
  };
  const auto start = [&](const troupe::flow& work) {
    return sim.start(work, {}, {.events = detail});
  };

  const auto good = start(one_node([](state&) {}));
  sim.finish(good);
  CHECK(ended(good).text == "default");

  const auto bad = start(one_node(breaks{}));
  sim.finish(bad);
  CHECK(ended(bad).text == "node 'only', attempt 0: node_threw: broken");

  calls.after(24h).gives(1).dies();
  const auto cancelled = start(one_node(scripted_fallback{{calls}}));
  sim.run_ready();
  cancelled.cancel("enough");
  sim.finish(cancelled);
  CHECK(ended(cancelled).text == "node 'only': cancelled: enough");

  const auto died = start(one_node(scripted_fallback{{calls}}));
  sim.finish(died);
  CHECK(has(ended(died).text, "actor_died"));
}

TEST_CASE("A slow reader loses the oldest events only", "[events]") {
  simulation sim;
  const auto run = sim.start(one_node(emits{100}), {}, {.events_max = 10});
  sim.finish(run);
  auto reader = run.events();
  CHECK(reader.dropped() == 92);
  const auto events = events_of(run);
  REQUIRE(events.size() == 10);
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(events[i].kind == event_kind::custom);
    CHECK(events[i].data == 91 + i);
  }
  CHECK(events.back().is_final);
}

TEST_CASE("Events unread are bounded by their bytes as well", "[events]") {
  struct emits_much {
    void exec(troupe::context& ctx) const {
      for (int i = 0; i < 100; ++i) {
        ctx.emit(troupe::value::array({i, std::string(10'000, 'x')}));
      }
      ctx.emit(std::string(200'000, 'y'));
    }
  };
  simulation sim;
  const auto run =
      sim.start(one_node(emits_much{}), {}, {.event_bytes_max = 105'000});
  sim.finish(run);
  CHECK(run.events().dropped() == 102 - 10);
  const auto events = events_of(run);
  REQUIRE(events.size() == 11);
  CHECK(events.front().data.at(0) == 90);
  CHECK(events.back().is_final);
}

TEST_CASE("A reader that keeps up loses nothing", "[events]") {
  troupe::system sys{{.threads = 2}};
  const auto run = sys.start(one_node(emits{500}), {}, {.events_max = 1024});
  const auto events = events_of(run);
  REQUIRE(count_of(events, event_kind::custom) == 500);
  for (std::size_t i = 0; i < 500; ++i) CHECK(events[i + 1].data == i);
  CHECK(run.events().dropped() == 0);
}

TEST_CASE("Events of sub-flows and items say whose they are", "[events]") {
  struct items {
    std::vector<int> prep() const { return {1, 2}; }
    troupe::task<int> exec(int item, troupe::context& ctx) const {
      ctx.emit(item);
      co_return item;
    }
  };
  simulation sim;
  troupe::flow_builder builder{"whole"};
  builder.add("all", troupe::batch("batch", one_node(troupe::each(items{})),
                                   numbered(2)));
  const auto run = sim.start(builder.build());
  sim.finish(run);
  std::vector<std::string> seen;
  for (const auto& each : events_of(run)) {
    if (each.kind != event_kind::custom) continue;
    seen.push_back(each.run + " " + each.node + " " +
                   std::to_string(each.item.value()));
  }
  CHECK(seen == std::vector<std::string>{"run-1/0/0 only 0", "run-1/0/0 only 1",
                                         "run-1/0/1 only 0",
                                         "run-1/0/1 only 1"});
}

TEST_CASE("An event has a date, which moves with virtual time", "[events]") {
  simulation sim;
  const auto first = sim.start(one_node([](state&) {}));
  sim.finish(first);
  sim.advance(24h);
  const auto second = sim.start(one_node([](state&) {}));
  sim.finish(second);
  const auto before = events_of(first).back();
  const auto after = events_of(second).back();
  CHECK(after.at - before.at == 24h);
  CHECK(after.wall - before.wall == 24h);
  CHECK(before.wall > troupe::wall_time{});
}
