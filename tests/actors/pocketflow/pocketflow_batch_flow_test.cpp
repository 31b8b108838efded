// Twins of the tests that PocketFlow has for batch flows: plain, asynchronous
// and parallel.

#include "support/actors/three_ways.hpp"
#include "support/catch.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/sleep.hpp>

#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::batch;
using troupe::concurrent;
using troupe::context;
using troupe::flow_builder;
using troupe::json;
using troupe::state;
using troupe::task;

namespace {

using numbers = std::vector<int>;

std::string key_of(const context& ctx) {
  return ctx.params().at("key").get<std::string>();
}

/// One item for each key of the input, with its position counted from 1.
std::vector<json> keys_of(const state& shared) {
  std::vector<json> items;
  int position = 0;
  for (const auto [key, unused] : shared.at("input").members()) {
    items.push_back({{"key", std::string{key}}, {"factor", ++position}});
  }
  return items;
}

/// Writes a number computed from that of the item's key.
template <class Compute>
auto computes(std::string from, std::string into, Compute compute) {
  return [=](state& shared, context& ctx) {
    const int number = shared[from][key_of(ctx)];
    shared[into][key_of(ctx)] = compute(number, ctx);
  };
}

/// The same, with a moment's rest.
template <class Compute>
auto computes_later(std::string from, std::string into, Compute compute) {
  return [=](state& shared, context& ctx) -> task<> {
    co_await troupe::sleep_for(10ms);
    const int number = shared[from][key_of(ctx)];
    shared[into][key_of(ctx)] = compute(number, ctx);
  };
}

int twice(int number, context&) { return number * 2; }
int plus_one(int number, context&) { return number + 1; }
int times_factor(int number, context& ctx) {
  return number * ctx.params().at("factor").get<int>();
}
int refuses_the_second(int number, context& ctx) {
  if (key_of(ctx) == "b_bad") throw std::invalid_argument("bad key b_bad");
  return number;
}

struct plain {
  template <class Compute>
  static auto node(std::string from, std::string into, Compute compute) {
    return computes(std::move(from), std::move(into), compute);
  }
};
struct async {
  template <class Compute>
  static auto node(std::string from, std::string into, Compute compute) {
    return computes_later(std::move(from), std::move(into), compute);
  }
};

template <class Kind, class Compute>
played over_keys(const json& input, Compute compute) {
  const auto body = one_node(Kind::node("input", "results", compute));
  return play(batch("keys", body, keys_of), {{"input", input}});
}

const json three_keys = {{"a", 1}, {"b", 2}, {"c", 3}};

/// Doubles the numbers of the batch that its params name.
struct doubles_batch {
  troupe::duration delay = 100ms;

