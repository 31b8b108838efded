#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::branch_outcome;
using troupe::errc;
using troupe::state;
using troupe::testing::simulation;

TEST_CASE("A sequence sees what was written before, others do not", "[batch]") {
  const auto body = one_node([](state& shared, troupe::context& ctx) {
    shared.append("seen", shared.get_or("last", -1));
    shared.set("last", ctx.params().at("i"));
  });
  simulation sim;
  const auto in_sequence =
      sim.finish(sim.start(troupe::batch("all", body, numbered(3))));
  CHECK(in_sequence.state.at("seen") == troupe::value::array({-1, 0, 1}));

  const auto side_by_side = sim.finish(
      sim.start(troupe::batch("all", body, numbered(3),
                              {.concurrency = troupe::concurrent(2),
                               .on_conflict = troupe::on_conflict::last})));
  CHECK(side_by_side.state.at("seen") == troupe::value::array({-1, -1, -1}));
  CHECK(side_by_side.state.get<int>("last") == 2);
}

TEST_CASE("How many run at once does not change what they see", "[batch]") {
  const auto body = one_node([](state& shared, troupe::context& ctx) {
    shared.append("seen", shared.get_or("count", 0));
    shared.add("count", 1);
    shared["of " + std::to_string(ctx.params().at("i").get<int>())] = 1;
  });
  const std::size_t width =
      GENERATE(troupe::concurrent(1), 1U, troupe::concurrent(2), 8U);
  simulation sim;
  const auto ended = sim.finish(sim.start(
      troupe::batch("all", body, numbered(4), {.concurrency = width})));
  REQUIRE(ended.ok());
  CHECK(ended.state.at("seen") == troupe::value::array({0, 0, 0, 0}));
  CHECK(ended.state.get<int>("count") == 4);

  const auto sets = one_node([](state& shared, troupe::context& ctx) {
    shared["x"] = ctx.params().at("i");
  });
  CHECK(sim.finish(sim.start(troupe::batch("all", sets, numbered(2),
                                           {.concurrency = width})))
            .failure.value()
            .code() == errc::merge_conflict);
  CHECK(sim.finish(sim.start(troupe::batch("all", sets, numbered(2),
                                           {.concurrency = troupe::sequence})))
            .ok());
}

TEST_CASE("Branches that set one place to one value agree if told so",
          "[batch]") {
  const auto body = one_node([](state& shared) { shared["x"] = 1; });
  simulation sim;
  const auto with = [&](troupe::on_conflict rule) {
    return sim.finish(
        sim.start(troupe::fork("all", {body, body}, {.on_conflict = rule})));
  };
  CHECK(with(troupe::on_conflict::error).failure.value().code() ==
        errc::merge_conflict);
  CHECK(with(troupe::on_conflict::agree).ok());
}

