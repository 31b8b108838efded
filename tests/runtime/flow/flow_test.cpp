#include "support/catch.hpp"
#include "support/flows/lone_step.hpp"
#include "support/flows/small_flows.hpp"
#include "support/nothing.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/flow.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using troupe::errc;
using troupe::flow_builder;
using troupe::state;
using troupe_test::has;
using troupe_test::nothing;

namespace {

/// Returns the mistakes that build() names, or nothing.
std::string mistakes(const flow_builder& builder) {
  try {
    static_cast<void>(builder.build());
    return {};
  } catch (const troupe::error& why) {
    CHECK(why.code() == errc::bad_flow);
    return why.message();
  }
}

struct declares {
  static constexpr std::string_view actions[] = {"yes", "no"};
  troupe::action post(state&) const { return "yes"; }
};

struct plain_exec {
  int exec() const { return 1; }
};

/// A type that is written as JSON, and cannot be read from it.
struct opaque {
  friend void to_json(troupe::json& into, const opaque&) { into = 1; }
};

struct takes_opaque {
  opaque prep(const state&) const { return {}; }
  int exec(const opaque&) const { return 1; }
};

struct gives_opaque {
  opaque exec() const { return {}; }
};

struct reads_state {
  int exec(const state& shared) const { return shared.get<int>("key"); }
};

struct gives_view {
  std::string prep() const { return "a text"; }
  std::string_view exec(const std::string& text) const { return text; }
};

struct gives_views_of_items {
  std::vector<std::string> prep() const { return {"a text", "another"}; }
  std::vector<std::string_view> exec(const std::string& text) const {
    return {text};
  }
};

struct coroutine_exec {
  troupe::task<int> exec() const { co_return 1; }
};

}  // namespace

TEST_CASE("Edges are wired by name and by chains", "[flow]") {
  flow_builder builder{"wired"};
  const auto a = builder.add("a", nothing);
  const auto b = builder.add("b", nothing);
  const auto c = builder.add("c", nothing);
  a >> b >> c;
  b - "back" >> a;
  c.next(b, "retry");
  const auto built = builder.build();
  CHECK(built.name() == "wired");
  const auto& nodes = built.model().nodes;
  REQUIRE(nodes.size() == 3);
  CHECK(nodes[0].next == 1);
  CHECK(nodes[1].next == 2);
  REQUIRE(nodes[1].edges.size() == 2);
  CHECK(nodes[1].edges[1].on.name() == "back");
  CHECK(nodes[1].edges[1].target == 0);
  CHECK(nodes[2].edges[0].on.name() == "retry");
  CHECK(nodes[2].next == troupe::detail::no_node);
  CHECK(built.model().start == 0);
}

TEST_CASE("The default edge has two names", "[flow]") {
  flow_builder builder{"names"};
  const auto a = builder.add("a", nothing);
  const auto b = builder.add("b", nothing);
  a - "default" >> b;
  CHECK(builder.build().model().nodes[0].next == 1);
  a >> b;
  CHECK(mistakes(builder) ==
        "flow 'names':\n  node 'a': two edges for the action 'default'");
}

TEST_CASE("The start is the first node unless another is named", "[flow]") {
  flow_builder builder{"starts"};
  const auto a = builder.add("a", nothing);
  const auto b = builder.add("b", nothing);
  b >> a;
  CHECK(mistakes(builder) ==
        "flow 'starts':\n  node 'b': no path leads to it from the start");
  CHECK(builder.start(b).name() == "b");
  CHECK(builder.build().model().start == 1);
}

TEST_CASE("Every mistake is named at once", "[flow]") {
  flow_builder other{"other"};
  const auto foreign = other.add("foreign", nothing);
  flow_builder builder{""};
  const auto a = builder.add("a", nothing, {.retry = {.attempts = 0}});
  const auto twin = builder.add("a", nothing);
  const auto unnamed = builder.add("", nothing);
  builder.add("lost", nothing);
  a >> twin;
  twin >> unnamed;
  unnamed - "out" >> foreign;
  builder.start(foreign);

  const auto text = mistakes(builder);
  CHECK(has(text, "the flow has no name"));
  CHECK(has(text, "node 'a': retry.attempts must be from 1 to"));
  CHECK(has(text, "two nodes have the name 'a'"));
  CHECK(has(text, "a node has no name"));
  CHECK(has(text, "node 'lost': no path leads to it"));
  CHECK(has(text,
            "node '': an edge leads to the node 'foreign' of another flow"));
  CHECK(has(text, "the start 'foreign' is a node of another flow"));
}

TEST_CASE("A flow without nodes is a mistake", "[flow]") {
  CHECK(mistakes(flow_builder{"empty"}) ==
        "flow 'empty':\n  the flow has no nodes");
}