  numbers prep(const state& shared, context& ctx) const {
    return shared.at("batches")
        .at(ctx.params().at("id").get<std::size_t>())
        .get<numbers>();
  }
  task<int> exec(int number) const {
    co_await troupe::sleep_for(delay);
    if (number < 0) throw std::invalid_argument("a negative number");
    co_return number * 2;
  }
  troupe::action post(state& shared, const numbers&, const numbers& doubled,
                      context& ctx) const {
    shared["doubled"][std::to_string(ctx.params().at("id").get<int>())] =
        doubled;
    return "processed";
  }
};

/// Adds up what its sub-flow has doubled.
struct adds_up {
  void post(state& shared, context& ctx) const {
    const auto doubled =
        shared["doubled"][std::to_string(ctx.params().at("id").get<int>())]
            .get<numbers>();
    shared.add("total", std::accumulate(doubled.begin(), doubled.end(), 0));
  }
};

std::vector<json> batch_ids(const state& shared) {
  std::vector<json> items;
  for (std::size_t i = 0; i < shared.at("batches").size(); ++i) {
    items.push_back({{"id", i}});
  }
  return items;
}

troupe::flow doubled_batches(troupe::duration delay, std::size_t width) {
  flow_builder body{"body"};
  body.add("double", troupe::each(doubles_batch{delay}, {.concurrency = 8})) -
          "processed" >>
      body.add("add_up", adds_up{});
  return batch("batches", body.build(), batch_ids, {.concurrency = width});
}

/// Groups, and within each its items, in the same way.
troupe::flow nested(std::size_t width) {
  struct doubles_item {
    int prep(const state& shared, context& ctx) const {
      return shared.at("groups")
          .at(ctx.params().at("group").get<std::string>())
          .at(ctx.params().at("item").get<std::size_t>())
          .get<int>();
    }
    int exec(int number) const { return number * 2; }
    void post(state& shared, int, int doubled, context& ctx) const {
      shared.append("/results/" + ctx.params().at("group").get<std::string>(),
                    doubled);
    }
  };
  const auto items = [](const state& shared, context& ctx) {
    std::vector<json> all;
    const auto& group =
        shared.at("groups").at(ctx.params().at("group").get<std::string>());
    for (std::size_t i = 0; i < group.size(); ++i) all.push_back({{"item", i}});
    return all;
  };
  const auto groups = [](const state& shared) {
    std::vector<json> all;
    for (const auto [key, unused] : shared.at("groups").members()) {
      all.push_back({{"group", std::string{key}}});
    }
    return all;
  };
  const auto inner =
      batch("items", one_node(doubles_item{}), items, {.concurrency = width});
  return batch("groups", inner, groups, {.concurrency = width});
}

const json two_groups = {{"A", {1, 2}}, {"B", {3, 4}}};
const json two_groups_doubled = {{"A", {2, 4}}, {"B", {6, 8}}};

}  // namespace

// -- one sub-flow after the other ---------------------------------------------

TEMPLATE_TEST_CASE("A batch flow runs once for each key", "[pocketflow]", plain,
                   async) {
  const auto ended = over_keys<TestType>(three_keys, twice);
  CHECK(ended.state.to_json()["results"] ==
        json::object({{"a", 2}, {"b", 4}, {"c", 6}}));
  CHECK(ended.action == "default");
}

TEMPLATE_TEST_CASE("A batch flow without items writes nothing", "[pocketflow]",
                   plain, async) {
  const auto ended = over_keys<TestType>(json::object(), twice);
  CHECK_FALSE(ended.failure);
  CHECK_FALSE(ended.state.contains("results"));
}

TEST_CASE("A batch flow may have a single item", "[pocketflow]") {
  const auto ended = over_keys<plain>(json::object({{"single", 5}}), twice);
  CHECK(ended.state.to_json()["results"] == json::object({{"single", 10}}));
}

TEMPLATE_TEST_CASE("One bad key ends a batch flow, what was done stays",
                   "[pocketflow]", plain, async) {
  const auto ended = over_keys<TestType>(
      {{"a_good", 1}, {"b_bad", 2}, {"c_never", 3}}, refuses_the_second);
  REQUIRE(ended.failure);
  CHECK(ended.failure->message() == "bad key b_bad");
  CHECK(ended.failure->item() == 1U);
  CHECK_THROWS_AS(std::rethrow_exception(ended.failure->cause()),
                  std::invalid_argument);
  CHECK(ended.state.to_json()["results"] == json::object({{"a_good", 1}}));
}

TEMPLATE_TEST_CASE("The graph of a batch flow may have two nodes",
                   "[pocketflow]", plain, async) {
  flow_builder body{"body"};
  body.add("first", TestType::node("input", "between", plus_one)) >>
      body.add("second", TestType::node("between", "results", twice));
  const auto ended = play(batch("keys", body.build(), keys_of),
                          {{"input", json::object({{"x", 1}, {"y", 2}})}});
  CHECK(ended.state.to_json()["results"] == json::object({{"x", 4}, {"y", 6}}));
}

TEMPLATE_TEST_CASE("Each item may bring params of its own", "[pocketflow]",
                   plain, async) {
  const auto ended = over_keys<TestType>(three_keys, times_factor);
  CHECK(ended.state.to_json()["results"] ==
        json::object({{"a", 1}, {"b", 4}, {"c", 9}}));
}

