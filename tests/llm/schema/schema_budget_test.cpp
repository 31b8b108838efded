// Schemas and values that would take long to check, or the whole stack. Steps
// are counted, so that no clock is needed: the budget is what ends a check.

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/has.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/json_schema.hpp>

#include <string>
#include <utility>

using troupe::errc;
using troupe::json;
using troupe::llm::joined;
using troupe::llm::json_schema;
using troupe_test::code_of;

namespace {

using troupe_test::has;
bool is_over_budget(const json& schema, const json& value) {
  return has(joined(json_schema{schema}.mistakes_in(value)),
             "the value cannot be checked within 2000000 steps");
}

std::string definition(int number) { return "d" + std::to_string(number); }

json reference_to(int number) {
  return {{"$ref", "#/definitions/" + definition(number)}};
}

/// A schema that begins a chain of `length` others, each of which has `copies`
/// references to the next in a list named `word`.
json chain(const std::string& word, int length, int copies, json last) {
  json all = json::object();
  for (int i = 0; i < length; ++i) {
    json list = json::array();
    for (int j = 0; j < copies; ++j) list.push_back(reference_to(i + 1));
    all[definition(i)] = {{word, std::move(list)}};
  }
  all[definition(length)] = std::move(last);
  json made = reference_to(0);
  made["definitions"] = std::move(all);
  return made;
}

/// A schema that has another one 50 times for the same value.
json often(json schema) {
  json list = json::array();
  for (int i = 0; i < 50; ++i) list.push_back(reference_to(0));
  return {{"allOf", std::move(list)},
          {"definitions", {{definition(0), std::move(schema)}}}};
}

json numbers(int count) {
  json list = json::array();
  for (int i = 0; i < count; ++i) list.push_back(i);
  return list;
}

}  // namespace

TEST_CASE("References that double the work at each level are ended",
          "[schema_budget]") {
  const json text = {{"type", "string"}};
  CHECK(is_over_budget(chain("allOf", 40, 2, text), "x"));
  CHECK(is_over_budget(chain("anyOf", 40, 2, text), 5));
  CHECK(is_over_budget(chain("oneOf", 40, 2, text), "x"));
  const json none = {{"not", chain("anyOf", 40, 2, text)}};
  CHECK(code_of([&] { json_schema{none}; }) == errc::bad_flow);
  json negated = chain("anyOf", 40, 2, text);
  json root = {{"not", reference_to(0)},
               {"definitions", negated.at("definitions")}};
  CHECK(is_over_budget(root, 5));
}

TEST_CASE("Schemas in each other do not take the whole stack",
          "[schema_budget]") {
  const json_schema deep{chain("allOf", 5'000, 1, true)};
  CHECK(has(joined(deep.mistakes_in(5)), "more than 1000 schemas"));
  const json_schema usual{chain("allOf", 400, 1, true)};
  CHECK(usual.mistakes_in(5).empty());
}

TEST_CASE("Elements are compared in n log n", "[schema_budget]") {
  const json_schema unique{{{"uniqueItems", true}}};
  auto many = numbers(100'000);
  CHECK(unique.mistakes_in(many).empty());
  many.push_back(50'000.0);
  CHECK_FALSE(unique.mistakes_in(many).empty());
  json lists = json::array();
  for (int i = 0; i < 30'000; ++i) lists.push_back({{"a", {i}}});
  CHECK(unique.mistakes_in(lists).empty());
  // Long texts cost by their length.
  json texts = json::array();
  for (int i = 0; i < 700; ++i) {
    texts.push_back(std::string(50'000, 'x') + std::to_string(i));
  }
  CHECK(is_over_budget({{"uniqueItems", true}}, texts));
}

TEST_CASE("Many choices cost no more than few", "[schema_budget]") {
  json all = json::array();
  for (int i = 0; i < 5'000; ++i) all.push_back({std::string(100, 'x'), i});
  json values = json::array();
  for (int i = 0; i < 5'000; ++i) values.push_back(all.back());
  const json_schema schema{{{"items", {{"enum", all}}}}};
  CHECK(schema.mistakes_in(values).empty());
}

TEST_CASE("Names of members are counted", "[schema_budget]") {
  json names = json::array();
  json object = json::object();
  for (int i = 0; i < 50'000; ++i) {
    names.push_back(definition(i));
    object[definition(i)] = 1;
  }
  CHECK(is_over_budget(often({{"required", names}}), object));
  CHECK(is_over_budget(often({{"propertyNames", {{"minLength", 1}}}}), object));
  CHECK(is_over_budget(often({{"additionalProperties", {{"type", "integer"}}}}),
                       object));
  CHECK(is_over_budget(often({{"patternProperties", {{"^x", true}}}}), object));
  CHECK(is_over_budget(often({{"dependencies", {{"d1", names}}}}), object));
}

TEST_CASE("Long names of members are counted by their length",
          "[schema_budget]") {
  // Few enough visits, but each compares a megabyte.
  const std::string name(1'000'000, 'n');
  const json object = {{name + "1", 1}};
  for (const json& leaf :
       {json{{"required", {name + "1"}}},
        json{{"properties", {{name + "1", true}}}},
        json{{"dependencies", {{name + "1", json::array()}}}},
        json{{"additionalProperties", {{"type", "integer"}}}}}) {
    CHECK(is_over_budget(chain("allOf", 17, 2, leaf), object));
  }
}

TEST_CASE("Elements that are looked for are counted", "[schema_budget]") {
  CHECK(is_over_budget(often({{"not", {{"contains", {{"const", -1}}}}}}),
                       numbers(50'000)));
}

TEST_CASE("A large value that fits is within the budget", "[schema_budget]") {
  const json_schema schema{
      {{"items",
        {{"type", "object"},
         {"properties",
          {{"id", {{"type", "integer"}, {"minimum", 0}}},
           {"name", {{"type", "string"}, {"maxLength", 20}}}}},
         {"required", {"id", "name"}},
         {"additionalProperties", false}}}}};
  json rows = json::array();
  for (int i = 0; i < 50'000; ++i) {
    rows.push_back({{"id", i}, {"name", "n" + std::to_string(i)}});
  }
  CHECK(schema.mistakes_in(rows).empty());
}

TEST_CASE("A schema is bounded", "[schema_budget]") {
  const auto refused = [](const json& form) {
    return code_of([&] { json_schema{form}; }) == errc::bad_flow;
  };
  CHECK(refused({{"enum", numbers(100'001)}}));
  CHECK(refused({{"title", std::string(5'000'000, 'x')}}));
  CHECK(json_schema{{{"enum", numbers(50'000)}}}.mistakes_in(5).empty());
}
