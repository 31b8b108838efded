#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/error.hpp>
#include <troupe/state.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using troupe::errc;
using troupe::json;
using troupe::state;
using troupe::value;
using troupe_test::code_of;

namespace {

static_assert(sizeof(state) <= 32);
static_assert(std::is_nothrow_copy_constructible_v<state>);
static_assert(
    !std::is_assignable_v<decltype(std::declval<const state&>()["a"]), int> ||
    std::is_same_v<decltype(std::declval<const state&>()["a"]), value>);

state parse(const char* text) { return state{json::parse(text)}; }

std::size_t members_of(state document) { return document.size(); }

}  // namespace

TEST_CASE("a state starts from members, JSON or a value", "[state]") {
  const json documents = {{"a.txt", "text"}};
  const state from_members{{"data", documents}, {"n", 0}};
  CHECK(from_members.to_json() ==
        json({{"data", {{"a.txt", "text"}}}, {"n", 0}}));
  CHECK(members_of({{"data", documents}}) == 1);
  CHECK(members_of({{"a", "b"}}) == 1);
  CHECK(members_of({}) == 0);
  CHECK(state{documents}.get<std::string>("a.txt") == "text");
  CHECK(state{value::object({{"k", 1}})}.at("k") == 1);
  CHECK(code_of([] { state{json::array()}; }) == errc::bad_value);
  CHECK(code_of([] { state{value{1}}; }) == errc::bad_value);
}

TEST_CASE("a copy is a snapshot that later writes do not show in", "[state]") {
  state shared = parse(R"({"a": {"b": 1}, "list": [1]})");
  const state before = shared;
  shared.set("/a/b", 2);
  shared.append("list", 2);
  shared.erase("/a/c");
  shared["new"] = "x";
  CHECK(before.to_json() == json::parse(R"({"a": {"b": 1}, "list": [1]})"));
  CHECK(shared.to_json() ==
        json::parse(R"({"a": {"b": 2}, "list": [1, 2], "new": "x"})"));

  state moved = std::move(shared);
  CHECK(moved.at("new") == "x");
  shared = before;
  CHECK(shared == before);
  CHECK_FALSE(moved == before);

  swap(shared, moved);
  CHECK(moved == before);
  CHECK(shared.at("new") == "x");
}

TEST_CASE("a path is a pointer, the document, or one literal key", "[state]") {
  state shared;
  shared.set("plain", 1);
  shared.set("/a/b", 2);
  shared.set("a/b", 3);
  shared.set("/x~1y", 4);
  CHECK(shared.to_json() ==
        json({{"plain", 1}, {"a", {{"b", 2}}}, {"a/b", 3}, {"x/y", 4}}));
  CHECK(shared.at("x/y") == 4);
  CHECK(*shared.find("") == shared.root());
  CHECK(shared.contains("/a/b"));
  CHECK_FALSE(shared.contains("/a/c"));
  CHECK(shared.get_or("/a/c", 5) == 5);
  CHECK(shared.get_or("/a/b", 5) == 2);

  std::string text;
  CHECK(code_of([&] { (void)shared.at("/a/c"); }, &text) == errc::missing_key);
  CHECK(text == "the state has nothing at \"/a/c\"");
  shared.set("", json({{"fresh", true}}));
  CHECK(shared.size() == 1);
  CHECK(code_of([&] { shared.set("", 1); }) == errc::bad_value);
  CHECK(code_of([&] { shared.erase(""); }) == errc::bad_value);
}

TEST_CASE("brackets write and read by literal keys", "[state]") {
  state shared = parse(R"({"list": [1, 2]})");
  const value params = value::object({{"file", "/etc/a"}});
  shared["summary"][params.at("file")] = std::string{"short"};
  shared["list"][1] = 20;
  shared["copy"] = shared["summary"];
  shared["summary"]["~"] = 1;
  CHECK(shared.to_json() == json::parse(R"({"list": [1, 20],
      "summary": {"/etc/a": "short", "~": 1}, "copy": {"/etc/a": "short"}})"));
  const std::string text = shared["summary"]["/etc/a"];
  const int element = shared["list"][1];
  CHECK(text == "short");
  CHECK(element == 20);
  const state& reading = shared;
  CHECK(reading["list"].at(0) == 1);
  CHECK(reading[params.at("file") == 1 ? "list" : "copy"].size() == 1);
  CHECK(code_of([&] { (void)reading["none"]; }) == errc::missing_key);
  CHECK(code_of([&] { (void)int{shared["none"]["x"]}; }) == errc::missing_key);
}

