#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/deep_json.hpp"

#include <troupe/error.hpp>
#include <troupe/state.hpp>
#include <troupe/value.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using troupe::errc;
using troupe::json;
using troupe::value;
using troupe_test::code_of;
using troupe_test::deep_array;

namespace {

struct point {
  int x = 0;
  int y = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(point, x, y)
};

struct handle {
  int number;
};

[[maybe_unused]] void function() {}
[[maybe_unused]] constexpr auto lambda = [] {};

static_assert(sizeof(value) == 16);
static_assert(std::is_convertible_v<point, value>);
static_assert(std::is_convertible_v<std::vector<point>, value>);
static_assert(!std::is_convertible_v<int*, value>);
static_assert(!std::is_convertible_v<std::unique_ptr<int>, value>);
static_assert(!std::is_convertible_v<decltype(&function), value>);
static_assert(!std::is_convertible_v<decltype(lambda), value>);
static_assert(!std::is_convertible_v<int point::*, value>);
static_assert(!std::is_convertible_v<handle, value>);
static_assert(!std::is_convertible_v<value, std::string_view>);
static_assert(!std::is_convertible_v<value, handle>);

}  // namespace

TEST_CASE("a value is made from everything that has a JSON form", "[value]") {
  CHECK(value{}.is_null());
  CHECK(value{nullptr}.is_null());
  CHECK(value{true}.get<bool>());
  CHECK(value{-3}.get<int>() == -3);
  CHECK(value{2.5}.get<double>() == 2.5);
  CHECK(value{"text"}.get<std::string>() == "text");
  CHECK(value{std::string{}}.get<std::string>().empty());
  CHECK(value{std::string_view{"view"}} == "view");
  CHECK(value{point{1, 2}}.at("y") == 2);
  CHECK(value{std::vector<int>{4, 5}}.at(1) == 5);
  CHECK(value{std::map<std::string, value>{{"a", 1}}}.at("a") == 1);
  CHECK(value::array({1, "x", nullptr}).dump() == R"([1,"x",null])");
  CHECK(value::object({{"b", 1}, {"a", value::array()}, {"b", 2}}).dump() ==
        R"({"a":[],"b":2})");
}

TEST_CASE("a value reads into the variable it is assigned to", "[value]") {
  const value doc = json::parse(R"({"data": {"file": "text"}, "n": 7,
                                    "list": [1, 2], "p": {"x": 1, "y": 2}})");
  const std::string text = doc.at("data").at("file");
  std::string assigned;
  assigned = doc.at("data").at("file");
  const int number = doc.at("n");
  const std::vector<int> list = doc.at("list");
  const point read = doc.at("p");
  const json form = doc.at("p");
  CHECK(text == "text");
  CHECK(assigned == text);
  CHECK(number == 7);
  CHECK(list == std::vector<int>{1, 2});
  CHECK(read.y == 2);
  CHECK(form == json::parse(R"({"x": 1, "y": 2})"));
  CHECK(doc.at("data").at(value{"file"}) == "text");
  CHECK(doc.at("list").at(value{1}) == 2);
}

TEST_CASE("integers are kept exactly and checked against their range",
          "[value]") {
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  constexpr auto highest = std::numeric_limits<std::uint64_t>::max();
  CHECK(value{lowest}.get<std::int64_t>() == lowest);
  CHECK(value{highest}.get<std::uint64_t>() == highest);
  CHECK(value{highest}.to_json().get<std::uint64_t>() == highest);
  CHECK(value{2.0}.get<int>() == 2);
  CHECK(value{3}.get<double>() == 3.0);
  CHECK(value{std::uint8_t{255}}.get<std::uint8_t>() == 255);

  std::string text;
  CHECK(code_of([] { (void)value{256}.get<std::uint8_t>(); }, &text) ==
        errc::wrong_type);
  CHECK(text == "wanted an integer from 0 to 255, found 256");
  CHECK(code_of([&] { (void)value{highest}.get<std::int64_t>(); }) ==
        errc::wrong_type);
  CHECK(code_of([] { (void)value{-1}.get<unsigned>(); }) == errc::wrong_type);
  CHECK(code_of([] { (void)value{2.5}.get<int>(); }) == errc::wrong_type);
  CHECK(code_of([] { (void)value{1e300}.get<int>(); }) == errc::wrong_type);
  CHECK(code_of([] { (void)value{true}.get<int>(); }) == errc::wrong_type);
}

