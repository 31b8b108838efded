#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/store/entries.hpp"
#include "support/store/memory_store.hpp"

#include <troupe/store/run_history.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using troupe::difference;
using troupe::errc;
using troupe::log_entry;
using troupe::run_record;
using troupe::run_status;
using troupe::state;
using troupe::value;
using troupe_test::attempt_entry;
using troupe_test::code_of;
using troupe_test::ended_entry;
using troupe_test::memory_store;
using troupe_test::place;
using troupe_test::step_entry;
using troupe_test::write;
using how = troupe::branch_outcome::kind;

namespace {

struct told_run {
  void begin(const std::string& id, const troupe::error* failure = nullptr,
             const std::string& parent = {}) {
    run_record made;
    made.id = id;
    made.parent = parent;
    made.input = troupe::detail::stored_form(value::object({{"n", 0}}));
    made.params = troupe::detail::stored_form(value::object());
    if (failure != nullptr) {
      troupe::detail::end_form end;
      end.failure = *failure;
      made.status = run_status::failed;
      made.end = end.to_text();
    }
    store.begin(std::move(made), {}, nullptr);
  }
  void commit(const std::string& id, std::vector<log_entry> entries) {
    troupe::run_commit what;
    what.run = id;
    what.entries = std::move(entries);
    store.submit(std::move(what));
  }

  memory_store store;
  std::unique_ptr<troupe::store_reader> reader = store.reader();
};

troupe::error failure_at(std::string_view node) {
  troupe::error made{errc::node_threw, "as the test asks"};
  made.at_node(node);
  return made;
}

}  // namespace

TEST_CASE("the history names the node, the attempts and the writes of a step") {
  told_run in;
  in.begin("r");
  troupe::detail::attempt_form again;
  again.then = place("b", troupe::position::stage::retry);
  in.commit("r", {step_entry(0, write("n", 1), {}, place("b")),
                  attempt_entry(1, again), attempt_entry(1, again),
                  step_entry(1, write("n", 2), {}, place("c"))});
  const auto steps = troupe::run_history(*in.reader, "r", 0, 10);
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].node.empty());
  CHECK(steps[0].attempts == 1);
  CHECK(steps[1].node == "b");
  CHECK(steps[1].attempts == 3);
  CHECK(steps[1].writes == 1);
  CHECK(troupe::run_history(*in.reader, "r", steps[0].number, 10).size() == 1);
  CHECK(troupe::run_history(*in.reader, "r", 0, 1).size() == 1);
}

TEST_CASE("the steps of sub-flows have addresses and are in the history") {
  told_run in;
  in.begin("r");
  in.commit(
      "r",
      {step_entry(0, write("a", 1), "0.0"), step_entry(0, write("a", 2), "0.1"),
       step_entry(1, write("b", 1), "0.0"), step_entry(0, write("n", 1))});
  std::vector<std::string> addresses;
  for (const auto& each : troupe::run_history(*in.reader, "r", 0, 10)) {
    addresses.push_back(each.address);
  }
  CHECK(addresses == std::vector<std::string>{"0.0", "0.1", "0.0", ""});
}

TEST_CASE("the state of a stored run is told at any step") {
  told_run in;
  in.begin("r");
  in.commit("r", {step_entry(0, write("n", 1)), step_entry(1, write("m", 2))});
  CHECK(troupe::state_at(*in.reader, "r", "", std::nullopt) == state{{"n", 0}});
  CHECK(troupe::state_at(*in.reader, "r", "", 0) == state{{"n", 1}});
  CHECK(troupe::last_state(*in.reader, "r") == state{{"n", 1}, {"m", 2}});
  CHECK(code_of([&] {
          static_cast<void>(troupe::state_at(*in.reader, "r", "", 2));
        }) == errc::missing_key);
  CHECK(code_of([&] {
          static_cast<void>(troupe::last_state(*in.reader, "none"));
        }) == errc::missing_key);
}

