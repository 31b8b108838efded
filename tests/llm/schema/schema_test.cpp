#include "support/catch.hpp"

#include <troupe/llm/json_schema.hpp>
#include <troupe/llm/schema.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

using troupe::json;
using troupe::llm::json_schema;
using troupe::llm::schema_of;

namespace {

struct weather {
  std::string city;
  std::optional<std::string> unit;
  std::optional<int> days;
  double chance = 0;

  static auto fields() {
    using troupe::llm::field;
    return troupe::llm::fields(
        field("city", &weather::city, "Its name"),
        field("unit", &weather::unit, "The unit")
            .one_of({"celsius", "fahrenheit"}),
        field("days", &weather::days).at_least(1).at_most(14),
        field("chance", &weather::chance));
  }
};

struct report {
  std::vector<weather> days;
  std::optional<weather> last;

  static auto fields() {
    using troupe::llm::field;
    return troupe::llm::fields(field("days", &report::days),
                               field("last", &report::last));
  }
};

}  // namespace

TEST_CASE("Plain types have plain schemas", "[schema]") {
  CHECK(schema_of<bool>() == json{{"type", "boolean"}});
  CHECK(schema_of<std::int64_t>() == json{{"type", "integer"}});
  CHECK(schema_of<std::uint64_t>() ==
        json{{"type", "integer"}, {"minimum", 0}});
  CHECK(schema_of<float>() == json{{"type", "number"}});
  CHECK(schema_of<std::string>() == json{{"type", "string"}});
  CHECK(schema_of<json>() == json::object());
  CHECK(schema_of<std::vector<std::string>>() ==
        json{{"type", "array"}, {"items", {{"type", "string"}}}});
  CHECK(schema_of<std::set<std::int64_t>>() ==
        json{{"type", "array"}, {"items", {{"type", "integer"}}}});
  CHECK(schema_of<std::map<std::string, bool>>() ==
        json{{"type", "object"},
             {"additionalProperties", {{"type", "boolean"}}}});
  CHECK(schema_of<std::optional<std::int64_t>>() ==
        json{{"type", {"integer", "null"}}});
}

TEST_CASE("A number that its type cannot hold does not fit", "[schema]") {
  const json_schema small{schema_of<std::vector<std::uint8_t>>()};
  CHECK(small.mistakes_in({0, 255}).empty());
  CHECK(small.mistakes_in({-1, 256}).size() >= 2);
  const json_schema usual{schema_of<int>()};
  CHECK(usual.mistakes_in(-2'147'483'648).empty());
  CHECK_FALSE(usual.mistakes_in(4'294'969'111).empty());
}

TEST_CASE("A struct has a schema of its fields", "[schema]") {
  const auto form = schema_of<weather>();
  CHECK(form.at("type") == "object");
  CHECK(form.at("additionalProperties") == false);
  CHECK(form.at("required") == json{"city", "chance"});
  const auto& members = form.at("properties");
  CHECK(members.at("city") ==
        json{{"type", "string"}, {"description", "Its name"}});
  CHECK(members.at("days") ==
        json{{"type", {"integer", "null"}}, {"minimum", 1}, {"maximum", 14}});
  CHECK(members.at("unit") ==
        json{{"description", "The unit"},
             {"anyOf",
              {{{"type", "string"}, {"enum", {"celsius", "fahrenheit"}}},
               {{"type", "null"}}}}});
}

TEST_CASE("The JSON form of a struct fits its schema", "[schema]") {
  const json_schema schema{schema_of<report>()};
  report made;
  CHECK(schema.mistakes_in(made).empty());
  made.days = {{"Oslo", "celsius", 3, 0.5}, {"Rome", {}, {}, 1}};
  made.last = made.days.front();
  CHECK(schema.mistakes_in(made).empty());
  made.last->unit = "kelvin";
  CHECK_FALSE(schema.mistakes_in(made).empty());
  made.last.reset();
  made.days[0].days = 0;
  CHECK_FALSE(schema.mistakes_in(made).empty());
}

TEST_CASE("A member that is not listed does not fit", "[schema]") {
  const json_schema schema{schema_of<weather>()};
  json form = weather{"Oslo", {}, {}, 0};
  CHECK(schema.mistakes_in(form).empty());
  form["mood"] = "good";
  CHECK_FALSE(schema.mistakes_in(form).empty());
}
