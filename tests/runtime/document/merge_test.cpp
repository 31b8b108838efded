#include "support/catch.hpp"
#include "support/checked.hpp"
#include "support/code_of.hpp"
#include "support/flows/state_script.hpp"

#include <troupe/error.hpp>
#include <troupe/merge.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using troupe::delta;
using troupe::errc;
using troupe::json;
using troupe::merger;
using troupe::on_conflict;
using troupe::state;
using troupe_test::checked;

namespace {

const std::string advice =
    "; count with add, collect with append, or name the winner by the "
    "fan-out's on_conflict";

using branch = std::function<void(state&)>;

delta record(const state& base, const branch& writes) {
  state overlay = base;
  overlay.record();
  writes(overlay);
  return overlay.take_delta();
}

const state& base() {
  static const state document{json::parse(
      R"({"n": 1, "list": [0, {"k": 1}], "o": {"p": 1, "q": {"r": 2}}})")};
  return document;
}

state merged(const std::vector<branch>& branches,
             on_conflict rule = on_conflict::error) {
  state into = base();
  checked<merger> combine{rule};
  for (std::size_t i = 0; i != branches.size(); ++i) {
    combine->merge(into, i, record(base(), branches[i]));
  }
  return into;
}

// Returns the changes that merging makes to the base, as a merge patch.
json outcome(const std::vector<branch>& branches,
             on_conflict rule = on_conflict::error) {
  return merged(branches, rule).to_json();
}

json changed(const char* pointer, json item) {
  json document = base().to_json();
  document[json::json_pointer{pointer}] = std::move(item);
  return document;
}

}  // namespace

TEST_CASE("writes that commute combine", "[merge]") {
  CHECK(outcome({[](state& s) { s.add("n", 2); },
                 [](state& s) { s.add("n", 3); }}) == changed("/n", 6));
  CHECK(outcome({[](state& s) { s.append("list", 7); },
                 [](state& s) { s.append("list", 5); },
                 [](state& s) { s.append("list", 6); }}) ==
        changed("/list", json::parse(R"([0, {"k": 1}, 7, 5, 6])")));
  CHECK(outcome({[](state& s) { s.min("n", -2); },
                 [](state& s) { s.min("n", -1); }}) == changed("/n", -2));
  CHECK(outcome({[](state& s) { s.max("n", 8); },
                 [](state& s) { s.max("n", 9); }}) == changed("/n", 9));
  CHECK(
      outcome({[](state& s) {
                 s.merge("o", json({{"x", 1}}));
               },
               [](state& s) {
                 s.merge("o", json({{"y", 2}}));
               },
               [](state& s) { s.set("/o/p", 3); }}) ==
      changed("/o", json::parse(R"({"p": 3, "q": {"r": 2}, "x": 1, "y": 2})")));
  CHECK(outcome({[](state& s) { s.erase("/o/p"); },
                 [](state& s) { s.erase("/o/p"); }}) ==
        changed("/o", json::parse(R"({"q": {"r": 2}})")));
  CHECK(outcome({[](state& s) { s.append("list", 5); },
                 [](state& s) { s.set("/list/1/k", 2); },
                 [](state& s) { s.append("list", 6); }}) ==
        changed("/list", json::parse(R"([0, {"k": 2}, 5, 6])")));
  CHECK(outcome({[](state& s) { s["new"]["a"] = 1; },
                 [](state& s) { s["new"]["b"] = 2; }}) ==
        changed("/new", json({{"a", 1}, {"b", 2}})));
}

TEST_CASE("equal sets of one place conflict unless they are to agree",
          "[merge]") {
  const std::vector<branch> same{[](state& s) { s.set("n", 5); },
                                 [](state& s) { s.set("n", 5.0); },
                                 [](state& s) { s.set("n", 5); }};
  std::string text;
  CHECK(troupe_test::code_of([&] { merged(same); }, &text) ==
        errc::merge_conflict);
  CHECK(text.find("branches 0 and 1 set \"/n\" to the same value") == 0);
  for (const auto rule :
       {on_conflict::agree, on_conflict::first, on_conflict::last}) {
    CHECK(outcome(same, rule) == changed("/n", 5));
  }
}

TEST_CASE("who is to agree and does not conflicts", "[merge]") {
  const auto refused = [](const branch& first, const branch& second) {
    return troupe_test::code_of([&] {
             merged({first, second}, on_conflict::agree);
           }) == errc::merge_conflict;
  };
  CHECK(refused([](state& s) { s.set("n", 5); },
                [](state& s) { s.set("n", 6); }));
  CHECK(refused([](state& s) { s.set("n", 5); },
                [](state& s) { s.add("n", 4); }));
  CHECK(refused(
      [](state& s) {
        s.set("o", json({{"p", 1}}));
      },
      [](state& s) { s.set("/o/p", 1); }));
  CHECK(refused([](state& s) { s.set("n", 9007199254740993); },
                [](state& s) { s.set("n", 9007199254740992.0); }));
}

