#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/nothing.hpp"

#include <troupe/flow.hpp>
#include <troupe/store/flow_shape.hpp>
#include <troupe/store/migration.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using troupe::errc;
using troupe::flow_builder;
using troupe::migrated;
using troupe::migration;
using troupe::position;
using troupe::state;
using troupe::detail::flow_shape;
using troupe::detail::migrate;
using troupe::detail::resume_point;
using troupe_test::code_of;
using troupe_test::nothing;
using stage = troupe::position::stage;

namespace {

flow_shape shape() {
  flow_builder builder{"plan"};
  const auto a = builder.add("a", nothing);
  a.next(builder.add("b", nothing));
  return flow_shape::of(builder.build().model());
}

resume_point standing(const std::string& node, stage at = stage::begin) {
  resume_point made;
  made.at.emplace();
  made.at->path = {node};
  made.at->at = at;
  made.at->steps = 7;
  made.at->attempt = 2;
  made.document = {{"n", 1}};
  return made;
}

migration to_node(const std::string& from, const std::string& to,
                  const std::string& node) {
  return {from, to, [node](position at, state document) {
            at.path = {node};
            at.at = stage::begin;
            document.add("n", 1);
            return migrated{std::move(at), std::move(document)};
          }};
}

resume_point moved(resume_point at, const std::vector<migration>& known) {
  return migrate("r", "1", std::move(at), known, shape(), "2");
}

std::string refusal(const resume_point& at,
                    const std::vector<migration>& known) {
  std::string text;
  CHECK(code_of([&] { (void)moved(at, known); }, &text) == errc::bad_flow);
  CHECK(text.find("of the run 'r' failed: ") != std::string::npos);
  return text;
}

}  // namespace

TEST_CASE("a migration moves a run and changes its state") {
  auto from = standing("gone", stage::wait);
  from.prepared = 1;
  from.due_ms = 5;
  from.effects[{0, "pay"}] = std::nullopt;
  const auto at = moved(from, {to_node("1", "2", "b")});
  CHECK(at.at->path == std::vector<std::string>{"b"});
  CHECK(at.at->steps == 7);
  CHECK(at.at->attempt == 0);
  CHECK(at.document.get<int>("n") == 2);
  CHECK_FALSE(at.prepared);
  CHECK(at.due_ms == 0);
  CHECK(at.effects.size() == 1);
}

TEST_CASE("a migration that leaves a run in its place keeps the step at work") {
  auto from = standing("a");
  from.prepared = 1;
  const auto at = moved(from, {to_node("1", "2", "a")});
  CHECK(at.prepared);
  CHECK(at.at->attempt == 2);
}

TEST_CASE("migrations follow each other") {
  const auto at =
      moved(standing("x"), {to_node("1.5", "2", "b"), to_node("1", "1.5", "y"),
                            to_node("1", "3", "z")});
  CHECK(at.at->path == std::vector<std::string>{"b"});
  CHECK(at.document.get<int>("n") == 3);
}

TEST_CASE("a run stays as it is where no migration leads") {
  const auto at = moved(standing("x"), {to_node("1", "3", "b")});
  CHECK(at.at->path == std::vector<std::string>{"x"});
  const auto circle =
      moved(standing("x"), {to_node("1", "3", "b"), to_node("3", "1", "b")});
  CHECK(circle.at->path == std::vector<std::string>{"x"});
}

TEST_CASE("a run that has not begun gets another state only") {
  resume_point from;
  const migration only{"1", "2", [](position at, state) {
                         return migrated{std::move(at), {{"n", 5}}};
                       }};
  const auto at = moved(from, {only});
  CHECK_FALSE(at.at);
  CHECK(at.document.get<int>("n") == 5);
  CHECK(refusal(from, {to_node("1", "2", "b")}).find("has not begun") !=
        std::string::npos);
}

TEST_CASE("a migration that throws names the run") {
  const migration broken{"1", "2", [](position, state) -> migrated {
                           throw std::runtime_error{"no n"};
                         }};
  CHECK(refusal(standing("a"), {broken}) ==
        "the migration from version '1' to '2' of the run 'r' failed: no n");
}

TEST_CASE("a migration must give a place that is there") {
  CHECK(refusal(standing("a"), {to_node("1", "2", "c")})
            .find("gives a place that is not there: node 'c'") !=
        std::string::npos);
  const migration middle{"1", "2", [](position at, state document) {
                           at.path = {"b"};
                           at.at = stage::retry;
                           return migrated{std::move(at), std::move(document)};
                         }};
  CHECK(refusal(standing("a"), {middle}).find("the middle of a step") !=
        std::string::npos);
}

TEST_CASE("items with outcomes are refused, unless they are to begin again") {
  auto from = standing("a", stage::retry);
  from.results[0] = 1;
  from.branches[1] = std::make_shared<resume_point>();
  auto way = to_node("1", "2", "b");
  CHECK(refusal(from, {way}).find("its step has items") != std::string::npos);
  way.at_work = migration::items::begun_again;
  const auto at = moved(from, {way});
  CHECK(at.results.empty());
  CHECK(at.branches.empty());
  CHECK(at.at->at == stage::begin);
}
