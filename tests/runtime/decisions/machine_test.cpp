#include "support/catch.hpp"
#include "support/checked.hpp"
#include "support/flows/small_flows.hpp"
#include "support/nothing.hpp"

#include <troupe/batch.hpp>
#include <troupe/flow.hpp>
#include <troupe/machine.hpp>

#include <rapidcheck.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using troupe::errc;
using troupe::error;
using troupe::flow_builder;
using troupe::machine;
using troupe::state;
using troupe_test::checked;
using troupe_test::nothing;
using command = troupe::machine::command;

namespace {

struct fails {
  int exec() const { return 1; }
};
struct fails_over : fails {
  int fallback() const { return 2; }
};

error busy() { return error{errc::node_threw, "busy"}; }

template <class N>
troupe::flow single(N node, troupe::node_options options = {}) {
  return troupe_test::one_node(std::move(node), std::move(options));
}

constexpr std::uint64_t many = 1'000'000;

}  // namespace

TEST_CASE("A machine walks along the edges", "[machine]") {
  flow_builder builder{"walk"};
  const auto a = builder.add("a", nothing);
  const auto b = builder.add("b", nothing);
  a >> b;
  b - "again" >> a;
  const auto work = builder.build();
  checked<machine> subject{work.model(), many, 0};

  CHECK(subject->next() == command::begin_step);
  CHECK(subject->path() == "a");
  CHECK(subject->step() == 0);
  subject->on_done({});
  CHECK(subject->path() == "b");
  CHECK(subject->step() == 1);
  subject->on_done("again");
  CHECK(subject->path() == "a");
  subject->on_done({});
  subject->on_done({});
  CHECK(subject->is_over());
  CHECK(subject->action().is_default());
  CHECK(subject->failure() == nullptr);
  CHECK(subject->steps() == 4);
  // b has an edge, but none for the default action.
  const auto missing = subject->take_missing_edges();
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].node == "b");
  CHECK_FALSE(subject->met_missing_edge());
}

TEST_CASE("The last action of an inner flow is its own", "[machine]") {
  flow_builder inner{"inner"};
  inner.add("deep", nothing);
  flow_builder middle{"middle"};
  middle.add("m", inner.build());
  flow_builder outer{"outer"};
  const auto first = outer.add("o", middle.build());
  first - "left" >> outer.add("left", nothing);
  const auto work = outer.build();
  checked<machine> subject{work.model(), many, 0};

  CHECK(subject->path() == "o/m/deep");
  subject->on_done("left");
  CHECK(subject->path() == "left");
  CHECK(subject->steps() == 2);
  subject->on_done("right");
  CHECK(subject->is_over());
  CHECK(subject->action().name() == "right");
  CHECK_FALSE(subject->met_missing_edge());
}

TEST_CASE("A flow may forbid actions without an edge", "[machine]") {
  flow_builder builder{
      "strict", {.on_missing_edge = troupe::flow_options::missing_edge::fails}};
  const auto a = builder.add("a", nothing);
  a - "known" >> builder.add("b", nothing);
  const auto work = builder.build();
  checked<machine> subject{work.model(), many, 0};
  subject->on_done("unknown");
  REQUIRE(subject->is_over());
  CHECK(subject->failure()->code() == errc::missing_edge);
  CHECK(subject->failure()->node() == "a");

  // A node without any edge may end the flow as it likes.
  checked<machine> other{work.model(), many, 0};
  other->on_done("known");
  other->on_done("whatever");
  CHECK(other->is_over());
  CHECK(other->failure() == nullptr);
}

TEST_CASE("Attempts follow one another, with waits", "[machine]") {
  const auto work =
      single(fails{}, {.retry = {.attempts = 3, .wait = 1s, .backoff = 2}});
  checked<machine> subject{work.model(), many, 0};
  CHECK_FALSE(subject->is_last_attempt());
  subject->on_exec_failed(busy());
  CHECK(subject->next() == command::wait);
  CHECK(subject->wait() == 1s);
  subject->on_waited();
  CHECK(subject->next() == command::retry_step);
  CHECK(subject->attempt() == 1);
  subject->on_exec_failed(busy());
  CHECK(subject->wait() == 2s);
  subject->on_waited();
  CHECK(subject->attempt() == 2);
  CHECK(subject->is_last_attempt());
  subject->on_exec_failed(busy());
  REQUIRE(subject->is_over());
  CHECK(subject->failure()->attempt() == 2U);
  CHECK(subject->failure()->node() == "only");
}

