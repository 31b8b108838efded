#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/deep_json.hpp"

#include <troupe/detail/value/read_form.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using troupe::errc;
using troupe::json;
using troupe::detail::make_form;
using troupe::detail::read_form;
using troupe_test::code_of;
using troupe_test::deep_array;

namespace {

enum class color { red, green };

template <class T>
bool is_refused(const json& form) {
  return code_of([&] { static_cast<void>(read_form<T>(form)); }) ==
         errc::wrong_type;
}

template <class T>
void check_same(const T& what) {
  CHECK(read_form<T>(make_form(what)) == what);
}

const double no_number = std::numeric_limits<double>::quiet_NaN();
const double infinite = std::numeric_limits<double>::infinity();

/// Returns forms of which no `int` can be made.
std::vector<json> no_ints() {
  return {json(no_number),
          json(infinite),
          json(-infinite),
          json(1e300),
          json(-0x1p63),
          json(std::numeric_limits<std::int64_t>::min()),
          json(std::numeric_limits<std::uint64_t>::max()),
          json(std::int64_t{1} << 40),
          json(2.5),
          json(true),
          json("7"),
          json(nullptr),
          json::array()};
}

}  // namespace

TEST_CASE("A value comes back from its form", "[read_form]") {
  check_same(7);
  check_same(true);
  check_same(std::string{"text"});
  check_same(2.5);
  check_same(std::numeric_limits<std::int64_t>::min());
  check_same(std::numeric_limits<std::uint64_t>::max());
  check_same(color::green);
  check_same(std::vector<int>{1, -2});
  check_same(std::vector<bool>{true, false});
  check_same(std::set<std::string>{"a", "b"});
  check_same(std::array<double, 2>{1, 2});
  check_same(std::pair<int, std::string>{1, "a"});
  check_same(std::map<std::string, std::vector<int>>{{"a", {1}}});
  check_same(std::map<int, bool>{{1, true}});
  check_same(json{{"a", {1, 2.5, nullptr}}});
}

TEST_CASE("A whole number may be written as a real one", "[read_form]") {
  CHECK(read_form<int>(json(-7.0)) == -7);
  CHECK(read_form<std::uint64_t>(json(0x1p63)) == std::uint64_t{1} << 63);
}

TEST_CASE("A number of another type or range is refused", "[read_form]") {
  for (const auto& form : no_ints()) {
    CAPTURE(form);
    CHECK(is_refused<int>(form));
    CHECK(is_refused<color>(form));
    CHECK(is_refused<std::vector<int>>(json::array({1, form})));
    CHECK(is_refused<std::vector<std::vector<int>>>(
        json::array({json::array({form})})));
    CHECK(is_refused<std::map<std::string, int>>(json::object({{"a", form}})));
    CHECK(is_refused<std::pair<int, int>>(json::array({1, form})));
    CHECK(is_refused<std::array<int, 1>>(json::array({form})));
  }
  CHECK(is_refused<unsigned>(json(-1)));
  CHECK(is_refused<std::uint8_t>(json(256)));
  CHECK(is_refused<std::int8_t>(json(-129)));
  CHECK(is_refused<float>(json(1e300)));
  CHECK(is_refused<double>(json("1")));
  CHECK(is_refused<bool>(json(1)));
}

TEST_CASE("A real number that is none comes back so", "[read_form]") {
  CHECK(std::isnan(read_form<double>(make_form(no_number))));
  CHECK(read_form<float>(json(infinite)) ==
        std::numeric_limits<float>::infinity());
}

TEST_CASE("JSON that is too deep gets no form", "[read_form]") {
  const auto is_permanent = [](const auto& what) {
    try {
      static_cast<void>(make_form(what));
    } catch (const troupe::error& why) {
      return why.code() == errc::bad_value && why.is_permanent();
    }
    return false;
  };
  std::vector<json> list;
  list.push_back(deep_array(200'000));
  CHECK(is_permanent(list));
  CHECK(is_permanent(list.front()));
  std::map<std::string, json> map;
  map["deep"] = std::move(list.front());
  CHECK(is_permanent(map));
  CHECK_FALSE(is_permanent(deep_array(512)));
}
