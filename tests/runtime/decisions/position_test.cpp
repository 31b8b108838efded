#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/nothing.hpp"

#include <troupe/batch.hpp>
#include <troupe/detail/node/position.hpp>
#include <troupe/flow.hpp>
#include <troupe/json_text.hpp>
#include <troupe/machine.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using troupe::errc;
using troupe::error;
using troupe::flow_builder;
using troupe::json;
using troupe::machine;
using troupe::position;
using troupe_test::code_of;
using troupe_test::nothing;
using stage = troupe::position::stage;

namespace {

constexpr std::uint64_t steps_enough = 1'000'000;

struct tries_and_falls_back {
  int exec() const { return 1; }
  int fallback() const { return 2; }
};

troupe::flow forked() {
  flow_builder branch{"branch"};
  branch.add("b", nothing);
  return troupe::fork("fork", {branch.build(), branch.build()});
}

// outer: "in" (a flow with "try" and a fork "both"), then "last".
troupe::flow nested_work() {
  troupe::node_options options;
  options.retry.attempts = 3;
  options.retry.wait = 10ms;
  flow_builder inner{"inner"};
  const auto first =
      inner.add("try", tries_and_falls_back{}, std::move(options));
  const auto both = inner.add("both", forked());
  first >> both;
  flow_builder outer{"outer"};
  const auto in = outer.add("in", inner.build());
  const auto last = outer.add("last", nothing);
  in - "stop" >> last;
  return outer.build();
}

/// As a store has it.
position through_json(const position& at) {
  return position::from_json(
      troupe::read_json(troupe::write_json(at.to_json())));
}

/// The machine, put away and made again.
machine moved(const troupe::flow& work, const machine& from) {
  machine made{work.model(), steps_enough, from.seed(),
               through_json(from.where())};
  CHECK(made.where().to_json() == from.where().to_json());
  CHECK(made.next() == from.next());
  CHECK(made.path() == from.path());
  CHECK(made.wait() == from.wait());
  CHECK(made.step_seed() == from.step_seed());
  CHECK(&made.root() == &from.root());
  return made;
}

position at_step(std::vector<std::string> path, stage at = stage::begin) {
  position made;
  made.path = std::move(path);
  made.at = at;
  made.steps = 1;
  return made;
}

}  // namespace

TEST_CASE("A machine goes on from any of its positions", "[position]") {
  const auto work = nested_work();
  machine subject{work.model(), steps_enough, 7};
  CHECK(subject.where().path == std::vector<std::string>{"in", "try"});
  subject = moved(work, subject);
  subject.on_exec_failed(error{errc::node_threw, "busy"});
  CHECK(subject.where().at == stage::wait);
  subject = moved(work, subject);
  subject.on_waited();
  CHECK(subject.where().at == stage::retry);
  subject = moved(work, subject);
  CHECK(subject.attempt() == 1);
  subject.on_died();
  CHECK(subject.where().at == stage::begin);
  subject = moved(work, subject);
  subject.on_exec_failed(error{errc::bad_value, "broken"}.permanent());
  CHECK(subject.where().at == stage::fall_back);
  subject = moved(work, subject);
  subject.on_done({});
  CHECK(subject.where().at == stage::fan_out);
  CHECK(subject.where().path == std::vector<std::string>{"in", "both"});
  subject = moved(work, subject);
  CHECK(subject.fan_out().bodies.size() == 2);
  subject.on_done("stop");
  CHECK(subject.where().path == std::vector<std::string>{"last"});
  subject = moved(work, subject);
  subject.on_done("end");
  CHECK(subject.where().at == stage::over);
  subject = moved(work, subject);
  CHECK(subject.action().name() == "end");
  CHECK(subject.steps() == 3);
}

