#include "support/catch.hpp"

#include <troupe/batch.hpp>
#include <troupe/flow.hpp>

#include <memory>
#include <optional>
#include <string>

using troupe::flow;
using troupe::flow_builder;

namespace {

flow only(const std::string& name) {
  flow_builder built{name};
  built.add("node", [](troupe::state&) {});
  return built.build();
}

flow around(const flow& inner) {
  flow_builder built{"outer"};
  built.add("inner", inner);
  return built.build();
}

}  // namespace

TEST_CASE("a million flows within flows end without using up the stack",
          "[flow_model]") {
  std::optional<flow> nest = only("innermost");
  const auto innermost = std::weak_ptr{nest->share()};
  for (int depth = 0; depth < 1'000'000; ++depth) nest = around(*nest);
  CHECK_FALSE(innermost.expired());

  nest.reset();

  CHECK(innermost.expired());
}

TEST_CASE("a flow ends with the last batch or flow that holds it",
          "[flow_model]") {
  std::optional<flow> body = only("body");
  const auto held = std::weak_ptr{body->share()};
  const auto no_items = [](const troupe::state&) { return troupe::json{}; };
  std::optional<flow> first = troupe::batch("first", *body, no_items);
  std::optional<flow> second = around(*body);
  body.reset();

  first.reset();
  CHECK_FALSE(held.expired());
  second.reset();
  CHECK(held.expired());
}