TEST_CASE("Without a wait the next attempt is made at once", "[machine]") {
  const auto work = single(fails{}, {.retry = {.attempts = 2}});
  checked<machine> subject{work.model(), many, 0};
  subject->on_exec_failed(busy());
  CHECK(subject->next() == command::retry_step);
  CHECK(subject->attempt() == 1);
  subject->on_done({});
  CHECK(subject->is_over());
  CHECK(subject->failure() == nullptr);
}

TEST_CASE("After the last attempt comes the fallback", "[machine]") {
  const auto work = single(fails_over{}, {.retry = {.attempts = 2}});
  checked<machine> subject{work.model(), many, 0};
  subject->on_exec_failed(busy());
  subject->on_exec_failed(busy());
  REQUIRE(subject->next() == command::fall_back);
  CHECK(subject->attempt() == 1);

  SECTION("which ends the step") {
    subject->on_done("saved");
    CHECK(subject->action().name() == "saved");
  }
  SECTION("which fails, and no further attempt is made") {
    subject->on_failed(error{errc::node_threw, "worse"});
    CHECK(subject->failure()->message() == "worse");
  }
  CHECK(subject->is_over());
}

TEST_CASE("A permanent error goes straight to the fallback", "[machine]") {
  const auto work = single(fails_over{}, {.retry = {.attempts = 9}});
  checked<machine> subject{work.model(), many, 0};
  subject->on_exec_failed(troupe::permanent_error{"gone"});
  CHECK(subject->next() == command::fall_back);
}

TEST_CASE("A retry that is not granted is the end of the attempts",
          "[machine]") {
  const auto work = single(fails_over{}, {.retry = {.attempts = 9}});
  checked<machine> subject{work.model(), many, 0};
  int left = 1;
  const auto take = [&] { return left-- > 0; };
  subject->on_exec_failed(busy(), take);
  CHECK(subject->next() == command::retry_step);
  subject->on_exec_failed(busy(), take);
  CHECK(subject->next() == command::fall_back);
}

TEST_CASE("A retry is asked for only where there would be one", "[machine]") {
  const auto work = single(fails_over{}, {.retry = {.attempts = 2}});
  checked<machine> subject{work.model(), many, 0};
  int asked = 0;
  const auto take = [&] { return ++asked > 0; };
  subject->on_exec_failed(busy(), take);
  subject->on_exec_failed(busy(), take);
  CHECK(asked == 1);
}

TEST_CASE("A failure outside of exec ends the run", "[machine]") {
  const auto work = single(fails_over{}, {.retry = {.attempts = 9}});
  checked<machine> subject{work.model(), many, 0};
  subject->on_failed(error{errc::node_threw, "in post"});
  REQUIRE(subject->is_over());
  CHECK(subject->failure()->message() == "in post");
}

TEST_CASE("What ran a step may die a few times", "[machine]") {
  const auto work = single(fails{}, {.retry = {.attempts = 2}});
  checked<machine> subject{work.model(), many, 0};
  subject->on_exec_failed(busy());
  for (std::uint32_t i = 0; i < machine::deaths_max; ++i) {
    subject->on_died();
    CHECK(subject->next() == command::begin_step);
    CHECK(subject->attempt() == 1);
  }
  subject->on_died();
  REQUIRE(subject->is_over());
  CHECK(subject->failure()->code() == errc::actor_died);
  CHECK(subject->failure()->node() == "only");
}

TEST_CASE("Deaths are counted by the step", "[machine]") {
  flow_builder builder{"loop"};
  const auto a = builder.add("a", nothing);
  a >> a;
  const auto work = builder.build();
  checked<machine> subject{work.model(), many, 0};
  for (int step = 0; step < 5; ++step) {
    for (std::uint32_t i = 0; i < machine::deaths_max; ++i) subject->on_died();
    CHECK_FALSE(subject->is_over());
    subject->on_done({});
  }
}

TEST_CASE("The step limit ends a loop and names the node", "[machine]") {
  flow_builder inner{"inner"};
  const auto a = inner.add("a", nothing);
  a >> a;
  flow_builder outer{"outer"};
  outer.add("o", inner.build());
  const auto work = outer.build();
  checked<machine> subject{work.model(), 10, 0};
  for (int i = 0; i < 10; ++i) {
    REQUIRE_FALSE(subject->is_over());
    subject->on_done({});
  }
  REQUIRE(subject->is_over());
  CHECK(subject->failure()->code() == errc::step_limit);
  CHECK(subject->failure()->node() == "o/a");
  CHECK(subject->steps() == 10);
}

