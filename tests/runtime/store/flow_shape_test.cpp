#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/nothing.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/flow.hpp>
#include <troupe/store/flow_shape.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using troupe::errc;
using troupe::flow;
using troupe::flow_builder;
using troupe::position;
using troupe::state;
using troupe::value;
using troupe::detail::change_effect;
using troupe::detail::changes_between;
using troupe::detail::effect_of_change;
using troupe::detail::flow_shape;
using troupe::detail::resume_point;
using troupe_test::code_of;
using troupe_test::nothing;
using kind = change_effect::kind;
using stage = troupe::position::stage;

namespace {

struct tries {
  int prep(const state&) const { return 1; }
  int exec(int from) const { return from; }
  int fallback(int from) const { return from; }
};

struct tries_wide {
  std::string prep(const state&) const { return {}; }
  std::string exec(const std::string& from) const { return from; }
  std::string fallback(const std::string& from) const { return from; }
};

struct tries_only {
  int exec() const { return 1; }
};

struct works_on_each {
  std::vector<int> prep(const state&) const { return {1, 2}; }
  int exec(int item) const { return item; }
};

flow body(const std::string& name, const std::string& node = "work") {
  flow_builder builder{name};
  builder.add(node, nothing);
  return builder.build();
}

/// "a" to "b" (which tries) to "in" (a flow of "x") to "all" (a batch).
struct plan {
  std::string name = "plan";
  std::string a = "a";
  std::string b = "b";
  std::string x = "x";
  std::string work = "work";
  std::string before{};
  std::string behind{};
  std::uint32_t attempts = 1;
  std::size_t width = 2;
  std::vector<std::string> local{};
  bool wide = false;
  bool each = false;
  bool without_fallback = false;
  bool goes_back = false;
  bool repeats = false;

  [[nodiscard]] flow build() const {
    flow_builder builder{name};
    const auto first =
        before.empty() ? builder.add(a, nothing) : builder.add(before, nothing);
    const auto one = before.empty() ? first : builder.add(a, nothing);
    if (!before.empty()) first >> one;
    const auto two = add_b(builder);
    flow_builder inner{"inner"};
    inner.add(x, nothing);
    const auto in = builder.add("in", inner.build());
    troupe::fan_out_options options;
    options.concurrency = width;
    options.local = local;
    const auto all =
        builder.add("all", troupe::batch(
                               "all", body("body", work),
                               [](const state&) { return value::array(); },
                               std::move(options)));
    one.next(two);
    two.next(in);
    in.next(all);
    if (goes_back) two.next(repeats ? two : one, "back");
    if (!behind.empty()) all.next(builder.add(behind, nothing));
    return builder.build();
  }

  troupe::node_ref add_b(flow_builder& builder) const {
    troupe::node_options options;
    options.retry.attempts = attempts;
    if (each) return builder.add(b, troupe::each(works_on_each{}), options);
    if (wide) return builder.add(b, tries_wide{}, options);
    if (without_fallback) return builder.add(b, tries_only{}, options);
    return builder.add(b, tries{}, options);
  }
};

resume_point standing(std::vector<std::string> path, stage at = stage::begin) {
  resume_point made;
  made.at.emplace();
  made.at->path = std::move(path);
  made.at->at = at;
  made.at->steps = 1;
  return made;
}

flow_shape shape_of(const flow& from) { return flow_shape::of(from.model()); }

change_effect effect(const plan& now, const resume_point& at) {
  // As a store keeps it.
  const auto before = flow_shape::from(shape_of(plan{}.build()).text());
  return effect_of_change(before, shape_of(now.build()), at);
}

bool goes_on(const plan& now) {
  for (const auto& place :
       {standing({"a"}), standing({"b"}), standing({"b"}, stage::wait),
        standing({"b"}, stage::fall_back), standing({"in", "x"}),
        standing({"all"}, stage::fan_out), standing({"in", "x"}, stage::over),
        resume_point{}}) {
    const auto found = effect(now, place);
    INFO(found.why);
    if (found.how != kind::goes_on) return false;
  }
  return true;
}

/// The only change between the plan and `now`, in words.
std::string change(const plan& now) {
  const auto made =
      changes_between(shape_of(plan{}.build()), shape_of(now.build()));
  REQUIRE(made.size() == 1);
  return made.front();
}

void needs_migration(const change_effect& found, const std::string& why) {
  CHECK(found.how == kind::needs_migration);
  CHECK(found.why == why);
}

resume_point in_batch(resume_point of_item) {
  auto made = standing({"all"}, stage::fan_out);
  made.branches[3] = std::make_shared<resume_point>(std::move(of_item));
  return made;
}

flow forked(const std::vector<std::string>& branches) {
  std::vector<flow> made;
  for (const auto& each : branches) made.push_back(body(each));
  return troupe::fork("fork", std::move(made));
}

}  // namespace

TEST_CASE("an equal flow has the same shape, and no type of C++ is in it") {
  const auto shape = shape_of(plan{}.build());
  CHECK(shape.text() == shape_of(plan{}.build()).text());
  CHECK(shape.text().find("int") == std::string::npos);
  CHECK(changes_between(shape, shape).empty());
  CHECK(goes_on({}));
}

TEST_CASE("a node that is added behind lets runs go on") {
  const plan now{.behind = "last"};
  CHECK(goes_on(now));
  const auto changes =
      changes_between(shape_of(plan{}.build()), shape_of(now.build()));
  REQUIRE(changes.size() == 2);
  CHECK(changes[1] == "node 'last' was added to the flow 'plan'");
}

TEST_CASE("a node that is added before lets runs go on") {
  CHECK(goes_on({.before = "zero"}));
}