TEST_CASE("objects made on the way to a place are not set", "[merge]") {
  const std::vector<branch> ways{
      [](state& s) { s.set("/new/deep/a", 1); },
      [](state& s) { s["new"]["deep"]["b"] = 1; },
      [](state& s) { s.add("/new/deep/c", 1); },
      [](state& s) { s.max("/new/deep/d", 1); },
      [](state& s) { s.append("/new/deep/e", 1); },
      [](state& s) {
        s.merge("", json({{"new", {{"deep", {{"f", 1}}}}}}));
      },
      [](state& s) {
        s.merge("/new", json({{"deep", {{"g", nullptr}}}}));
      }};
  const auto all = outcome(ways).at("new").at("deep");
  CHECK(all.size() == 6);
  for (const auto& one : ways) {
    for (const auto& other : ways) {
      if (&one == &other) continue;
      CHECK_NOTHROW(merged({one, other}));
    }
  }
}

TEST_CASE("a hundred that read, add and set do not lose a hundred", "[merge]") {
  const std::vector<branch> branches(
      100, [](state& s) { s.set("n", s.get<int>("n") + 1); });
  CHECK(troupe_test::code_of([&] { merged(branches); }) ==
        errc::merge_conflict);
}

TEST_CASE("a hundred concurrent increments give a hundred", "[merge]") {
  const std::vector<branch> branches(100, [](state& s) { s.add("n", 1); });
  CHECK(outcome(branches) == changed("/n", 101));
}

TEST_CASE("writes that do not combine name the place and both branches",
          "[merge]") {
  struct collision {
    branch first;
    branch second;
    std::string place;
  };
  const collision each = GENERATE(values<collision>({
      {[](state& s) { s.set("n", 2); }, [](state& s) { s.set("n", 3); }, "/n"},
      {[](state& s) { s.set("n", 2); }, [](state& s) { s.add("n", 3); }, "/n"},
      {[](state& s) { s.min("n", 0); }, [](state& s) { s.max("n", 3); }, "/n"},
      {[](state& s) { s.erase("n"); }, [](state& s) { s.set("n", 3); }, "/n"},
      {[](state& s) { s.set("o", 1); }, [](state& s) { s.set("/o/p", 3); },
       "/o"},
      {[](state& s) { s.set("/o/q/r", 1); }, [](state& s) { s.erase("o"); },
       "/o"},
      {[](state& s) { s.erase("/o/q"); }, [](state& s) { s.add("/o/q/r", 1); },
       "/o/q"},
      {[](state& s) { s.append("list", 1); },
       [](state& s) { s.erase("/list/0"); }, "/list"},
      {[](state& s) { s.append("fresh", 1); },
       [](state& s) { s.set("/fresh/0", 1); }, "/fresh"},
      {[](state& s) { s.set("/fresh/x", 1); },
       [](state& s) { s.append("fresh", 1); }, "/fresh"},
      {[](state& s) { s.add("fresh", 1); },
       [](state& s) { s.set("/fresh/x", 1); }, "/fresh"},
      {[](state& s) {
         s.set("", json({{"k", 1}}));
       },
       [](state& s) { s.set("n", 1); }, ""},
  }));
  state into = base();
  checked<merger> combine;
  combine->merge(into, 3, record(base(), each.first));
  const json before = into.to_json();
  const delta late = record(base(), [&](state& s) {
    s.set("unrelated", 1);
    each.second(s);
  });
  try {
    combine->merge(into, 8, late);
    FAIL("nothing was thrown");
  } catch (const troupe::error& why) {
    CHECK(why.code() == errc::merge_conflict);
    CHECK(why.message() == "branches 3 and 8 wrote \"" + each.place +
                               "\" in ways that do not merge" + advice);
  }
  CHECK(into.to_json() == before);

  const state alone_first = merged({each.first}, on_conflict::first);
  CHECK(outcome({each.first, each.second}, on_conflict::first) ==
        alone_first.to_json());
  CHECK(outcome({each.first, each.second}, on_conflict::last) ==
        merged({each.second}).to_json());
}

TEST_CASE("a branch that is merged in parts meets all others", "[merge]") {
  const branch one = [](state& s) { s.set("/o/p", 2); };
  const branch other = [](state& s) { s.set("/o/x", 1); };
  const branch above = [](state& s) { s.set("o", 1); };
  for (const std::size_t writer : {0, 1}) {
    state into = base();
    checked<merger> combine;
    combine->merge(into, 0, record(base(), one));
    combine->merge(into, 1, record(base(), other));
    std::string text;
    CHECK(troupe_test::code_of(
              [&] { combine->merge(into, writer, record(base(), above)); },
              &text) == errc::merge_conflict);
    CHECK(text == (writer == 0 ? "branches 1 and 0" : "branches 0 and 1") +
                      std::string{" wrote \"/o\" in ways that do not merge"} +
                      advice);
  }
  state into = base();
  checked<merger> combine;
  combine->merge(into, 0, record(base(), one));
  combine->merge(into, 0, record(base(), above));
  CHECK(into.to_json().at("o") == 1);
}