TEST_CASE("array positions replace, and the end appends", "[state]") {
  state shared = parse(R"({"list": [{"n": 1}]})");
  shared.set("/list/0/n", 2);
  shared.set("/list/-", 3);
  shared.set("/list/2", 4);
  shared.set("/list/-/deep/er", 5);
  CHECK(shared.at("list").dump() == R"([{"n":2},3,4,{"deep":{"er":5}}])");
  CHECK(shared.erase("/list/1"));
  CHECK_FALSE(shared.erase("/list/9"));
  CHECK(shared.at("list").dump() == R"([{"n":2},4,{"deep":{"er":5}}])");
  std::string text;
  CHECK(code_of([&] { shared.set("/list/7", 0); }, &text) == errc::missing_key);
  CHECK(text ==
        "the path \"/list/7\" names no element of an array of 3 elements");
  CHECK(code_of([&] { shared.set("/list/x", 0); }) == errc::missing_key);
}

TEST_CASE("appending makes the array that is missing", "[state]") {
  state shared;
  shared.append("log", "one");
  shared.append("/a/log", 1);
  shared.append("/a/log", 2);
  CHECK(shared.root().dump() == R"({"a":{"log":[1,2]},"log":["one"]})");
  shared.set("n", 1);
  CHECK(code_of([&] { shared.append("n", 1); }) == errc::wrong_type);
}

TEST_CASE("numbers add up and keep to their bounds", "[state]") {
  state shared;
  shared.add("n", 2);
  shared.add("n", 3);
  shared.add("real", 0.5);
  shared.add("real", 1);
  shared.min("/low", 3);
  shared.min("/low", 4);
  shared.min("/low", -1.5);
  shared.max("high", 3);
  shared.max("high", 2);
  CHECK(shared.root().dump() == R"({"high":3,"low":-1.5,"n":5,"real":1.5})");

  constexpr auto highest = std::numeric_limits<std::uint64_t>::max();
  shared.set("n", std::numeric_limits<std::int64_t>::max());
  shared.add("n", 1);
  CHECK(shared.get<std::uint64_t>("n") == std::uint64_t{1} << 63U);
  shared.set("n", highest);
  CHECK(code_of([&] { shared.add("n", 1); }) == errc::bad_value);
  CHECK(shared.get<std::uint64_t>("n") == highest);
  shared.add("n", -1);
  CHECK(shared.get<std::uint64_t>("n") == highest - 1);
  CHECK(code_of([&] { shared.add("n", "1"); }) == errc::wrong_type);
  shared.set("text", "t");
  std::string text;
  CHECK(code_of([&] { shared.max("/text", 1); }, &text) == errc::wrong_type);
  CHECK(text == "wanted a number at \"/text\", found a string");
}

TEST_CASE("a merge below a new element makes the places between", "[state]") {
  const std::string element = GENERATE("1", "-");
  state shared{{"list", json::array({0})}};
  shared.record();
  shared.merge("/list/" + element + "/a/b", json({{"c", 1}}));
  const json expected = json::parse(R"({"list": [0, {"a": {"b": {"c": 1}}}]})");
  CHECK(shared.to_json() == expected);
  state again{{"list", json::array({0})}};
  again.apply(shared.take_delta());
  CHECK(again.to_json() == expected);
}

TEST_CASE("a merge patch sets, merges and erases", "[state]") {
  // The cases of RFC 7396, appendix A, that have objects on both sides.
  const std::vector<std::vector<std::string>> cases{
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})",
       R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"e":null})", R"({"a":1})", R"({"a":1,"e":null})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"}};
  for (const auto& each : cases) {
    state shared = parse(each[0].c_str());
    shared.merge("", json::parse(each[1]));
    CHECK(shared.root().dump() == each[2]);
  }
  state shared = parse(R"({"list": []})");
  shared.merge("/list/-", json({{"a", 1}, {"b", 2}}));
  shared.merge("fresh", json::object());
  CHECK(shared.root().dump() == R"({"fresh":{},"list":[{"a":1,"b":2}]})");
  CHECK(code_of([&] { shared.merge("x", 1); }) == errc::wrong_type);
}

