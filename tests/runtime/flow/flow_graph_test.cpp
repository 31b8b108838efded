#include "support/catch.hpp"
#include "support/deep_json.hpp"
#include "support/flows/lone_step.hpp"

#include <troupe/batch.hpp>
#include <troupe/flow.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using troupe::flow;
using troupe::flow_builder;

namespace {

flow only(const std::string& name) {
  flow_builder built{name};
  built.add("node", [](troupe::state&) {});
  return built.build();
}

troupe::json no_items(const troupe::state&) { return {}; }

/// The address of the name of the first member.
const char* address_of_key(const troupe::value& object) {
  return (*object.members().begin()).key.data();
}

flow around(const flow& inner) {
  flow_builder built{"outer"};
  built.add("inner", inner);
  return built.build();
}

}  // namespace

TEST_CASE("a million flows within flows end without using up the stack",
          "[flow_graph]") {
  std::optional<flow> nest = only("innermost");
  const auto innermost = std::weak_ptr{nest->share()};
  for (int depth = 0; depth < 1'000'000; ++depth) nest = around(*nest);
  CHECK_FALSE(innermost.expired());

  nest.reset();

  CHECK(innermost.expired());
}

TEST_CASE("batches within many batches end without using up the stack",
          "[flow_graph]") {
  std::optional<flow> nest = only("innermost");
  const auto innermost = std::weak_ptr{nest->share()};
  for (int depth = 0; depth < 200'000; ++depth) {
    nest = troupe::batch("outer", *nest, no_items);
  }
  CHECK_FALSE(innermost.expired());

  nest.reset();

  CHECK(innermost.expired());
}

TEST_CASE("JSON that nests a million deep is dismantled in the stack there is",
          "[flow_graph]") {
  auto form = troupe_test::deep_array(1'000'000);
  troupe::detail::dismantle(form);
  CHECK(form.empty());
}

TEST_CASE("a flow ends with the last batch or flow that holds it",
          "[flow_graph]") {
  std::optional<flow> body = only("body");
  const auto held = std::weak_ptr{body->share()};
  std::optional<flow> first = troupe::batch("first", *body, no_items);
  std::optional<flow> second = around(*body);
  body.reset();

  first.reset();
  CHECK_FALSE(held.expired());
  second.reset();
  CHECK(held.expired());
}

TEST_CASE("the items of a batch share their keys, and stay apart",
          "[flow_graph]") {
  const troupe::json item{{"a", 1}, {"b", 2}, {"c", 3}};
  const auto three = [&item](const troupe::state&) {
    return std::vector<troupe::json>(3, item);
  };
  const auto work = troupe::batch("all", only("body"), three);
  std::vector<troupe::value> items;
  troupe_test::lone_step look{[&](troupe::state& shared, troupe::context& ctx) {
    const auto next = work.model().fan_out->items(shared, ctx);
    while (auto each = next()) items.push_back(std::move(*each));
  }};
  REQUIRE(look.begin() == troupe_test::lone_step::status::done);
  REQUIRE(items.size() == 3);
  CHECK(address_of_key(items[0]) == address_of_key(items[1]));
  items[0] = std::move(items[0]).with("d", 4);
  CHECK(items[0].size() == 4);
  for (const auto& each : items) each.check();
  CHECK(items[1].to_json() == item);
  items.pop_back();
  items[1] = std::move(items[1]).with("e", 5);
  for (const auto& each : items) each.check();
  CHECK(items[0].at("d") == 4);
  CHECK(items[1].at("e") == 5);
}
