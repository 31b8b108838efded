#include "support/catch.hpp"

#include <troupe/action.hpp>
#include <troupe/error.hpp>
#include <troupe/event.hpp>
#include <troupe/merge.hpp>
#include <troupe/state.hpp>

#include <sstream>
#include <string>
#include <vector>

using troupe::errc;
using troupe::state;
using troupe::value;

namespace {

template <class T>
std::string shown(const T& thing) {
  std::ostringstream out;
  out << thing;
  return out.str();
}

}  // namespace

TEST_CASE("get takes a default for what is missing", "[state]") {
  const state shared{{"limit", 7}, {"name", "x"}, {"in", {{"deep", 1.5}}}};

  CHECK(shared.get("limit", 3) == 7);
  CHECK(shared.get("missing", 3) == 3);
  CHECK(shared.get("name", "none") == "x");
  CHECK(shared.get("/in/deep", 0.0) == 1.5);
  CHECK(shared.get<std::string>("missing", "none") == "none");
  CHECK(shared.root().get("missing", "none") == "none");
  CHECK_THROWS_AS(shared.get("name", 3), troupe::error);
}

TEST_CASE("A wrong type names its place", "[state]") {
  state shared{{"limit", "x"}, {"in", {{"deep", 3.5}}}};
  const auto text_of = [](auto&& read) -> std::string {
    try {
      read();
    } catch (const troupe::error& why) {
      CHECK(why.code() == errc::wrong_type);
      return why.message();
    }
    return {};
  };

  CHECK(text_of([&] { (void)shared.get<int>("limit"); }) ==
        "wanted an integer, found a string at \"limit\"");
  CHECK(text_of([&] { (void)shared.get("limit", 1); }) ==
        "wanted an integer, found a string at \"limit\"");
  const std::string deep =
      text_of([&] { (void)shared["in"]["deep"].get<bool>(); });
  CHECK(deep == "wanted a boolean, found a number at \"/in/deep\"");
}

TEST_CASE("An entry has the members of a container", "[state]") {
  state shared{{"list", {1, 2}}, {"text", "abc"}};

  shared["list"].push_back(3);
  shared["new"]["list"].push_back("first");

  CHECK(shared["list"].size() == 3);
  CHECK(shared["new"]["list"].size() == 1);
  CHECK(shared["missing"].empty());
  CHECK(shared["text"].empty());
}

TEST_CASE("An entry is iterated as it was, whatever is written", "[state]") {
  state shared{{"list", {1, 2}}};
  std::vector<int> seen;

  for (const value& each : shared["list"]) {
    seen.push_back(each);
    if (seen.size() == 1) shared["list"].push_back(3);
  }
  for (const value& each : shared["missing"]) seen.push_back(each);

  CHECK(seen == std::vector{1, 2});
  CHECK(shared["list"].size() == 3);
}

TEST_CASE("An entry compares with what a value compares with", "[state]") {
  state shared{{"a", 1}, {"b", 1.0}, {"text", "x"}, {"list", {1, 2}}};

  CHECK(shared["a"] == 1);
  CHECK(1 == shared["a"]);
  CHECK(shared["a"] == shared["b"]);
  CHECK(shared["a"] != 2);
  CHECK(shared["text"] == "x");
  CHECK(shared["text"] == std::string{"x"});
  CHECK(shared["list"] == std::vector{1, 2});
  CHECK(shared["missing"] == nullptr);
  CHECK(shared["missing"] != 0);
}

TEST_CASE("An entry adds a number so that branches combine", "[state]") {
  state shared{{"a", 1}};
  shared.record();

  shared["a"] += 2;
  shared["new"] += 5;

  CHECK(shared["a"] == 3);
  CHECK(shared["new"] == 5);
  const troupe::delta writes = shared.take_delta();
  state other{{"a", 10}};
  other.apply(writes);
  CHECK(other["a"] == 12);
}

TEST_CASE("An entry adds text to a text, and nothing to others", "[state]") {
  state shared{{"text", "a"}, {"number", 1}};

  shared["text"] += "b";
  shared["new"] += std::string{"c"};

  CHECK(shared["text"] == "ab");
  CHECK(shared["new"] == "c");
  CHECK_THROWS_AS(shared["number"] += "b", troupe::error);
  CHECK_THROWS_AS(shared["text"] += 1, troupe::error);
}

TEST_CASE("What a test compares can be written to a stream", "[state]") {
  state shared{{"a", {1, "x"}}};
  troupe::event what;
  what.kind = troupe::event_kind::retry;
  what.run = "run-1";
  what.node = "flow/node";
  what.item = 3;
  what.attempt = 1;
  what.text = "lost\n";

  CHECK(shown(shared) == R"({"a":[1,"x"]})");
  CHECK(shown(shared["a"]) == R"([1,"x"])");
  CHECK(shown(errc::timed_out) == "timed_out");
  CHECK(shown(troupe::error{errc::timed_out, "late"}) == "timed_out: late");
  CHECK(shown(troupe::action{"again"}) == "again");
  CHECK(shown(troupe::action{}) == "default");
  CHECK(shown(what) == "retry run-1 flow/node item 3 attempt 1: lost ");
}

TEST_CASE("A failed comparison shows both sides", "[state]") {
  state shared{{"a", 1}};

  CHECK(Catch::Detail::stringify(shared) == R"({"a":1})");
  CHECK(Catch::Detail::stringify(shared["a"]) == "1");
  CHECK(Catch::Detail::stringify(errc::bad_flow) == "bad_flow");
  CHECK(Catch::Detail::stringify(troupe::action{"x"}) == "x");
}