TEST_CASE("A batch flow may run within a batch flow", "[pocketflow]") {
  const auto ended = play(nested(troupe::sequence), {{"groups", two_groups}});
  CHECK(ended.state.to_json()["results"] == two_groups_doubled);
}

// -- all sub-flows at once ----------------------------------------------------

TEST_CASE("Parallel sub-flows of parallel nodes take the time of one",
          "[pocketflow]") {
  const state initial{
      {"batches", json::parse("[[1, 2, 3], [4, 5, 6], [7, 8, 9]]")}};
  const auto how = GENERATE(troupe::turns::in_place, troupe::turns::by_message);
  const auto work = doubled_batches(100ms, concurrent(3));
  const auto ended =
      play_with_actors(how, work, initial, troupe::value::object());
  CHECK(
      ended.state.to_json()["doubled"] ==
      json::parse(R"({"0": [2, 4, 6], "1": [8, 10, 12], "2": [14, 16, 18]})"));
  CHECK(ended.state.get<int>("total") == 90);
  CHECK(ended.took == 100ms);
  CHECK(play(work, initial).state == ended.state);
}

TEST_CASE("One item that fails ends a parallel batch flow", "[pocketflow]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto ended = play(doubled_batches(1ms, width),
                          {{"batches", json::parse("[[1, -2, 3], [4, 5, 6]]")}},
                          troupe::value::object(), siblings::cancelled);
  REQUIRE(ended.failure);
  CHECK(ended.failure->message() == "a negative number");
  CHECK_THROWS_AS(std::rethrow_exception(ended.failure->cause()),
                  std::invalid_argument);
}

TEST_CASE("Parallel sub-flows may have work of different sizes",
          "[pocketflow]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto ended = play(
      doubled_batches(50ms, width),
      {{"batches", json::parse("[[1], [2, 3, 4], [5, 6], [7, 8, 9, 10]]")}});
  CHECK(ended.state.to_json()["doubled"] ==
        json::parse(R"({"0": [2], "1": [4, 6, 8], "2": [10, 12],
                        "3": [14, 16, 18, 20]})"));
  CHECK(ended.state.get<int>("total") == 110);
}

TEST_CASE("A parallel batch flow may run within another", "[pocketflow]") {
  const std::size_t width = GENERATE(1U, 2U, 3U, 8U);
  const auto ended = play(nested(concurrent(width)), {{"groups", two_groups}});
  // In the order of the items, which the original does not promise.
  CHECK(ended.state.to_json()["results"] == two_groups_doubled);
}

// -- rules without a test of the original's -----------------------------------

TEST_CASE("Params merge from the outside to the inside, the item wins",
          "[pocketflow]") {
  const auto body = one_node(
      [](state& shared, context& ctx) { shared.append("seen", ctx.params()); });
  const auto inner = batch("inner", body, [](const state&) {
    return json::parse(R"([{"c": 3}, {"b": 30, "c": 4}])");
  });
  const auto outer = batch("outer", inner, [](const state&) {
    return json::parse(R"([{"b": 2}])");
  });
  const auto ended =
      play(outer, {}, troupe::json::object({{"a", 1}, {"b", 1}}));
  CHECK(ended.state.to_json()["seen"] ==
        json::parse(R"([{"a": 1, "b": 2, "c": 3},
                        {"a": 1, "b": 30, "c": 4}])"));
}

TEST_CASE("The last actions of sub-flows do not become that of the batch",
          "[pocketflow]") {
  const auto body = one_node([](state&) -> troupe::action { return "inside"; });
  flow_builder outer{"outer"};
  outer.add("all", batch("all", body, numbered(2))) >>
      outer.add("next", [](state& shared) { shared.set("went_on", true); });
  const auto ended = play(outer.build());
  CHECK(ended.state.get<bool>("went_on"));
  CHECK(ended.warnings.empty());
}