TEST_CASE("differences are told by place") {
  const value before =
      troupe::json{{"a", 1}, {"b", {{"x", 1}, {"y", 2}}}, {"c", {1, 2, 3}}};
  const value after = troupe::json{
      {"a", 1}, {"b", {{"x", 5}, {"z/~", 3}}}, {"c", {1, 7}}, {"d", nullptr}};
  const auto found = troupe::differences(before, after, 100);
  std::vector<std::string> paths;
  for (const auto& each : found) paths.push_back(each.path);
  CHECK(paths == std::vector<std::string>{"/b/x", "/b/y", "/b/z~1~0", "/c/1",
                                          "/c/2", "/d"});
  CHECK(found[0].before == value{1});
  CHECK(found[0].after == value{5});
  CHECK_FALSE(found[1].after);
  CHECK_FALSE(found[2].before);
  CHECK(found[5].after == value{});
  CHECK(troupe::differences(before, after, 2).size() == 2);
  CHECK(troupe::differences(after, after, 2).empty());
}

TEST_CASE("a failure is followed into the sub-flow where it began") {
  told_run in;
  auto failure = failure_at("many/work");
  failure.at_item(1);
  in.begin("r", &failure);
  in.commit(
      "r", {step_entry(0, write("n", 1), {}, place("many")),
            step_entry(0, write("a", 1), "1.0"),
            step_entry(0, write("a", 2), "1.1", place("work")),
            ended_entry(1, 0, how::cancelled), ended_entry(1, 1, how::failed)});
  const auto why = troupe::explain_run(*in.reader, "r");
  REQUIRE(why.chain.size() == 2);
  CHECK(why.chain[1].address == "1.1");
  CHECK(why.address == "1.1");
  CHECK(why.step == 1);
  REQUIRE(why.last);
  CHECK(why.last->address == "1.1");
  CHECK(why.last->step == 0);
}

TEST_CASE("the last change before a failure is told") {
  told_run in;
  const auto failure = failure_at("c");
  in.begin("r", &failure);
  in.commit("r", {step_entry(0, write("n", 1)), step_entry(1, write("n", 2))});
  const auto why = troupe::explain_run(*in.reader, "r");
  CHECK(why.node == "c");
  CHECK(why.step == 2);
  REQUIRE(why.last);
  CHECK(why.last->step == 1);
  REQUIRE(why.last_change.size() == 1);
  CHECK(why.last_change[0].path == "/n");
  CHECK(why.last_change[0].before == value{1});
  CHECK(why.last_change[0].after == value{2});
}

TEST_CASE("a failure is followed into the run that a node started") {
  told_run in;
  const auto outer = failure_at("start");
  const auto inner = failure_at("deep");
  in.begin("r", &outer);
  in.begin("child", &inner, "r");
  in.commit("child", {step_entry(0, write("n", 1))});
  const auto why = troupe::explain_run(*in.reader, "r");
  REQUIRE(why.chain.size() == 2);
  CHECK(why.at_run == "child");
  CHECK(why.node == "deep");
  REQUIRE(why.last);
  CHECK(why.last_change.size() == 1);
}

TEST_CASE("a run that has not failed is explained by where it stands") {
  told_run in;
  in.begin("r");
  troupe::detail::attempt_form waits;
  waits.then = place("b", troupe::position::stage::wait);
  waits.then.attempt = 2;
  waits.due_ms = 77;
  in.commit("r", {step_entry(0, write("n", 1), {}, place("b")),
                  attempt_entry(1, waits), troupe_test::begun_entry(1, "pay")});
  const auto why = troupe::explain_run(*in.reader, "r");
  CHECK(why.chain.empty());
  CHECK(why.node == "b");
  CHECK(why.due_ms == 77);
  CHECK(why.attempts == 2);
  REQUIRE(why.effects.size() == 1);
  CHECK(why.effects[0].name == "pay");
}