TEST_CASE("A position keeps how often its actor has died", "[position]") {
  flow_builder builder{"one"};
  builder.add("only", nothing);
  const auto work = builder.build();
  machine subject{work.model(), steps_enough, 0};
  for (std::uint32_t i = 0; i < machine::deaths_max; ++i) {
    subject.on_died();
    subject = moved(work, subject);
    REQUIRE_FALSE(subject.is_over());
  }
  subject.on_died();
  REQUIRE(subject.is_over());
  CHECK(subject.failure()->code() == errc::actor_died);
}

TEST_CASE("A position keeps why the run failed, and at which node",
          "[position]") {
  const auto work = nested_work();
  machine subject{work.model(), steps_enough, 0};
  const bool cancelled = GENERATE(false, true);
  if (cancelled) {
    subject.on_cancel(error{errc::cancelled, "enough"});
  } else {
    subject.on_failed(error{errc::node_threw, "no good"});
  }
  const auto again = moved(work, subject);
  CHECK(again.was_cancelled() == cancelled);
  CHECK(again.failure()->describe() == subject.failure()->describe());
  CHECK(again.failure()->node() == "in/try");
}

TEST_CASE("A position in a flow that is a fan-out has no path", "[position]") {
  const auto work = forked();
  machine subject{work.model(), steps_enough, 0};
  CHECK(subject.where().path.empty());
  subject = moved(work, subject);
  subject.on_failed(error{errc::too_many_failures, "both failed"});
  subject = moved(work, subject);
  CHECK(subject.path() == "fork");
}

TEST_CASE("A step limit counts the steps before the position", "[position]") {
  flow_builder builder{"loop"};
  const auto only = builder.add("only", nothing);
  only >> only;
  const auto work = builder.build();
  auto from = at_step({"only"});
  from.steps = 3;
  machine subject{work.model(), 3, 0, from};
  subject.on_done({});
  REQUIRE(subject.is_over());
  CHECK(subject.failure()->code() == errc::step_limit);
}

TEST_CASE("A machine refuses a position that its flow does not have",
          "[position]") {
  const auto work = nested_work();
  const auto refused = GENERATE(
      at_step({}), at_step({"gone"}), at_step({"in"}), at_step({"in", "gone"}),
      at_step({"last", "deeper"}), at_step({"in", "both"}),
      at_step({"in", "both", "b"}), at_step({"last"}, stage::fan_out),
      at_step({"last"}, stage::retry), at_step({"last"}, stage::wait),
      at_step({"last"}, stage::fall_back), at_step({}, stage::over));
  CAPTURE(refused.to_json().dump());
  CHECK(code_of([&] {
          machine{work.model(), steps_enough, 0, refused};
        }) == errc::bad_flow);
}

TEST_CASE("A machine refuses a position before the first step", "[position]") {
  auto from = at_step({"last"});
  from.steps = 0;
  const auto work = nested_work();
  CHECK(code_of([&] {
          machine{work.model(), steps_enough, 0, from};
        }) == errc::bad_flow);
}

TEST_CASE("What is not the form of a position is refused", "[position]") {
  const json good = at_step({"a"}).to_json();
  CHECK(position::from_json(good).path.size() == 1);
  const auto wrong = GENERATE(
      std::pair{"path", json("a")}, std::pair{"path", json({1})},
      std::pair{"at", json("elsewhere")}, std::pair{"at", json(1)},
      std::pair{"steps", json(-1)}, std::pair{"steps", json(1.5)},
      std::pair{"attempt", json(1e30)}, std::pair{"deaths", json("no")},
      std::pair{"wait_ns", json(-1)}, std::pair{"action", json(1)},
      std::pair{"failure", json("no")}, std::pair{"cancelled", json(1)});
  json form = good;
  form[wrong.first] = wrong.second;
  CHECK(code_of([&] { static_cast<void>(position::from_json(form)); }) ==
        errc::bad_value);
  CHECK(code_of([&] {
          static_cast<void>(position::from_json(json::array()));
        }) == errc::bad_value);
}