TEST_CASE("Options that the node cannot use are mistakes", "[flow]") {
  const auto mistake_of = [](auto node, const troupe::node_options& options) {
    flow_builder builder{"f"};
    builder.add("n", node, options);
    return mistakes(builder);
  };
  CHECK(has(mistake_of(nothing, {.retry = {.attempts = 2}}),
            "retry.attempts applies to exec"));
  CHECK(has(mistake_of(nothing, {.timeout = 1s}), "apply to exec"));
  CHECK(
      has(mistake_of(nothing, {.threads = troupe::blocking}), "apply to exec"));
  CHECK(has(mistake_of(coroutine_exec{}, {.threads = troupe::blocking}),
            "a coroutine cannot run on a blocking thread"));
  CHECK(has(mistake_of(gives_view{}, {.threads = troupe::blocking}),
            "exec returns a view"));
  CHECK(has(mistake_of(troupe::each(gives_views_of_items{}),
                       {.threads = troupe::blocking}),
            "exec returns a view"));
  CHECK(has(mistake_of(plain_exec{}, {.timeout = 0s}), "timeout"));
  CHECK(has(mistake_of(plain_exec{}, {.timeout = -1s}), "timeout"));
  CHECK(has(mistake_of(plain_exec{}, {.concurrency = 0U}), "concurrency"));
  CHECK(mistake_of(plain_exec{}, {.retry = {.attempts = 2},
                                  .timeout = 1s,
                                  .concurrency = 1U,
                                  .threads = troupe::blocking})
            .empty());
}

TEST_CASE("A node that cannot be placed on workers is a mistake", "[flow]") {
  const auto mistake_of = [](auto node, const troupe::node_options& options) {
    flow_builder builder{"f"};
    builder.add("n", node, options);
    return mistakes(builder);
  };
  CHECK(has(mistake_of(plain_exec{}, {.reads = {"key"}}),
            "reads applies to work on workers, but on is empty"));
  CHECK(has(mistake_of(nothing, {.on = "gpu"}), "it has no exec"));
  CHECK(has(mistake_of(takes_opaque{}, {.on = "gpu"}),
            "what its prep gives cannot be read from JSON"));
  CHECK(has(mistake_of(gives_opaque{}, {.on = "gpu"}),
            "what its exec gives cannot be read from JSON"));
  CHECK(has(mistake_of(reads_state{}, {.on = "gpu"}),
            "name the keys that exec reads"));
  CHECK(mistake_of(reads_state{}, {.on = "gpu", .reads = {"key"}}).empty());
  CHECK(mistake_of(plain_exec{}, {.on = "gpu"}).empty());
  // All of them are right if they run here.
  CHECK(mistake_of(takes_opaque{}, {}).empty());
  CHECK(mistake_of(gives_opaque{}, {}).empty());
  CHECK(mistake_of(reads_state{}, {}).empty());
}

TEST_CASE("Edges are checked against the declared actions", "[flow]") {
  flow_builder builder{"f"};
  const auto a = builder.add("a", declares{});
  const auto b = builder.add("b", nothing);
  a - "yes" >> b;
  CHECK(mistakes(builder).empty());
  a - "maybe" >> b;
  CHECK(mistakes(builder) ==
        "flow 'f':\n  node 'a': edge for the action 'maybe', which it does "
        "not declare");
}

TEST_CASE("What was built does not change with its builder", "[flow]") {
  flow_builder builder{"grows"};
  const auto a = builder.add("a", nothing);
  const auto small = builder.build();
  a >> builder.add("b", nothing);
  const auto large = builder.build();
  CHECK(small.model().nodes.size() == 1);
  CHECK(small.model().nodes[0].edges.empty());
  CHECK(large.model().nodes.size() == 2);
}

TEST_CASE("A flow stands where a node stands", "[flow]") {
  flow_builder inner{"inner"};
  inner.add("only", nothing);
  const auto built = inner.build();
  flow_builder outer{"outer"};
  outer.add("first", built) >> outer.add("second", built);
  const auto whole = outer.build();
  CHECK(whole.model().nodes[0].inner == built.share());
  CHECK(whole.model().nodes[1].inner == built.share());
  CHECK(whole.model().nodes[0].model == nullptr);
}

TEST_CASE("The post of a fan-out leaves out what it does not need", "[flow]") {
  using outcomes = std::vector<troupe::branch_outcome>;
  using post = troupe::detail::fan_out_post;
  const auto action_of = [](post given, state& shared) {
    std::string chosen;
    troupe_test::lone_step step{[&](state&, troupe::context& ctx) {
      chosen = std::move(given).take()(shared, outcomes(2), ctx).name();
    }};
    REQUIRE(step.begin() == troupe_test::lone_step::status::done);
    return chosen;
  };
  state shared;

  CHECK(action_of([](state& s) { s["a"] = 1; }, shared) == "default");
  CHECK(action_of([](state& s, const outcomes& all) { s["b"] = all.size(); },
                  shared) == "default");
  CHECK(action_of([](state&, troupe::context&) { return "c"; }, shared) == "c");
  CHECK(
      action_of([](const outcomes& all) { return std::to_string(all.size()); },
                shared) == "2");
  CHECK(action_of([] { return troupe::action{"d"}; }, shared) == "d");
  CHECK(shared == state{{"a", 1}, {"b", 2}});
}

TEST_CASE("An empty post of a fan-out is none", "[flow]") {
  const std::function<troupe::action(state&)> nobody;

  CHECK_FALSE(troupe::detail::fan_out_post{nobody}.take());
  CHECK_FALSE(troupe::detail::fan_out_post{nullptr}.take());
}
