#include "support/catch.hpp"
#include "support/flows/state_script.hpp"

#include <troupe/delta.hpp>
#include <troupe/error.hpp>
#include <troupe/state.hpp>

#include <functional>
#include <string>
#include <vector>

using troupe::delta;
using troupe::errc;
using troupe::json;
using troupe::state;
using troupe::value;

namespace {

static_assert(sizeof(delta) <= 16);

// Returns the record of `writes` on a document, as JSON.
json recorded(const char* document, const std::function<void(state&)>& writes) {
  state shared{json::parse(document)};
  const state base = shared;
  shared.record();
  writes(shared);
  CHECK(shared.recording());
  const delta taken = shared.take_delta();
  CHECK_FALSE(shared.recording());
  state again = base;
  again.apply(taken);
  CHECK(again.to_json() == shared.to_json());
  return taken.to_json();
}

}  // namespace

TEST_CASE("a delta lists what was written, in the order of first writes",
          "[delta]") {
  CHECK(recorded(R"({"x": 1, "list": [0]})", [](state& shared) {
          shared.set("/b/c", 1);
          shared.erase("x");
          shared.append("list", 1);
          shared.add("n", 2);
          shared.min("low", 3);
          shared.max("high", 4);
          shared.set("/b/d", 5);
        }) == json::parse(R"([["set", "/b/c", 1], ["erase", "/x", null],
      ["append", "/list", [1]], ["add", "/n", 2], ["min", "/low", 3],
      ["max", "/high", 4], ["set", "/b/d", 5]])"));
}

TEST_CASE("writes to one place become one operation", "[delta]") {
  const auto check = [](const char* expected,
                        const std::function<void(state&)>& writes) {
    CHECK(recorded(R"({"n": 1, "list": [0, {"k": 1}], "o": {"p": 1}})",
                   writes) == json::parse(expected));
  };
  check(R"([["set", "/n", 3]])", [](state& s) {
    s.set("n", 2);
    s.add("n", 1);
  });
  check(R"([["add", "/n", 5]])", [](state& s) {
    s.add("n", 2);
    s.add("n", 3);
  });
  check(R"([["min", "/n", -2]])", [](state& s) {
    s.min("n", -2);
    s.min("n", 7);
  });
  check(R"([["set", "/n", 9]])", [](state& s) {
    s.add("n", 2);
    s.max("n", 9);
  });
  check(R"([["append", "/list", [1, {"a": 3}]]])", [](state& s) {
    s.append("list", 1);
    s.set("/list/-", json({{"a", 2}}));
    s.set("/list/3/a", 3);
  });
  check(R"([["append", "/list", [1]], ["set", "/list/1/k", 2]])", [](state& s) {
    s.append("list", 1);
    s.set("/list/1/k", 2);
  });
  check(R"([["set", "/list", [{"k": 1}, 1]]])", [](state& s) {
    s.append("list", 1);
    s.erase("/list/0");
  });
  check(R"([["erase", "/o", null]])", [](state& s) {
    s.set("/o/p", 2);
    s.set("/o/q", 2);
    s.erase("o");
  });
  check(R"([["set", "/o", {"r": 1}]])", [](state& s) {
    s.erase("o");
    s.set("/o/r", 1);
  });
  check(R"([["set", "/o", {"p": 1, "q": 2}]])", [](state& s) {
    s.set("/o/x", 0);
    s.set("o", json({{"p", 1}}));
    s.set("/o/q", 2);
  });
  check(R"([["erase", "/new/k", null]])", [](state& s) {
    s.set("/new/k", 2);
    s.erase("/new/k");
  });
  check(R"([["set", "/o/a", 1], ["set", "/o/b/c", 2],
            ["erase", "/o/p", null]])",
        [](state& s) {
          s.merge("o", json::parse(R"({"a": 1, "p": null, "b": {"c": 2}})"));
        });
  check(R"([])", [](state& s) { s.erase("/o/none"); });
  check(R"([["set", "", {"k": 1}]])", [](state& s) {
    s.add("n", 1);
    s.set("", json({{"k", 0}}));
    s.set("k", 1);
  });
}

