// Input that makes no sense gives an error that names the node, and the item
// where there is one; it never ends the program.

#include "support/actors/three_ways.hpp"
#include "support/catch.hpp"
#include "support/deep_json.hpp"
#include "support/sanitized.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/gather.hpp>
#include <troupe/sleep.hpp>

#include <chrono>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::context;
using troupe::errc;
using troupe::json;
using troupe::state;
using troupe::task;
using troupe::value;

namespace {

/// As deep as nothing may recurse.
constexpr std::size_t very_deep = is_sanitized ? 100'000 : 1'000'000;

const std::string no_utf8 = "caf\xe9";

/// A node that does `act` for the third item, and nothing for others.
template <class Act>
auto at_third(Act act) {
  return [act](state& shared, context& ctx) {
    if (ctx.params().at("i").get<int>() == 2) act(shared);
  };
}

/// Returns the failure of a batch over four items with `node` for its body.
template <class N>
troupe::error failure_in_batch(N node, std::size_t width) {
  const auto body = one_node(std::move(node));
  const auto ended =
      play(troupe::batch("all", body, numbered(4), {.concurrency = width}), {},
           value::object(), siblings::cancelled);
  return ended.failure.value();
}

/// Returns the failure of a batch over the result of `items`.
template <class Items>
troupe::error failure_of_items(Items items, std::size_t width) {
  const auto body = one_node([](state&) {});
  troupe::flow_builder outer{"outer"};
  outer.add("over_all",
            troupe::batch("all", body, items, {.concurrency = width}));
  return play(outer.build()).failure.value();
}

/// Throws a number in the phase that it is told.
struct throws_in {
  std::string phase;

  void at(const char* where) const {
    if (phase == where) throw 42;
  }
  int prep() const {
    at("prep");
    return 1;
  }
  int exec(int one) const {
    at("exec");
    if (phase == "fallback") throw std::runtime_error("for the fallback");
    return one;
  }
  int fallback(int, const troupe::error& why) const {
    at("fallback");
    throw why;
  }
  void post(state&) const { at("post"); }
};

/// A node whose coroutine awaits itself so many times.
struct recurses {
  enum class way { at_once, after_waits, in_gather, within_a_limit };
  way how;
  int depth = 1'000'000;

  task<int> exec() const { return descend(how, depth); }

  static task<int> descend(way how, int depth) {
    if (depth == 0) co_return 0;
    if (how == way::after_waits) co_await troupe::sleep_for(1ms);
    auto below = descend(how, depth - 1);
    if (how == way::within_a_limit) {
      auto limited = troupe::within(1h, std::move(below));
      co_return 1 + co_await limited;
    }
    if (how != way::in_gather) co_return 1 + co_await below;
    std::vector<task<int>> only;
    only.push_back(std::move(below));
    auto all = troupe::gather(std::move(only));
    const auto results = co_await all;
    co_return 1 + results.front();
  }
  void post(state& shared, int reached) const { shared.set("deep", reached); }
};

}  // namespace

// -- params -------------------------------------------------------------------

TEST_CASE("A param that is missing names the node and the item",
          "[bad_input]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto reads = [](state& shared, context& ctx) {
    if (ctx.params().at("i").get<int>() != 2) return;
    shared.set("n", ctx.params().at("missing"));
  };
  CHECK(failure_in_batch(reads, width).describe() ==
        "node 'all/only', item 2: missing_key: there is no key \"missing\"");
}

TEST_CASE("A param of another type names the node and the item",
          "[bad_input]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  struct reads {
    std::string exec(context& ctx) const {
      return ctx.params().at("i").get<std::string>();
    }
  };
  const auto why = failure_in_batch(reads{}, width);
  CHECK(why.code() == errc::wrong_type);
  CHECK(why.node() == "all/only");
  CHECK(why.item() == 0U);
  CHECK(why.attempt() == 0U);
}

TEST_CASE("Params that are no object name the batch and the item",
          "[bad_input]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const json bad =
      GENERATE(json(7), json("text"), json(nullptr), json::array(), json(true));
  const auto why = failure_of_items(
      [bad](const state&) {
        return json::array({json{{"i", 0}}, json{{"i", 1}}, bad});
      },
      width);
  CHECK(why.code() == errc::bad_items);
  CHECK(why.node() == "over_all");
  CHECK(why.item() == 2U);
}