TEST_CASE("a failed reading names the key and the type that is there",
          "[value]") {
  const value doc = json::parse(R"({"n": 7, "list": [1]})");
  std::string text;
  CHECK(code_of([&] { (void)doc.at("m"); }, &text) == errc::missing_key);
  CHECK(text == "there is no key \"m\"");
  CHECK(code_of([&] { (void)doc.at("n").at("x"); }, &text) == errc::wrong_type);
  CHECK(text == "cannot look up \"x\" in a number");
  CHECK(code_of([&] { (void)doc.at("list").at(1); }, &text) ==
        errc::missing_key);
  CHECK(text == "there is no position 1 in an array of 1");
  CHECK(code_of([&] { (void)doc.at("n").get<std::string>(); }, &text) ==
        errc::wrong_type);
  CHECK(text == "wanted a string, found a number");
  CHECK(code_of([&] { (void)doc.get<point>(); }) == errc::wrong_type);
  CHECK(code_of([&] { (void)doc.at("n").begin(); }) == errc::wrong_type);
}

TEST_CASE("a path finds what a JSON pointer names", "[value]") {
  const value doc = json::parse(
      R"({"a": {"b": [10, 20]}, "x/y": 1, "m~n": 2, "": 3, "01": 4})");
  REQUIRE(doc.find("/a/b/1") != nullptr);
  CHECK(*doc.find("/a/b/1") == 20);
  CHECK(*doc.find("/x~1y") == 1);
  CHECK(*doc.find("/m~0n") == 2);
  CHECK(*doc.find("x/y") == 1);
  CHECK(*doc.find("/") == 3);
  CHECK(*doc.find("") == doc);
  CHECK(*doc.find("/01") == 4);
  CHECK(doc.find("/a/b/2") == nullptr);
  CHECK(doc.find("/a/b/01") == nullptr);
  CHECK(doc.find("/a/b/-") == nullptr);
  CHECK(doc.find("/a/b/1/c") == nullptr);
  CHECK(doc.find("a/b") == nullptr);
  CHECK(code_of([&] { (void)doc.find("/m~2n"); }) == errc::bad_value);
}

TEST_CASE("numbers are equal by amount and containers by content", "[value]") {
  CHECK(value{1} == 1.0);
  CHECK(value{1} == json(1U));
  CHECK(json(1) == value{1});
  CHECK_FALSE(value{1} == "1");
  CHECK_FALSE(value{-1} == std::numeric_limits<std::uint64_t>::max());
  CHECK(value::object({{"a", 1}, {"b", 2}}) ==
        value::object({{"b", 2.0}, {"a", 1}}));
  CHECK_FALSE(value::object({{"a", 1}}) == value::object({{"b", 1}}));
  CHECK_FALSE(value::array() == value::object());
  CHECK(value::array({1, 2}) != value::array({2, 1}));
}

TEST_CASE("changed copies leave the original alone", "[value]") {
  const value base = value::object({{"a", 1}, {"b", 2}});
  const value other = base.with("b", 3).with("c", "new");
  CHECK(base.dump() == R"({"a":1,"b":2})");
  CHECK(other.dump() == R"({"a":1,"b":3,"c":"new"})");
  CHECK(base.merged(other) == other);
  CHECK(other.merged(base).at("b") == 2);
  const value list = value::array({1});
  CHECK(list.appended(2).dump() == "[1,2]");
  CHECK(list.dump() == "[1]");
  CHECK(value{}.with("k", 1).dump() == R"({"k":1})");
  CHECK(code_of([&] { (void)list.with("k", 1); }) == errc::wrong_type);
  CHECK(code_of([&] { (void)base.appended(1); }) == errc::wrong_type);
}

TEST_CASE("members come in the order of their keys, at any size", "[value]") {
  const int count = GENERATE(0, 1, 15, 16, 17, 300, 5000);
  value doc = value::object();
  std::map<std::string, int> model;
  for (int i = 0; i != count; ++i) {
    const std::string key = std::to_string(i * 7919 % 10007);
    doc = std::move(doc).with(key, i);
    model[key] = i;
  }
  REQUIRE(doc.size() == model.size());
  auto expected = model.begin();
  for (const auto [key, item] : doc.members()) {
    REQUIRE(key == expected->first);
    REQUIRE(item == expected->second);
    ++expected;
  }
  CHECK(expected == model.end());
  int sum = 0;
  for (const value& item : doc) sum += item.get<int>();
  CHECK(sum == count * (count - 1) / 2);
}