TEST_CASE("no kind of write nests deeper than it may", "[state]") {
  value deepest = value::array();
  while (deepest.depth() < value::max_depth - 1) {
    deepest = value::array({deepest});
  }
  const value patch = value::object().with("k", deepest);
  std::string longest;
  for (std::size_t i = 0; i != value::max_depth; ++i) longest += "/d";
  for (const bool recording : {false, true}) {
    state shared = parse(R"({"list": [], "o": {}})");
    const state before = shared;
    if (recording) shared.record();
    CHECK(code_of([&] { shared.set("/o/k", deepest); }) == errc::bad_value);
    CHECK(code_of([&] { shared.append("list", deepest); }) == errc::bad_value);
    CHECK(code_of([&] { shared.append("fresh", deepest); }) == errc::bad_value);
    CHECK(code_of([&] { shared.merge("o", patch); }) == errc::bad_value);
    CHECK(code_of([&] { shared.append(longest, 1); }) == errc::bad_value);
    CHECK(code_of([&] { shared.merge(longest, value::object()); }) ==
          errc::bad_value);
    CHECK(code_of([&] { shared.add(longest + "/d", 1); }) == errc::bad_value);
    CHECK(shared == before);
    shared.set("o", deepest);
    CHECK(shared.root().depth() == value::max_depth);
    shared.root().check();
  }
}

TEST_CASE("a write that fails changes nothing", "[state]") {
  state shared = parse(R"({"n": 1, "a": {"s": "text"}})");
  const state before = shared;
  std::string text;
  shared.record();
  CHECK(code_of([&] { shared.set("/a/s/x", 1); }, &text) == errc::wrong_type);
  CHECK(text == "the path \"/a/s/x\" leads through a string at \"/a/s\"");
  CHECK(code_of([&] { shared.set("/a/\xff", 1); }) == errc::bad_value);
  CHECK(code_of([&] { shared.set("\xff", 1); }) == errc::bad_value);
  CHECK(code_of([&] { shared.set("/new/m~2", 1); }) == errc::bad_value);
  CHECK(code_of([&] { shared.append("/n/x", 1); }) == errc::wrong_type);
  CHECK(code_of([&] {
          shared.merge("/n/x", json({{"y", 1}}));
        }) == errc::wrong_type);

  std::string deep;
  for (int i = 0; i != 1'000'000; ++i) deep += "/d";
  CHECK(code_of([&] { shared.set(deep, 1); }) == errc::bad_value);
  deep.resize(2 * value::max_depth);
  CHECK(code_of([&] { shared.set(deep, value::array()); }) == errc::bad_value);
  CHECK(shared == before);
  CHECK(shared.take_delta().empty());
  shared.set(deep, 1);
  CHECK(shared.root().depth() == value::max_depth);
  shared.erase("d");
  CHECK(shared.root().depth() == 2);
}

TEST_CASE("snapshots are read on another thread while the owner writes",
          "[state]") {
  constexpr int rounds = 2000;
  state shared = parse(R"({"n": 0, "a": {"b": []}})");
  for (int i = 0; i != 100; ++i) shared.set("/k/" + std::to_string(i), i);
  std::vector<state> snapshots(rounds, shared);
  bool whole = true;
  std::thread reader{[taken = snapshots, &whole]() mutable {
    for (state& each : taken) {
      const state copy = each;
      whole = whole && copy.at("n") == 0 && copy.at("/k/99") == 99;
      each.set("/k/5", "mine");
      each = state{};
    }
  }};
  snapshots.clear();
  for (int i = 0; i != rounds; ++i) {
    shared.add("n", 1);
    shared.append("/a/b", i);
    shared.set("/k/" + std::to_string(i % 100), -i);
  }
  reader.join();
  CHECK(whole);
  CHECK(shared.at("n") == rounds);
  CHECK(shared.at("/k/5") == -1905);
}

