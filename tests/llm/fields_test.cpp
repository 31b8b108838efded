#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/llm/fields.hpp>
#include <troupe/state.hpp>

#include <rapidcheck.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

using troupe::errc;
using troupe::json;
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
  CHECK(told(form).rfind("/costs is of another type", 0) == 0);
  CHECK(told(5) == " is no object");
}

TEST_CASE("A struct of fields can be kept in the state", "[fields]") {
  troupe::state shared;
  shared.set("at", place{"Oslo", {}});
  CHECK(shared.get<place>("at").city == "Oslo");
}