TEST_CASE("Params that JSON cannot hold name the batch", "[bad_input]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const json bad =
      GENERATE(json(no_utf8), json(std::numeric_limits<double>::infinity()),
               json(deep_array(1'000)));
  const auto in_list = [&](const state&) {
    return std::vector<json>{{{"i", 0}}, {{"i", bad}}};
  };
  const auto why = failure_of_items(in_list, width);
  CHECK(why.code() == errc::bad_value);
  CHECK(why.node() == "over_all");
  CHECK(why.item() == 1U);
}

TEST_CASE("A run is not started with params that are no object",
          "[bad_input]") {
  troupe::testing::simulation sim;
  const auto work = one_node([](state&) {});
  for (const auto& bad : {value{7}, value{}, value::array({1})}) {
    CHECK_THROWS_AS(sim.start(work, {}, {.params = bad}), troupe::error);
  }
  CHECK(sim.live_actors() == 0);
}

// -- text that is not UTF-8 ---------------------------------------------------

TEST_CASE("Text that is not UTF-8 names the node and item that wrote it",
          "[bad_input]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto writes = GENERATE(
      +[](state& shared) { shared.set("text", no_utf8); },
      +[](state& shared) { shared.append("texts", no_utf8); },
      +[](state& shared) { shared[no_utf8] = 1; },
      +[](state& shared) {
        shared.set("form", json{{"a", {1, no_utf8}}});
      });
  const auto why = failure_in_batch(at_third(writes), width);
  CHECK(why.code() == errc::bad_value);
  CHECK(why.node() == "all/only");
  CHECK(why.item() == 2U);
}

TEST_CASE("A state cannot be made of text that is not UTF-8", "[bad_input]") {
  CHECK_THROWS_AS(state({{"text", no_utf8}}), troupe::error);
  CHECK_THROWS_AS(state(json{{"text", no_utf8}}), troupe::error);
}

TEST_CASE("An action and an exception may hold text that is not UTF-8",
          "[bad_input]") {
  troupe::flow_builder flow{"odd"};
  flow.add("start", [](state&) { return troupe::action{no_utf8}; }) >>
      flow.add("next", [](state&) {});
  CHECK(play(flow.build()).action == no_utf8);
  const auto failed =
      play(one_node([](state&) { throw std::runtime_error(no_utf8); }));
  CHECK(failed.failure.value().message() == no_utf8);
}

// -- what is thrown is no exception -------------------------------------------

TEST_CASE("A number thrown in any phase names the node", "[bad_input]") {
  const std::string phase = GENERATE("prep", "exec", "fallback", "post");
  const auto ended =
      play(one_node(throws_in{phase}, {.retry = {.attempts = 2}}));
  REQUIRE(ended.failure);
  CHECK(ended.failure->code() == errc::node_threw);
  CHECK(ended.failure->node() == "only");
  CHECK(ended.failure->message() ==
        "something that is not a std::exception (its type is int)");
  CHECK_THROWS_AS(std::rethrow_exception(ended.failure->cause()), int);
}

TEST_CASE("A number thrown for an item names the node and the item",
          "[bad_input]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto throws = [](state&) { throw 42; };
  CHECK(failure_in_batch(at_third(throws), width).describe() ==
        "node 'all/only', item 2: node_threw: "
        "something that is not a std::exception (its type is int)");
  struct breaks_at_two {
    std::vector<int> prep() const { return {0, 1, 2, 3}; }
    task<int> exec(int item) const {
      co_await troupe::sleep_for(1ms);
      if (item == 2) throw "not even a number";
      co_return item;
    }
  };
  const auto ended =
      play(one_node(troupe::each(breaks_at_two{}, {.concurrency = width})));
  CHECK(ended.failure.value().describe() ==
        "node 'only', item 2, attempt 0: node_threw: not even a number");
}

TEST_CASE("A number thrown by items or post of a batch names the batch",
          "[bad_input]") {
  const auto from_items =
      failure_of_items([](const state&) -> std::vector<json> { throw 42; }, 3);
  CHECK(from_items.code() == errc::node_threw);
  CHECK(from_items.node() == "over_all");

  int given = 0;
  const auto from_source = failure_of_items(
      [&](const state&) {
        given = 0;
        return [&]() -> std::optional<value> {
          if (++given == 3) throw 42;
          return value::object({{"i", given}});
        };
      },
      3);
  CHECK(from_source.node() == "over_all");
  CHECK(from_source.item() == 2U);

  troupe::fan_out_options options;
  options.post = [](state&, const auto&, context&) -> troupe::action {
    throw 42;
  };
  const auto ended =
      play(troupe::batch("all", one_node([](state&) {}), numbered(2), options));
  CHECK(ended.failure.value().node() == "all");
}

// -- a list of items that is no list ------------------------------------------

TEST_CASE("Items that are no list name the batch", "[bad_input]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const json bad = GENERATE(json(7), json("text"), json(json::object()));
  const auto of_batch =
      failure_of_items([&](const state&) { return bad; }, width);
  CHECK(of_batch.code() == errc::bad_items);
  CHECK(of_batch.node() == "over_all");

  struct of_state {
    value prep(const state& shared) const { return shared.at("items"); }
    int exec(const value& item) const { return item.get<int>(); }
  };
  const auto ended =
      play(one_node(troupe::each(of_state{}, {.concurrency = width})),
           {{"items", bad}});
  CHECK(ended.failure.value().code() == errc::bad_items);
  CHECK(ended.failure->node() == "only");
}

// -- a million deep -----------------------------------------------------------

TEST_CASE("A loop of a million steps ends, naming the node and the item",
          "[bad_input]") {
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  troupe::flow_builder flow{"endless"};
  auto again = flow.add("again", [](state&) {});
  again >> again;
  const auto work = troupe::batch("all", flow.build(), numbered(1));
  troupe::testing::simulation sim{{.turns = how}};
  const auto ended = sim.finish(sim.start(work));
  REQUIRE(ended.failure);
  CHECK(ended.failure->code() == errc::step_limit);
  CHECK(ended.failure->node() == "all/again");
  CHECK(ended.failure->item() == 0U);
}

TEST_CASE("A node a million flows deep runs, and is named", "[bad_input]") {
  auto nest =
      one_node([](state&) { throw std::runtime_error("at the bottom"); });
  for (std::size_t i = 0; i < very_deep; ++i) {
    troupe::flow_builder outer{"outer"};
    outer.add("in", nest);
    nest = outer.build();
  }
  troupe::testing::simulation sim;
  const auto ended = sim.finish(sim.start(nest));
  REQUIRE(ended.failure);
  CHECK(ended.failure->message() == "at the bottom");
  CHECK(ended.failure->node().size() ==
        3 * very_deep + std::string{"only"}.size());
}

TEST_CASE("A predicate of retries that throws names the node and the item",
          "[bad_input]") {
  struct fails {
    int exec() const { throw std::runtime_error("exec"); }
  };
  struct fails_at_item {
    std::vector<int> prep() const { return {1, 2}; }
    int exec(int item) const {
      if (item == 2) throw std::runtime_error("exec");
      return item;
    }
  };
  troupe::node_options options{.retry = {.attempts = 3}};
  options.retry.when = [](const troupe::error&) -> bool {
    throw std::runtime_error("when");
  };
  CHECK(play(one_node(fails{}, options)).failure.value().describe() ==
        "node 'only', attempt 0: node_threw: when");
  CHECK(play(one_node(troupe::each(fails_at_item{}), options))
            .failure.value()
            .describe() == "node 'only', item 1, attempt 0: node_threw: when");
}

TEST_CASE("A value nested a million deep names the node and the item",
          "[bad_input]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto writes = [](state& shared) {
    shared.set("deep", deep_array(very_deep));
  };
  const auto why = failure_in_batch(at_third(writes), width);
  CHECK(why.code() == errc::bad_value);
  CHECK(why.node() == "all/only");
  CHECK(why.item() == 2U);
}

TEST_CASE("A coroutine that awaits itself a million times names its node",
          "[bad_input]") {
  using way = recurses::way;
  const auto how = GENERATE(way::at_once, way::after_waits, way::in_gather,
                            way::within_a_limit);
  const auto ended = play(one_node(recurses{how}));
  REQUIRE(ended.failure);
  CHECK(ended.failure->code() == errc::too_deep);
  CHECK(ended.failure->node() == "only");
  CHECK(play(one_node(recurses{how, 900})).state.get<int>("deep") == 900);
}

TEST_CASE("A coroutine that awaits itself without end names its item",
          "[bad_input]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto why = failure_in_batch(recurses{recurses::way::at_once}, width);
  CHECK(why.code() == errc::too_deep);
  CHECK(why.node() == "all/only");
  CHECK(why.item() == 0U);
}