TEST_CASE("A fan-out is one step, at the start or within", "[machine]") {
  const auto all =
      troupe::batch("all", single(nothing), troupe_test::numbered(3));
  checked<machine> alone{all.model(), many, 0};
  CHECK(alone->next() == command::fan_out);
  CHECK(alone->path() == "all");
  CHECK(alone->fan_out().concurrency == 1);
  alone->on_done("chosen");
  CHECK(alone->is_over());
  CHECK(alone->action().name() == "chosen");

  flow_builder builder{"outer"};
  builder.add("each_file", all) >> builder.add("after", nothing);
  const auto work = builder.build();
  checked<machine> within{work.model(), many, 0};
  CHECK(within->next() == command::fan_out);
  CHECK(within->path() == "each_file");
  within->on_done({});
  CHECK(within->path() == "after");
  CHECK(within->steps() == 2);

  checked<machine> failing{work.model(), many, 0};
  failing->on_failed(busy());
  CHECK(failing->failure()->node() == "each_file");

  checked<machine> limited{all.model(), 0, 0};
  CHECK(limited->failure()->code() == errc::step_limit);
}

TEST_CASE("A machine descends a million flows without using up the stack",
          "[machine]") {
  auto nest = single(nothing);
  for (int depth = 0; depth < 1'000'000; ++depth) {
    flow_builder outer{"outer"};
    outer.add("in", nest);
    nest = outer.build();
  }
  checked<machine> subject{nest.model(), many, 0};
  CHECK(subject->next() == command::begin_step);
  CHECK(subject->steps() == 1);
  subject->on_done("bottom");
  CHECK(subject->is_over());
  CHECK(subject->action().name() == "bottom");
}

TEST_CASE("A cancelled run is over, once", "[machine]") {
  const auto work = single(fails{}, {.retry = {.attempts = 2, .wait = 1s}});
  checked<machine> subject{work.model(), many, 0};
  subject->on_exec_failed(busy());
  REQUIRE(subject->next() == command::wait);
  subject->on_cancel(error{errc::cancelled, "enough"});
  REQUIRE(subject->is_over());
  CHECK(subject->was_cancelled());
  subject->on_cancel(error{errc::cancelled, "again"});
  CHECK(subject->failure()->message() == "enough");
  CHECK(subject->failure()->node() == "only");
}

TEST_CASE("A run whose node throws the cancellation of another has failed",
          "[machine]") {
  const auto work = single(fails{}, {});
  checked<machine> subject{work.model(), many, 0};
  subject->on_failed(error{errc::cancelled, "somebody else"});
  REQUIRE(subject->is_over());
  CHECK_FALSE(subject->was_cancelled());
}

TEST_CASE("Whatever happens, no step makes more attempts than it may",
          "[machine]") {
  const auto has_fallback = GENERATE(false, true);
  CHECK(rc::check([has_fallback] {
    const auto attempts = *rc::gen::inRange<std::uint32_t>(1, 6);
    const troupe::node_options options{.retry = {.attempts = attempts}};
    flow_builder builder{"any"};
    const auto a = has_fallback ? builder.add("a", fails_over{}, options)
                                : builder.add("a", fails{}, options);
    a >> a;
    const auto work = builder.build();
    const auto steps_max = *rc::gen::inRange<std::uint64_t>(1, 20);
    checked<machine> subject{work.model(), steps_max, 0};
    std::uint64_t at = 0;
    std::uint32_t failed = 0;
    while (!subject->is_over()) {
      if (subject->step() != at) {
        at = subject->step();
        failed = 0;
      }
      RC_ASSERT(subject->attempt() < attempts);
      RC_ASSERT(subject->steps() <= steps_max);
      if (subject->next() == command::fall_back) {
        RC_ASSERT(has_fallback);
        RC_ASSERT(failed == attempts);
        subject->on_done({});
        continue;
      }
      RC_ASSERT(subject->attempt() == failed);
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          subject->on_done({});
          break;
        case 1:
          subject->on_died();
          break;
        default:
          ++failed;
          subject->on_exec_failed(busy());
      }
    }
    if (subject->failure()->code() == errc::node_threw) {
      RC_ASSERT(failed == attempts);
    }
  }));
}