TEST_CASE("keys that begin alike, or hold zero bytes, are told apart",
          "[value]") {
  const std::vector<std::string> keys{"",
                                      std::string("\0", 1),
                                      std::string("\0\0", 2),
                                      "a",
                                      std::string("a\0", 2),
                                      "abcdefgh",
                                      std::string("abcdefgh\0", 9),
                                      "abcdefghi",
                                      "abcdefghj",
                                      "\xc3\xa9"};
  value doc = value::object();
  for (std::size_t i = keys.size(); i-- != 0;) {
    doc = std::move(doc).with(keys[i], i);
  }
  REQUIRE(doc.size() == keys.size());
  std::size_t next = 0;
  for (const auto [key, item] : doc.members()) {
    CHECK(key == keys[next]);
    CHECK(item == next);
    ++next;
  }
}

TEST_CASE("text that is not UTF-8 is refused with its place", "[value]") {
  std::string text;
  CHECK(code_of([] { (void)value{"a\xff"}; }) == errc::bad_value);
  CHECK(code_of([] { (void)value{"\xed\xa0\x80"}; }) == errc::bad_value);
  CHECK(code_of([] { (void)value::object().with("\xc0\x80", 1); }) ==
        errc::bad_value);
  const json in_list = {{"a", json::array({"fine", "\x80"})}};
  CHECK(code_of([&] { (void)value{in_list}; }, &text) == errc::bad_value);
  CHECK(text == "\"/a/1\" is not valid UTF-8");
  const json in_key = {{"a", {{"\xfe", 1}}}};
  CHECK(code_of([&] { (void)value{in_key}; }, &text) == errc::bad_value);
  CHECK(text == "\"/a\" has a key that is not UTF-8");
  CHECK(value{"gr\xc3\xbc\xc3\x9f dich, \xf0\x9f\x8e\xad"}
            .get<std::string>()
            .size() == 17);
}

TEST_CASE("numbers that are not finite are refused with their place",
          "[value]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::string text;
  CHECK(code_of([] { (void)value{infinity}; }) == errc::bad_value);
  CHECK(code_of([] { (void)value{std::nanf("")}; }) == errc::bad_value);
  const json form = {{"x", {{"y", -infinity}}}};
  CHECK(code_of([&] { (void)value{form}; }, &text) == errc::bad_value);
  CHECK(text == "\"/x/y\" is not a finite number");
  CHECK(code_of([] { (void)value{json::binary({1, 2})}; }) == errc::bad_value);
}

TEST_CASE("containers nest up to a bound, and deeper ones are refused",
          "[value]") {
  const value deepest{deep_array(value::max_depth)};
  CHECK(deepest.depth() == value::max_depth);
  CHECK(value{deepest.to_json()} == deepest);

  std::string text;
  const json too_deep = deep_array(1'000'000);
  CHECK(code_of([&] { (void)value{too_deep}; }, &text) == errc::bad_value);
  CHECK(text.find("deeper than 512 levels") != text.npos);
  CHECK(code_of([&] { (void)value::array({deepest}); }) == errc::bad_value);
  CHECK(code_of([&] { (void)value::object().with("k", deepest); }) ==
        errc::bad_value);
}

TEST_CASE("a value prints itself as JSON", "[value]") {
  std::ostringstream out;
  out << value::object({{"a", value::array({1, 2.5, false})}});
  CHECK(out.str() == R"({"a":[1,2.5,false]})");
}

TEST_CASE("integers and doubles are compared by their exact amounts",
          "[value]") {
  constexpr auto high = std::numeric_limits<std::int64_t>::max();
  constexpr auto low = std::numeric_limits<std::int64_t>::min();
  constexpr auto top = std::numeric_limits<std::uint64_t>::max();
  // Ascending; no two are equal.
  const std::vector<value> ascending{-1e300,
                                     value{low},
                                     -9007199254740993,
                                     -9007199254740992.0,
                                     -2.5,
                                     -2,
                                     -1.5,
                                     0,
                                     0.5,
                                     1,
                                     9007199254740992.0,
                                     9007199254740993,
                                     9007199254740994.0,
                                     value{high},
                                     0x1p63,
                                     value{std::uint64_t{1} << 63U | 1U},
                                     value{top},
                                     0x1p64,
                                     1e300};
  for (std::size_t i = 0; i != ascending.size(); ++i) {
    for (std::size_t j = 0; j != ascending.size(); ++j) {
      CAPTURE(ascending[i], ascending[j]);
      CHECK((ascending[i] == ascending[j]) == (i == j));
      troupe::state least{{"n", ascending[i]}};
      least.min("n", ascending[j]);
      CHECK(least.at("n") == ascending[std::min(i, j)]);
      troupe::state most{{"n", ascending[i]}};
      most.max("n", ascending[j]);
      CHECK(most.at("n") == ascending[std::max(i, j)]);
    }
  }
  CHECK(value{low} == -0x1p63);
  CHECK(value{std::uint64_t{1} << 63U} == 0x1p63);
  CHECK(value{0} == -0.0);
}
