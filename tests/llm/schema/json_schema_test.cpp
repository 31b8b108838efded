#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/has.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/json_schema.hpp>

#include <string>
#include <vector>

using troupe::errc;
using troupe::json;
using troupe::llm::joined;
using troupe::llm::json_schema;
using troupe_test::code_of;

namespace {

using troupe_test::has;
/// Objects, `depth` of them in each other.
json nested(int depth) {
  json made = json::object();
  for (int i = 0; i < depth; ++i) made = json{{"in", std::move(made)}};
  return made;
}

const json place = {{"type", "object"},
                    {"properties", {{"city", {{"type", "string"}}}}},
                    {"required", {"city"}}};

}  // namespace

TEST_CASE("A value fits a schema, or its mistakes are told with their place",
          "[json_schema]") {
  const json_schema schema{
      {{"type", "object"}, {"properties", {{"at", place}}}}};
  CHECK(schema.mistakes_in({{"at", {{"city", "Oslo"}}}}).empty());
  const auto mistakes = schema.mistakes_in({{"at", {{"city", 5}}}});
  REQUIRE_FALSE(mistakes.empty());
  CHECK(has(joined(mistakes), "/at/city"));
}

TEST_CASE("There are only so many mistakes, and so much text of them",
          "[json_schema]") {
  const json_schema schema{
      {{"type", "array"}, {"items", {{"type", "string"}}}}};
  json many = json::array();
  for (int i = 0; i < 1000; ++i) many.push_back(i);
  const auto mistakes = schema.mistakes_in(many);
  CHECK_FALSE(mistakes.empty());
  CHECK(mistakes.size() <= 16);
  CHECK(joined(mistakes).size() <= 1'010);
}

TEST_CASE("A keyword that is not honoured is refused by name",
          "[json_schema]") {
  const std::string keyword =
      GENERATE("unevaluatedProperties", "dependentRequired", "prefixItems",
               "minContains", "$dynamicRef", "madeUp");
  std::string text;
  CHECK(code_of(
            [&] {
              json_schema{{{"properties", {{"a", {{keyword, false}}}}}}};
            },
            &text) == errc::bad_flow);
  CHECK(has(text, keyword));
  CHECK(has(text, "/properties/a"));
}

TEST_CASE("A schema that makes no sense is refused", "[json_schema]") {
  const auto refused = [](const json& form) {
    return code_of([&] { json_schema{form}; }) == errc::bad_flow;
  };
  CHECK(refused(5));
  CHECK(refused({{"type", "telepathy"}}));
  CHECK(refused({{"minimum", "low"}}));
  CHECK(refused({{"pattern", "["}}));
  CHECK(refused({{"multipleOf", 0}}));
  CHECK(refused({{"multipleOf", -1}}));
  CHECK(refused({{"multipleOf", 0.0}}));
  CHECK(refused({{"maxLength", -1}}));
  CHECK(refused({{"maxItems", 1.5}}));
  CHECK(refused({{"required", "a"}}));
  CHECK(refused({{"enum", 5}}));
  CHECK(refused({{"uniqueItems", 1}}));
  CHECK(refused({{"patternProperties", {{"[", true}}}}));
  CHECK(refused({{"allOf", 5}}));
  CHECK(refused({{"$ref", "https://example.org/other"}}));
  CHECK(refused({{"$ref", "#/not/there"}}));
  CHECK(refused({{"$schema", "https://example.org/dialect"}}));
  CHECK(refused(nested(200)));
}

TEST_CASE("A reference leads to a place in the schema", "[json_schema]") {
  const json_schema schema{
      {{"$ref", "#/$defs/place"}, {"$defs", {{"place", place}}}}};
  CHECK(schema.mistakes_in({{"city", "Oslo"}}).empty());
  CHECK_FALSE(schema.mistakes_in(json::object()).empty());
}

TEST_CASE("A schema may refer to itself", "[json_schema]") {
  const json_schema tree{{{"type", "object"},
                          {"properties", {{"in", {{"$ref", "#"}}}}},
                          {"additionalProperties", false}}};
  CHECK(tree.mistakes_in(nested(50)).empty());
  CHECK_FALSE(tree.mistakes_in({{"in", {{"out", 1}}}}).empty());
}

TEST_CASE("A schema that refers to itself endlessly is refused",
          "[json_schema]") {
  const auto refused = [](const json& form) {
    return code_of([&] { json_schema{form}; }) == errc::bad_flow;
  };
  CHECK(refused({{"$ref", "#"}}));
  CHECK(refused({{"allOf", {{{"$ref", "#"}}}}}));
  // The same for those who pass over empty parts, and unpack others.
  CHECK(refused({{"$ref", "#/"}}));
  CHECK(refused({{"allOf", {{{"$ref", "#/"}}}}}));
  CHECK(refused({{"$ref", "#/%24defs/a"},
                 {"$defs", {{"a", {{"$ref", "#/%24defs/a"}}}}}}));
  CHECK(refused({{"anyOf", {{{"$ref", "#/anyOf/00"}}}}}));
  CHECK(refused({{"properties", {{"a", {{"$ref", "#/properties/a"}}}}}}));
  CHECK(refused({{"definitions",
                  {{"a", {{"not", {{"$ref", "#/definitions/b"}}}}},
                   {"b", {{"if", {{"$ref", "#/definitions/a"}}}}}}}}));
}

TEST_CASE("A value that is nested too deeply does not fit", "[json_schema]") {
  const json_schema anything{json::object()};
  CHECK(anything.mistakes_in(nested(99)).empty());
  CHECK_FALSE(anything.mistakes_in(nested(10'000)).empty());
}

TEST_CASE("A member named pattern is no pattern", "[json_schema]") {
  const json_schema schema{
      {{"properties", {{"pattern", {{"type", "string"}}}}}}};
  CHECK(schema.mistakes_in({{"text", std::string(20'000, 'a')}}).empty());
}

TEST_CASE("A reference may have escapes", "[json_schema]") {
  const json_schema schema{{{"$ref", "#/%24defs/a~1b%25"},
                            {"$defs", {{"a/b%", {{"type", "string"}}}}}}};
  CHECK(schema.mistakes_in("text").empty());
  CHECK_FALSE(schema.mistakes_in(5).empty());
  CHECK(code_of([] { json_schema{{{"$ref", "#/%2"}}}; }) == errc::bad_flow);
}

TEST_CASE("What is told of a mistake is printable, and short",
          "[json_schema]") {
  const std::string evil = "\x1b[2J\xE2\x80\xAE" + std::string(500, 'x');
  const json_schema schema{{{"properties", {{evil, {{"type", "integer"}}}}},
                            {"additionalProperties", false}}};
  const auto text =
      GENERATE_COPY(joined(schema.mistakes_in({{evil, evil}})),
                    joined(schema.mistakes_in({{evil + "y", 1}})));
  CHECK_FALSE(text.empty());
  CHECK_FALSE(has(text, "\x1b"));
  CHECK_FALSE(has(text, "\xE2\x80\xAE"));
  CHECK(text.size() < 310);
  std::string why;
  CHECK(code_of([&] { json_schema{{{evil, 1}}}; }, &why) == errc::bad_flow);
  CHECK_FALSE(has(why, "\x1b"));
  CHECK(why.size() < 200);
}

TEST_CASE("A mistake tells what is there, and what is wanted",
          "[json_schema]") {
  const auto mistake = [](const json& schema, const json& value) {
    return joined(json_schema{schema}.mistakes_in(value));
  };
  CHECK(mistake({{"type", "integer"}}, "two") ==
        "the value: it is \"two\", not an integer");
  CHECK(mistake({{"items", {{"enum", {"a", "b"}}}}}, {"a", "c"}) ==
        "/1: it is \"c\", not one of \"a\", \"b\"");
  CHECK(mistake({{"maximum", 3}}, 4) == "the value: it is 4, not at most 3");
  CHECK(mistake({{"required", {"a"}}}, json::object()) ==
        "the value: the member 'a' is missing");
  CHECK(mistake({{"maxLength", 1}}, "ab") ==
        "the value: it has 2 characters, not at most 1");
  CHECK(has(mistake({{"anyOf", {{{"type", "null"}}, {{"minimum", 2}}}}}, 1),
            "it fits no schema of 'anyOf'; the value: it is 1, not null"));
}

TEST_CASE("Lengths are those of characters, not of bytes", "[json_schema]") {
  const json_schema schema{{{"maxLength", 3}}};
  CHECK(schema.mistakes_in("äöü").empty());
  CHECK_FALSE(schema.mistakes_in("äöüß").empty());
}

TEST_CASE("Copies of a schema share it", "[json_schema]") {
  const json_schema one{place};
  const json_schema other = one;
  CHECK(&one.form() == &other.form());
  CHECK(other.mistakes_in({{"city", "Oslo"}}).empty());
}