TEST_CASE("what is being read may be written to", "[state]") {
  const int count = GENERATE(1, 15, 16, 17, 50, 5000);
  state shared;
  for (int i = 0; i != count; ++i) {
    shared.set("/object/k" + std::to_string(i), i);
    shared.append("list", i);
  }
  int seen = 0;
  SECTION("members are erased") {
    for (const auto [key, item] : shared.at("object").members()) {
      ++seen;
      shared.erase("/object/" + std::string{key});
      // It is as it was.
      CHECK(key == "k" + std::to_string(item.get<int>()));
    }
    CHECK(shared.at("object").empty());
  }
  SECTION("members are set") {
    for (const auto [key, item] : shared.at("object").members()) {
      ++seen;
      shared.set("/object/" + std::string{key}, item.get<int>() + 1);
      shared.set("/object/more" + std::string{key}, 1);
    }
    CHECK(shared.at("object").size() == 2 * static_cast<std::size_t>(count));
  }
  SECTION("elements are appended") {
    for (const value& item : shared.at("list")) {
      ++seen;
      shared.append("list", item);
    }
    CHECK(shared.at("list").size() == 2 * static_cast<std::size_t>(count));
  }
  SECTION("all is taken away") {
    for (const value& item : shared.at("list")) {
      ++seen;
      shared = state{};
      CHECK(item == seen - 1);
    }
  }
  SECTION("iterators are kept") {
    const value list = shared.at("list");
    auto at = list.begin();
    const auto last = list.end();
    const auto members = shared.at("object").members();
    shared.set("", value::object());
    for (; at != last; ++at) CHECK(*at == seen++);
    for (const auto [key, item] : members) {
      CHECK(shared.find("/object/" + std::string{key}) == nullptr);
    }
  }
  CHECK(seen == count);
}

TEST_CASE("what was read is as it was, whatever is written", "[state]") {
  state shared{{"text", "a text that is kept elsewhere"},
               {"deep", value::object({{"list", value::array({1, 2})}})}};
  const value& text = shared.at("text");
  const auto& list = shared.at("deep").at("list");
  const auto& root = shared.root();
  shared.set("text", "another");
  shared.set("/deep/list/0", 7);
  shared.erase("deep");
  CHECK(text == "a text that is kept elsewhere");
  CHECK(list == value::array({1, 2}));
  CHECK(root.size() == 2);
}

TEST_CASE("braces within braces mean what they look like", "[state]") {
  const state one{{"tags", {"x", "y"}}};
  CHECK(one.to_json() == json::parse(R"({"tags": ["x", "y"]})"));
  const state pairs{{"o", {{"a", 1}, {"b", 2}}}};
  CHECK(pairs.to_json() == json::parse(R"({"o": {"a": 1, "b": 2}})"));
  const state pair{{"o", {{"a", 1}}}};
  CHECK(pair.to_json() == json::parse(R"({"o": {"a": 1}})"));
  const state deep{{"o", {{"a", {{"b", {{"c", {1, 2.5, true}}}}}}}}};
  CHECK(deep.to_json() ==
        json::parse(R"({"o": {"a": {"b": {"c": [1, 2.5, true]}}}})"));
  const state mixed{{"list", {1, {2, 3}, {{"a", nullptr}}, {}}}, {"n", 0}};
  CHECK(mixed.to_json() ==
        json::parse(R"({"list": [1, [2, 3], {"a": null}, null], "n": 0})"));
  const std::string key = "k";
  const value held = value::array({1});
  const state named{{key, {{key, held}, {"s", key}}}, {"one", {held}}};
  CHECK(named.to_json() ==
        json::parse(R"({"k": {"k": [1], "s": "k"}, "one": [[1]]})"));
  CHECK(members_of({{"o", {{"a", 1}, {"b", 2}}}}) == 1);
  CHECK(value::array({{"a", 1}, {"b", 2}}).dump() == R"([["a",1],["b",2]])");
}

TEST_CASE("what comes of a temporary state may be kept", "[state]") {
  const auto made = [] {
    return state{{"q", "a text that is longer than a short string"},
                 {"list", {"one more such text, long enough", 2}}};
  };
  const auto& item = made().at("q");
  CHECK(item == "a text that is longer than a short string");
  std::string all;
  for (const auto& each : made().at("list")) all += each.dump();
  CHECK(all == "\"one more such text, long enough\"2");
  const auto& element = made().root().at("list").at(0);
  CHECK(element == "one more such text, long enough");
  const auto& found = made().find("/list/1");
  REQUIRE(found);
  CHECK(*found == 2);
  CHECK_FALSE(made().find("none"));
  CHECK_FALSE(made().root().find("none"));
  CHECK(made().get<std::string>("/list/0") == element);
}
