#include "support/catch.hpp"

#include <troupe/json_text.hpp>
#include <troupe/llm/mcp_protocol.hpp>

#include <string>

namespace mcp = troupe::llm::mcp;

TEST_CASE("What means nothing in the schema of a tool is left out", "[mcp]") {
  const auto mended = [](const char* properties) {
    const auto schema =
        R"({"type":"object","properties":)" + std::string{properties} + "}";
    const auto page = mcp::tools_in(
        {{"tools",
          {{{"name", "a"}, {"inputSchema", troupe::read_json(schema)}}}}});
    REQUIRE(page.tools.size() == 1);
    return troupe::write_json(page.tools[0].parameters.at("properties"));
  };
  CHECK(mended("[]") == "{}");
  CHECK(mended("null") == "{}");
  CHECK(mended(R"({"x":null,"y":[],"z":true})") ==
        R"({"x":{},"y":{},"z":true})");
  CHECK(mended(R"({"x":{"enum":[],"anyOf":[],"oneOf":null,"type":null}})") ==
        R"({"x":{}})");
  CHECK(mended(R"({"x":{"type":"object","properties":[],"required":null}})") ==
        R"({"x":{"properties":{},"type":"object"}})");
  CHECK(mended(R"({"x":{"exclusiveMinimum":true,"minimum":1}})") ==
        R"({"x":{"exclusiveMinimum":1}})");
  CHECK(mended(R"({"x":{"exclusiveMaximum":false,"maximum":1}})") ==
        R"({"x":{"maximum":1}})");
  CHECK(mended(R"({"x":{"anyOf":[{"items":{"enum":[]}}],"required":true}})") ==
        R"({"x":{"anyOf":[{"items":{}}]}})");
  // Keywords with a meaning stay, also a property with the name of one.
  for (const char* kept :
       {R"({"x":{"const":null,"default":null,"enum":[null,1]}})",
        R"({"enum":{"type":"string"},"required":{"type":["string","null"]}})",
        R"({"x":{"exclusiveMinimum":1,"items":[{"type":"null"}]}})"}) {
    CHECK(mended(kept) == kept);
  }
}