TEST_CASE("a million sets of one key keep one operation", "[delta]") {
  state shared;
  shared.record();
  for (int i = 0; i <= 1'000'000; ++i) shared.set("n", i);
  CHECK(shared.take_delta().to_json() ==
        json::parse(R"([["set", "/n", 1000000]])"));
}

TEST_CASE("many places are kept apart, and their parents cover them",
          "[delta]") {
  state shared;
  shared.record();
  for (int i = 0; i != 5000; ++i) {
    const std::string key = std::to_string(i);
    shared.set("/s/" + key, i);
    shared.set("/t/" + key + "/x", i);
    if (i % 2 == 0) shared.set("/t/" + key, "whole");
  }
  shared.set("/t.", 1);
  state other;
  other.apply(shared.take_delta());
  CHECK(other == shared);
  shared.record();
  for (int i = 0; i != 50; ++i) shared.set("/t/" + std::to_string(i), i);
  shared.erase("t");
  CHECK(shared.take_delta().to_json() ==
        json::parse(R"([["erase", "/t", null]])"));
}

TEST_CASE("nothing is recorded unless asked for", "[delta]") {
  state shared;
  shared.set("n", 1);
  CHECK(shared.take_delta().empty());
  shared.record();
  state copy = shared;
  CHECK_FALSE(copy.recording());
  shared.set("a", 1);
  shared.record();
  shared.set("b", 1);
  const state moved = std::move(shared);
  CHECK(moved.recording());
  state last = moved;
  CHECK(last.take_delta().empty());
}

TEST_CASE("applying a delta to a recording state records it", "[delta]") {
  state inner;
  inner.record();
  inner.add("n", 1);
  inner.set("/a/b", 2);
  const delta wrote = inner.take_delta();
  state outer;
  outer.record();
  outer.apply(wrote);
  outer.apply(wrote);
  CHECK(outer.take_delta().to_json() ==
        json::parse(R"([["add", "/n", 2], ["set", "/a/b", 2]])"));
}

TEST_CASE("a malformed delta is refused", "[delta]") {
  const char* const form =
      GENERATE(R"({})", R"([1])", R"([["set", "/a"]])", R"([["put", "/a", 1]])",
               R"([["set", "a", 1]])", R"([["set", "/a~", 1]])",
               R"([["set", "", 1]])", R"([["erase", "", null]])",
               R"([["erase", "/a", 1]])", R"([["append", "/a", 1]])",
               R"([["append", "/a", []]])", R"([["add", "/a", "1"]])",
               R"([["min", "/a", null]])", R"([["set", 1, 1]])");
  try {
    (void)delta::from_json(json::parse(form));
    FAIL("nothing was thrown");
  } catch (const troupe::error& why) {
    CHECK(why.code() == errc::bad_value);
  }
}

TEST_CASE("an overlay reads like plain JSON after random writes",
          "[delta][property]") {
  CHECK(rc::check("document, delta and encoding agree with the model", [] {
    const auto base_script = *troupe_test::any_script();
    const auto script = *troupe_test::any_script();
    json model = json::object();
    state base;
    for (const auto& write : base_script)
      troupe_test::perform(write, base, model);
    const json base_model = model;

    state overlay = base;
    overlay.record();
    for (const auto& write : script) {
      troupe_test::perform(write, overlay, model);
      RC_ASSERT(overlay.to_json() == model);
    }
    RC_ASSERT(base.to_json() == base_model);

    const delta wrote = overlay.take_delta();
    const delta decoded = delta::from_json(json::parse(wrote.to_json().dump()));
    RC_ASSERT(decoded == wrote);
    state applied = base;
    applied.apply(decoded);
    RC_ASSERT(applied.to_json() == model);
    RC_ASSERT(base.to_json() == base_model);
  }));
}