TEST_CASE("Results merge in the order of the items", "[batch]") {
  struct late_first {
    troupe::task<> exec(troupe::context& ctx) const {
      co_await troupe::sleep_for(1ms * (100 - ctx.params().at("i").get<int>()));
    }
    void post(state& shared, troupe::context& ctx) const {
      shared.append("order", ctx.params().at("i"));
    }
  };
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  simulation sim;
  const auto result = sim.finish(sim.start(troupe::batch(
      "all", one_node(late_first{}), numbered(8), {.concurrency = width})));
  CHECK(result.state.at("order") ==
        troupe::value::array({0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST_CASE("Two items that write one place differently conflict", "[batch]") {
  const auto body = one_node([](state& shared, troupe::context& ctx) {
    shared.set("same", ctx.params().at("i"));
  });
  simulation sim;
  const auto result = sim.finish(
      sim.start(troupe::batch("all", body, numbered(3), {.concurrency = 3})));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::merge_conflict);
}

TEST_CASE("The window is never wider than it may", "[batch]") {
  struct tracks {
    std::shared_ptr<int> now;
    std::shared_ptr<int> most;
    troupe::task<> exec() const {
      *most = std::max(*most, ++*now);
      co_await troupe::sleep_for(5ms);
      --*now;
    }
  };
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  simulation sim;
  const tracks node{std::make_shared<int>(0), std::make_shared<int>(0)};
  const auto run = sim.start(troupe::batch("all", one_node(node), numbered(30),
                                           {.concurrency = width}));
  sim.run_ready();
  CHECK(sim.live_actors() == width + 1);
  CHECK(sim.finish(run).ok());
  CHECK(*node.most == static_cast<int>(width));
}

TEST_CASE("Items from a generator are asked for when there is room",
          "[batch]") {
  const auto asked = std::make_shared<int>(0);
  struct naps {
    troupe::task<> exec() const { co_await troupe::sleep_for(1s); }
  };
  const auto all =
      troupe::batch("all", one_node(naps{}),
                    [asked](const state&) {
                      return [asked]() -> std::optional<troupe::value> {
                        if (*asked == 5) return std::nullopt;
                        return troupe::value::object({{"i", (*asked)++}});
                      };
                    },
                    {.concurrency = 2});
  simulation sim;
  const auto run = sim.start(all);
  sim.run_ready();
  CHECK(*asked == 2);
  sim.advance(1s);
  CHECK(*asked == 4);
  CHECK(sim.finish(run).ok());
  CHECK(*asked == 5);
}

TEST_CASE("Params of items go over those of the run", "[batch]") {
  const auto body = one_node([](state& shared, troupe::context& ctx) {
    shared.append("params", ctx.params());
  });
  const auto inner = troupe::batch("inner", body, [](const state&) {
    return troupe::json::parse(R"([{"b": 1}, {"a": 7}])");
  });
  const auto outer = troupe::batch("outer", inner, [](const state&) {
    return troupe::json::parse(R"([{"a": 1}])");
  });
  simulation sim;
  const auto result = sim.finish(
      sim.start(outer, {}, {.params = troupe::value::object({{"c", 3}})}));
  CHECK(result.state.at("params").to_json() ==
        troupe::json::parse(R"([{"a":1,"b":1,"c":3},{"a":7,"c":3}])"));
}

TEST_CASE("Items with the same keys and with others keep their params",
          "[batch]") {
  const troupe::value items = troupe::value::array(
      {troupe::value::object({{"a", 1}}), troupe::value::object({{"a", 2}}),
       troupe::value::object({{"a", 3}, {"b", 4}}), troupe::value::object({}),
       troupe::value::object({{"b", 5}}), troupe::value::object({{"a", 6}})});
  const auto body = one_node([](state& shared, troupe::context& ctx) {
    shared.append("seen", ctx.params());
  });
  const auto one_by_one = [&](const state&) {
    return [items,
            next = std::size_t{0}]() mutable -> std::optional<troupe::value> {
      if (next == items.size()) return std::nullopt;
      // Made anew, as nobody else may know of it.
      return troupe::value{items.at(next++).to_json()};
    };
  };
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  simulation sim;
  const auto result = sim.finish(sim.start(
      troupe::batch("all", body, one_by_one, {.concurrency = width})));
  CHECK(result.state.at("seen") == items);
}

TEST_CASE("What a sub-flow keeps to itself is dropped", "[batch]") {
  const auto body = one_node([](state& shared, troupe::context& ctx) {
    shared.set("scratch", ctx.params().at("i"));
    shared.add("sum", ctx.params().at("i"));
  });
  const std::size_t width = GENERATE(1U, 3U);
  simulation sim;
  const auto result = sim.finish(sim.start(troupe::batch(
      "all", body, numbered(4), {.concurrency = width, .local = {"scratch"}})));
  CHECK(result.state == state{{"sum", 6}});
}

TEST_CASE("Items that are no list of objects name the batch", "[batch]") {
  const auto body = one_node([](state&) {});
  const auto failure = [&](const troupe::json& items_given) {
    simulation sim;
    const auto all = troupe::batch(
        "all", body, [items_given](const state&) { return items_given; });
    troupe::flow_builder builder{"whole"};
    builder.add("over_all", all);
    const auto result = sim.finish(sim.start(builder.build()));
    CHECK(sim.live_actors() == 0);
    return result.failure.value();
  };
  const auto no_list = failure({{"a", 1}});
  CHECK(no_list.code() == errc::bad_items);
  CHECK(no_list.node() == "over_all");
  const auto bad_item =
      failure(troupe::json::parse(R"([{"i": 0}, {"i": 1}, 7])"));
  CHECK(bad_item.code() == errc::bad_items);
  CHECK(bad_item.node() == "over_all");
  CHECK(bad_item.item() == 2U);
}

TEST_CASE("A batch without items is done at once", "[batch]") {
  simulation sim;
  // A list that begins with a variable is one of references otherwise.
  const auto policy =
      GENERATE(as<troupe::failure_policy>{}, troupe::fail_fast, troupe::collect,
               troupe::tolerate(1), troupe::tolerate_share(0));
  const auto all = troupe::batch("all", one_node([](state&) {}),
                                 [](const state&) { return troupe::json{}; },
                                 {.on_failure = policy});
  CHECK(sim.finish(sim.start(all)).ok());
}

TEST_CASE("A post that throws fails the batch and writes nothing", "[batch]") {
  simulation sim;
  const auto all = troupe::batch(
      "all", one_node([](state& shared) { shared.add("n", 1); }), numbered(2),
      {.post = [](state& shared, const auto&, auto&) -> troupe::action {
        shared.set("lost", true);
        throw std::runtime_error("post");
      }});
  const auto result = sim.finish(sim.start(all));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->node() == "all");
  CHECK(result.failure->message() == "post");
  CHECK(result.state == state{{"n", 2}});
}

TEST_CASE("Fan-out options out of their bounds are refused", "[batch]") {
  const auto body = one_node([](state&) {});
  const auto refused = [&](troupe::fan_out_options options) {
    CHECK_THROWS_AS(troupe::batch("all", body, numbered(1), options),
                    troupe::error);
  };
  refused({.concurrency = 0});
  refused({.concurrency = troupe::concurrency_max + 1});
  refused({.on_failure = troupe::tolerate_share(1.5)});
  refused({.on_failure = troupe::tolerate_share(-0.1)});
  refused({.on_failure = troupe::quorum(0)});
  CHECK_THROWS_AS(troupe::batch("", body, numbered(1)), troupe::error);
}
