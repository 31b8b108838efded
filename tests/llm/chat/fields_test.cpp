#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/llm/fields.hpp>
#include <troupe/state.hpp>

#include <rapidcheck.h>

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

using troupe::errc;
using troupe::json;
using troupe::llm::field;
using troupe_test::code_of;

namespace {

struct place {
  std::string city;
  std::optional<std::string> country;

  static auto fields() {
    using troupe::llm::field;
    return troupe::llm::fields(field("city", &place::city),
                               field("country", &place::country));
  }
  friend bool operator==(const place&, const place&) = default;
};

struct journey {
  std::vector<place> stops;
  std::map<std::string, std::int64_t> costs;
  std::optional<place> last;
  bool is_open = false;

  static auto fields() {
    using troupe::llm::field;
    return troupe::llm::fields(
        field("stops", &journey::stops), field("costs", &journey::costs),
        field("last", &journey::last), field("is_open", &journey::is_open));
  }
  friend bool operator==(const journey&, const journey&) = default;
};

static_assert(troupe::json_convertible<journey>);
static_assert(troupe::json_readable<journey>);

place any_place() {
  const auto text = rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
  place made{*text, {}};
  if (*rc::gen::arbitrary<bool>()) made.country = *text;
  return made;
}

}  // namespace

TEST_CASE("An empty optional is left out, and read from null", "[fields]") {
  CHECK(json(place{"Oslo", {}}) == json{{"city", "Oslo"}});
  CHECK(json(place{"Oslo", "Norway"}) ==
        json{{"city", "Oslo"}, {"country", "Norway"}});
  CHECK(json{{"city", "Oslo"}, {"country", nullptr}}.get<place>() ==
        place{"Oslo", {}});
}

TEST_CASE("A struct comes back from its JSON form", "[fields]") {
  CHECK(rc::check([] {
    journey made;
    const auto count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) made.stops.push_back(any_place());
    made.costs["a"] = *rc::gen::arbitrary<std::int64_t>();
    if (*rc::gen::arbitrary<bool>()) made.last = any_place();
    made.is_open = *rc::gen::arbitrary<bool>();
    RC_ASSERT(json(made).get<journey>() == made);
    RC_ASSERT(troupe::value(made).get<journey>() == made);
  }));
}

TEST_CASE("What is missing or of another type is named with its place",
          "[fields]") {
  const auto told = [](const json& form) {
    std::string text;
    const auto code =
        code_of([&] { static_cast<void>(form.get<journey>()); }, &text);
    CHECK((code == errc::missing_key || code == errc::wrong_type));
    return text;
  };
  const json good = journey{{{"Oslo", {}}}, {}, {}, false};
  auto form = good;
  form.erase("is_open");
  CHECK(told(form) == "/is_open is missing");
  form = good;
  form["stops"][0].erase("city");
  CHECK(told(form) == "/stops/city is missing");
  form = good;
  form["costs"] = 5;
  CHECK(told(form).rfind("/costs has the wrong type", 0) == 0);
  CHECK(told(5) == " must be an object, got 5");
}

TEST_CASE("A struct of fields can be kept in the state", "[fields]") {
  troupe::state shared;
  shared.set("at", place{"Oslo", {}});
  CHECK(shared.get<place>("at").city == "Oslo");
}

namespace {

template <class T>
struct counted_as {
  T number{};
  std::vector<T> list;

  static auto fields() {
    return troupe::llm::fields(field("number", &counted_as::number),
                               field("list", &counted_as::list));
  }
};

template <class T>
void check_width() {
  using limits = std::numeric_limits<T>;
  const auto read = [](const json& number) {
    return json{{"number", number}, {"list", {number}}}.get<counted_as<T>>();
  };
  for (const auto each : {limits::min(), limits::max()}) {
    CHECK(read(each).number == each);
    CHECK(read(each).list == std::vector<T>{each});
  }
  CHECK(read(3.0).number == 3);
  // Numbers that only the next wider type holds, or none does.
  constexpr double beyond = 2.0 * static_cast<double>(limits::max());
  std::vector<json> wrong{beyond, -beyond, 1e300, 3.5, "3"};
  if constexpr (sizeof(T) < sizeof(std::int64_t)) {
    wrong.emplace_back(std::int64_t{limits::max()} + 1);
    wrong.emplace_back(std::int64_t{limits::min()} - 1);
  }
  if constexpr (!std::same_as<T, std::uint64_t>) {
    wrong.emplace_back(std::numeric_limits<std::uint64_t>::max());
  }
  if constexpr (std::is_unsigned_v<T>) wrong.emplace_back(-1);
  for (const auto& each : wrong) {
    CAPTURE(each);
    std::string text;
    const auto refusal = code_of([&] { static_cast<void>(read(each)); }, &text);
    CHECK(refusal == errc::wrong_type);
    CHECK(text.starts_with("/number "));
    const json in_list{{"number", 1}, {"list", {each}}};
    CHECK(code_of([&] { static_cast<void>(in_list.get<counted_as<T>>()); }) ==
          errc::wrong_type);
  }
}

}  // namespace

TEST_CASE("A whole number that does not fit is refused", "[fields]") {
  check_width<std::int8_t>();
  check_width<std::uint8_t>();
  check_width<std::int16_t>();
  check_width<std::uint16_t>();
  check_width<std::int32_t>();
  check_width<std::uint32_t>();
  check_width<std::int64_t>();
  check_width<std::uint64_t>();
}
