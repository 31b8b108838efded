#include "support/catch.hpp"

#include <troupe/llm/mcp_mirrors.hpp>
#include <troupe/llm/mcp_protocol.hpp>

#include <string>
#include <utility>
#include <vector>

namespace mcp = troupe::llm::mcp;
using troupe::json;

namespace {

json object_of(json members) {
  return {{"type", "object"}, {"properties", std::move(members)}};
}

json annotated(const json& name, const json& type = "string") {
  return {{"type", type}, {"x-mcp-header", name}};
}

std::string fault_of_mirrors(const json& schema) {
  const auto found = mcp::mirrors_in(schema);
  CHECK(found.fault.empty() != found.params.empty());
  return found.fault;
}

}  // namespace

TEST_CASE("Annotated arguments go into headers", "[mcp_mirrors]") {
  const auto schema =
      object_of({{"region", annotated("Region")},
                 {"query", {{"type", "string"}}},
                 {"limit", annotated("Limit", "integer")},
                 {"dry", annotated("Dry", json::array({"boolean", "null"}))},
                 {"place", object_of({{"x-mcp-header", {{"type", "string"}}},
                                      {"city", annotated("City")}})}});
  const auto found = mcp::mirrors_in(schema);
  REQUIRE(found.fault.empty());
  REQUIRE(found.params.size() == 4);
  const auto headers =
      mcp::mirrored(found.params, {{"region", "us-west1"},
                                   {"limit", 42},
                                   {"dry", true},
                                   {"place", {{"city", " padded "}}},
                                   {"query", "SELECT"}});
  std::vector<std::pair<std::string, std::string>> told;
  for (const auto& each : headers) told.emplace_back(each.name, each.value);
  CHECK(told == std::vector<std::pair<std::string, std::string>>{
                    {"mcp-param-dry", "true"},
                    {"mcp-param-limit", "42"},
                    {"mcp-param-city", "=?base64?IHBhZGRlZCA=?="},
                    {"mcp-param-region", "us-west1"}});
}

TEST_CASE("Arguments that are not there have no header", "[mcp_mirrors]") {
  const auto found = mcp::mirrors_in(object_of({{"a", annotated("A")}}));
  for (const json& each :
       {json::object(), json{{"a", nullptr}}, json{{"a", json::array()}},
        json(nullptr), json("text")}) {
    CHECK(mcp::mirrored(found.params, each).empty());
  }
}

TEST_CASE("Annotations that make no sense are named", "[mcp_mirrors]") {
  for (const json& name :
       {json(""), json("a b"), json("a\r\nb"), json("\u00e9"), json(5),
        json(std::string(200, 'x'))}) {
    CHECK_FALSE(fault_of_mirrors(object_of({{"a", annotated(name)}})).empty());
  }
  const auto good = annotated("A");
  CHECK_FALSE(fault_of_mirrors(object_of({{"a", good}, {"b", annotated("a")}}))
                  .empty());
  CHECK_FALSE(
      fault_of_mirrors(object_of({{"a", annotated("A", "object")}})).empty());
  CHECK_FALSE(
      fault_of_mirrors(object_of({{"a", {{"x-mcp-header", "A"}}}})).empty());
  CHECK_FALSE(fault_of_mirrors(good).empty());
  const json list{{"type", "array"}, {"items", good}};
  CHECK_FALSE(fault_of_mirrors(object_of({{"a", list}})).empty());
  auto either = object_of({{"b", {{"type", "string"}}}});
  either["anyOf"] = json::array({object_of({{"a", good}})});
  CHECK_FALSE(mcp::mirrors_in(either).fault.empty());
}

TEST_CASE("What only looks like an annotation is none", "[mcp_mirrors]") {
  auto schema = object_of({{"x-mcp-header", {{"type", "string"}}}});
  schema["default"] = {{"x-mcp-header", "a b"}};
  const auto found = mcp::mirrors_in(schema);
  CHECK(found.fault.empty());
  CHECK(found.params.empty());
}

TEST_CASE("A tool with such annotations hides no other", "[mcp_mirrors]") {
  const json result{
      {"tools",
       {{{"name", "bad"}, {"inputSchema", object_of({{"a", annotated("")}})}},
        {{"name", "good"}, {"inputSchema", object_of({})}}}}};
  const auto page = mcp::tools_in(result);
  REQUIRE(page.tools.size() == 1);
  CHECK(page.tools.front().name == "good");
  CHECK(
      page.first_reason ==
      "the tool 'bad' cannot be used: x-mcp-header is not a valid header name");
}