TEST_CASE("a node that is removed elsewhere lets runs go on") {
  CHECK(effect({.a = "other"}, standing({"b"})).how == kind::goes_on);
  CHECK(effect({.b = "other"}, standing({"a"})).how == kind::goes_on);
}

TEST_CASE("a node that is removed where the run stands needs a migration") {
  needs_migration(
      effect({.b = "other"}, standing({"b"})),
      "node 'b' of the flow 'plan', where the run stands, was removed");
}

TEST_CASE("an edge that is added or leads elsewhere lets runs go on") {
  CHECK(goes_on({.goes_back = true}));
  CHECK(change({.goes_back = true}) ==
        "the edge 'back' of node 'b' of the flow 'plan' was added");
  const plan back{.goes_back = true};
  const plan repeats{.goes_back = true, .repeats = true};
  const auto led =
      changes_between(shape_of(back.build()), shape_of(repeats.build()));
  REQUIRE(led.size() == 1);
  CHECK(led.front() ==
        "the edge 'back' of node 'b' of the flow 'plan' leads to 'b' now, not "
        "to 'a'");
  CHECK(goes_on(repeats));
  CHECK(effect_of_change(shape_of(back.build()), shape_of(repeats.build()),
                         standing({"b"}))
            .how == kind::goes_on);
  CHECK(effect_of_change(shape_of(back.build()), shape_of(plan{}.build()),
                         standing({"b"}))
            .how == kind::goes_on);
  const auto removed = changes_between(
      shape_of(plan{.goes_back = true}.build()), shape_of(plan{}.build()));
  REQUIRE(removed.size() == 1);
  CHECK(removed.front() ==
        "the edge 'back' of node 'b' of the flow 'plan' was removed");
}

TEST_CASE("another type of what prep gives shows in no shape") {
  CHECK(goes_on({.wide = true}));
  CHECK(changes_between(shape_of(plan{}.build()),
                        shape_of(plan{.wide = true}.build()))
            .empty());
}

TEST_CASE("another kind of node needs a migration where the run stands") {
  const plan now{.each = true};
  CHECK(effect(now, standing({"a"})).how == kind::goes_on);
  needs_migration(effect(now, standing({"b"})),
                  "node 'b' of the flow 'plan', where the run stands, is a "
                  "batch node now, not a node with exec");
  auto kept = standing({"b"});
  kept.results[0] = 1;
  CHECK(effect(now, kept).how == kind::refused);
}

TEST_CASE("a fallback that is removed needs a migration in it only") {
  const plan now{.without_fallback = true};
  CHECK(effect(now, standing({"b"}, stage::wait)).how == kind::goes_on);
  needs_migration(effect(now, standing({"b"}, stage::fall_back)),
                  "node 'b', in whose fallback the run stands, has none any "
                  "more");
}

TEST_CASE("options that say how often and how wide let runs go on") {
  CHECK(goes_on({.attempts = 5}));
  CHECK(change({.attempts = 5}) ==
        "'attempts' of node 'b' of the flow 'plan' is 5 now, not nothing");
  CHECK(goes_on({.width = 7}));
  CHECK(change({.width = 7}) == "'width' of the fan-out 'all' is 7 now, not 2");
  CHECK(goes_on({.local = {"scratch"}}));
  CHECK(change({.local = {"scratch"}}) ==
        "'local' of the fan-out 'all' is [\"scratch\"] now, not nothing");
}

TEST_CASE("a nested flow that changes needs a migration where it stands") {
  const plan now{.x = "y"};
  CHECK(effect(now, standing({"b"})).how == kind::goes_on);
  needs_migration(
      effect(now, standing({"in", "x"})),
      "node 'x' of the flow 'inner', where the run stands, was removed");
}

TEST_CASE("a sub-flow at work must find the place where it stands") {
  const plan now{.work = "other"};
  CHECK(effect(now, standing({"all"}, stage::fan_out)).how == kind::goes_on);
  const auto found = effect(now, in_batch(standing({"work"})));
  CHECK(found.how == kind::refused);
  CHECK(found.why ==
        "item 3: node 'work' of the flow 'body', where the run stands, was "
        "removed");
  CHECK(effect({.a = "other"}, in_batch(standing({"work"}))).how ==
        kind::goes_on);
}

TEST_CASE("another branch of a fork is refused in it") {
  const auto before = shape_of(forked({"l", "r"}));
  const auto at = standing({}, stage::fan_out);
  const auto effect_of = [&](const std::vector<std::string>& branches) {
    return effect_of_change(before, shape_of(forked(branches)), at);
  };
  CHECK(effect_of({"l", "r"}).how == kind::goes_on);
  CHECK(effect_of({"l", "r", "more"}).how == kind::refused);
  const auto swapped = effect_of({"r", "l"});
  CHECK(swapped.how == kind::refused);
  CHECK(swapped.why ==
        "branch 0 of the fork 'fork', where the run stands, is 'r' now, not "
        "'l'");
}

TEST_CASE("a flow of another name has no runs of the old one") {
  const auto found = effect({.name = "other"}, standing({"a"}));
  CHECK(found.how == kind::refused);
  CHECK(found.why.find("the flow 'plan' is called 'other' now") == 0);
}

TEST_CASE("what is no shape is refused") {
  for (const auto* each : {"", "1", "{}", "[]", R"({"flows":[]})"}) {
    INFO(each);
    CHECK(code_of([&] { (void)flow_shape::from(each); }) == errc::store_failed);
  }
  const auto odd = flow_shape::from(R"({"flows":[{"name":"plan"}]})");
  const auto now = shape_of(plan{}.build());
  CHECK(code_of([&] { (void)changes_between(odd, now); }) ==
        errc::store_failed);
}