TEST_CASE("the last branch takes a conflicting place and nothing else",
          "[merge]") {
  CHECK(
      outcome({[](state& s) {
                 s.set("/o/p", 5);
                 s.add("n", 1);
               },
               [](state& s) { s.set("/o/p", 6); },
               [](state& s) {
                 s.set("/o/p", 7);
                 s.add("n", 1);
               }},
              on_conflict::last) ==
      json::parse(
          R"({"n": 3, "list": [0, {"k": 1}], "o": {"p": 7, "q": {"r": 2}}})"));
  CHECK(outcome({[](state& s) { s.set("/o/q/r", 5); },
                 [](state& s) { s.set("o", 1); },
                 [](state& s) {
                   s.set("/o/x", 2);
                   s.set("/o/y", 3);
                 },
                 [](state& s) { s.set("/o/z", 4); }},
                on_conflict::last) ==
        changed("/o", json::parse(R"({"p": 1, "q": {"r": 2}, "x": 2, "y": 3,
                                      "z": 4})")));
}

TEST_CASE("a merge into a recording state is recorded", "[merge]") {
  state outer = base();
  outer.record();
  checked<merger> combine;
  combine->merge(outer, 0, record(base(), [](state& s) { s.add("n", 2); }));
  combine->merge(outer, 1, record(base(), [](state& s) { s.add("n", 3); }));
  CHECK(outer.take_delta().to_json() == json::parse(R"([["add", "/n", 5]])"));
}

TEST_CASE("the result does not depend on who finished first",
          "[merge][property]") {
  CHECK(rc::check("merging in item order is deterministic", [] {
    json model = json::object();
    state start;
    for (const auto& write : *troupe_test::any_script()) {
      troupe_test::perform(write, start, model);
    }
    const std::size_t count = *rc::gen::inRange<std::size_t>(1, 6);
    std::vector<std::vector<troupe_test::write>> scripts;
    for (std::size_t i = 0; i != count; ++i) {
      scripts.push_back(*rc::gen::resize(4, troupe_test::any_script()));
    }
    std::vector<std::size_t> finishing(count);
    for (std::size_t i = 0; i != count; ++i) finishing[i] = i;
    const auto run = [&](on_conflict rule) {
      std::vector<delta> wrote(count);
      for (const std::size_t item : finishing) {
        state overlay = start;
        overlay.record();
        json ignored = start.to_json();
        for (const auto& write : scripts[item]) {
          troupe_test::perform(write, overlay, ignored);
        }
        wrote[item] = overlay.take_delta();
      }
      state into = start;
      checked<merger> combine{rule};
      std::string failure;
      try {
        for (std::size_t i = 0; i != count; ++i) {
          combine->merge(into, i, wrote[i]);
        }
      } catch (const troupe::error& why) {
        RC_ASSERT(rule == on_conflict::error || rule == on_conflict::agree);
        RC_ASSERT(why.code() == errc::merge_conflict);
        failure = why.message();
      }
      return std::pair{into.to_json(), failure};
    };
    for (const on_conflict rule : {on_conflict::error, on_conflict::first,
                                   on_conflict::last, on_conflict::agree}) {
      const auto in_order = run(rule);
      for (std::size_t i = count; i > 1; --i) {
        std::swap(finishing[i - 1],
                  finishing[*rc::gen::inRange<std::size_t>(0, i)]);
      }
      RC_ASSERT(run(rule) == in_order);
    }
    RC_ASSERT(start.to_json() == model);
  }));
}

TEST_CASE("branches that do not conflict merge in any order",
          "[merge][property]") {
  CHECK(rc::check("what error allows commutes, appends aside", [] {
    state start{json::parse(R"({"a": {"b": 1}, "b": {"a": {}}, "c": 2})")};
    std::vector<delta> wrote;
    for (int i = 0; i != 3; ++i) {
      state overlay = start;
      overlay.record();
      json ignored = start.to_json();
      for (const auto& write : *rc::gen::resize(3, troupe_test::any_script())) {
        if (write.what == troupe_test::write::kind::append) continue;
        troupe_test::perform(write, overlay, ignored);
      }
      wrote.push_back(overlay.take_delta());
    }
    const auto in = [&](std::vector<std::size_t> order) {
      std::optional<state> into = start;
      checked<merger> combine;
      try {
        for (const std::size_t item : order) {
          combine->merge(*into, item, wrote[item]);
        }
      } catch (const troupe::error& why) {
        RC_ASSERT(why.code() == errc::merge_conflict);
        into.reset();
      }
      return into;
    };
    RC_ASSERT(in({0, 1, 2}) == in({2, 1, 0}));
    RC_ASSERT(in({0, 1, 2}) == in({1, 0, 2}));
  }));
}
