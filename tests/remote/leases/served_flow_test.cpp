#include "leases/served_flow.hpp"

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"
#include "support/nothing.hpp"

#include <troupe/batch.hpp>
#include <troupe/detail/placed/flow_form.hpp>
#include <troupe/flow.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

using troupe::errc;
using troupe::flow;
using troupe::flow_builder;
using troupe::state;
using troupe::detail::served_flow;
using troupe::detail::served_in;
using troupe_test::code_of;
using troupe_test::has;
using troupe_test::nothing;
using troupe_test::numbered;
using troupe_test::one_node;

namespace {

struct answer {
  int exec() const { return 42; }
  void post(state&, int) const {}
};

/// A flow with the node "here", which is not placed, and "there", which is.
flow half_placed(const std::string& name, const std::string& label = "gpu") {
  flow_builder builder{name};
  builder.add("here", answer{}) >>
      builder.add("there", answer{}, {.on = label});
  return builder.build();
}

flow within(const std::string& name, const std::string& node, flow inner) {
  flow_builder builder{name};
  builder.add("before", nothing) >> builder.add(node, std::move(inner));
  return builder.build();
}

std::set<std::string> nodes_of(const served_flow& from) {
  std::set<std::string> names;
  for (const auto& [name, node] : from.nodes) names.insert(name);
  return names;
}

using names = std::set<std::string>;

}  // namespace

TEST_CASE("The placed nodes of a flow are served", "[served_flow]") {
  const auto subject = half_placed("small");
  const auto all = served_in({subject});
  REQUIRE(all.size() == 1);
  const auto& found = all.at("small");
  CHECK(nodes_of(found) == names{"there"});
  CHECK(found.labels == names{"gpu"});
  CHECK_FALSE(found.is_body);
  CHECK(found.form == troupe::detail::flow_form(subject.model()));
  CHECK(found.nodes.at("there") == &subject.model().nodes[1]);
}

TEST_CASE("Placed nodes of nested flows are served as of the outermost",
          "[served_flow]") {
  const auto all = served_in(
      {within("outer", "a", within("middle", "b", half_placed("inner")))});
  REQUIRE(all.size() == 1);
  CHECK(nodes_of(all.at("outer")) == names{"a/b/there"});
}

TEST_CASE("A flow that stands in two places is served in both",
          "[served_flow]") {
  const auto inner = half_placed("inner");
  flow_builder builder{"outer"};
  builder.add("left", inner) >> builder.add("right", inner);
  const auto all = served_in({builder.build()});
  CHECK(nodes_of(all.at("outer")) == names{"left/there", "right/there"});
}

TEST_CASE("The body of a placed batch is served whole", "[served_flow]") {
  const auto all = served_in(
      {troupe::batch("all", one_node(answer{}), numbered(2), {.on = "cpu"})});
  REQUIRE(all.size() == 1);
  const auto& body = all.at("small");
  CHECK(body.is_body);
  CHECK(body.nodes.empty());
  CHECK(body.labels == names{"cpu"});
}

TEST_CASE("Placed nodes within the body of a batch are its own",
          "[served_flow]") {
  SECTION("of one that runs here") {
    const auto all = served_in(
        {within("outer", "batch",
                troupe::batch("all", half_placed("body"), numbered(2)))});
    REQUIRE(all.size() == 1);
    CHECK_FALSE(all.at("body").is_body);
    CHECK(nodes_of(all.at("body")) == names{"there"});
  }
  SECTION("of one that is placed itself") {
    const auto all = served_in({troupe::batch("all", half_placed("body"),
                                              numbered(2), {.on = "cpu"})});
    CHECK(all.at("body").is_body);
    CHECK(nodes_of(all.at("body")) == names{"there"});
    CHECK(all.at("body").labels == names{"cpu", "gpu"});
  }
}

TEST_CASE("The branches of a placed fork are served", "[served_flow]") {
  const auto all = served_in({troupe::fork(
      "both", {half_placed("one"), within("two", "x", one_node(answer{}))},
      {.on = "cpu"})});
  REQUIRE(all.size() == 2);
  CHECK(all.at("one").is_body);
  CHECK(all.at("one").labels == names{"cpu", "gpu"});
  CHECK(all.at("two").is_body);
  CHECK(all.at("two").labels == names{"cpu"});
}

TEST_CASE("Batches within batches are looked into", "[served_flow]") {
  const auto innermost =
      troupe::batch("inner", half_placed("deep"), numbered(2), {.on = "cpu"});
  const auto all = served_in(
      {troupe::batch("outer", within("middle", "x", innermost), numbered(2))});
  REQUIRE(all.size() == 1);
  CHECK(all.at("deep").is_body);
  CHECK(nodes_of(all.at("deep")) == names{"there"});
}

TEST_CASE("A flow that is placed with two labels serves both",
          "[served_flow]") {
  const auto body = one_node(answer{});
  const auto all =
      served_in({troupe::batch("one", body, numbered(2), {.on = "cpu"}),
                 troupe::batch("two", body, numbered(2), {.on = "gpu"})});
  REQUIRE(all.size() == 1);
  CHECK(all.at("small").labels == names{"cpu", "gpu"});
}

TEST_CASE("Equal flows of one name are served as one", "[served_flow]") {
  const auto all = served_in({half_placed("same"), half_placed("same")});
  CHECK(all.size() == 1);
}

TEST_CASE("Different flows of one name cannot be served", "[served_flow]") {
  std::string text;
  CHECK(code_of(
            [&] {
              static_cast<void>(
                  served_in({half_placed("same"), half_placed("same", "cpu")}));
            },
            &text) == errc::bad_flow);
  CHECK(has(text, "two different flows with the name 'same'"));
  CHECK(has(text, "nodes/there/on"));
}

TEST_CASE("Flows in which nothing is placed cannot be served",
          "[served_flow]") {
  const std::vector<std::vector<flow>> nothing_placed{
      {},
      {one_node(answer{})},
      {within("outer", "a", one_node(answer{}))},
      {troupe::batch("all", one_node(answer{}), numbered(2))}};
  for (const auto& flows : nothing_placed) {
    std::string text;
    CHECK(code_of([&] { static_cast<void>(served_in(flows)); }, &text) ==
          errc::bad_flow);
    CHECK(has(text, "option `on`"));
  }
}
