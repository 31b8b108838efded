#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/mcp_protocol.hpp>

#include <string>

namespace mcp = troupe::llm::mcp;
using troupe::errc;
using troupe::error;
using troupe::json;
using troupe_test::code_of;

namespace {

json answer_with(const json& result) {
  return {{"jsonrpc", "2.0"}, {"id", 1}, {"result", result}};
}

json failure_with(int code, const json& data = nullptr) {
  json failure = {{"code", code}, {"message", "it says"}};
  if (!data.is_null()) failure["data"] = data;
  return {{"jsonrpc", "2.0"}, {"id", 1}, {"error", failure}};
}

}  // namespace

TEST_CASE("A request without a session says all there is to know", "[mcp]") {
  const auto made = mcp::request(7, "tools/call", {{"name", "add"}}, {});
  CHECK(made.at("id") == 7);
  CHECK(made.at("/params/name"_json_pointer) == "add");
  const auto& meta = made.at("/params/_meta"_json_pointer);
  CHECK(meta.at("io.modelcontextprotocol/protocolVersion") == "2026-07-28");
  CHECK(meta.contains("io.modelcontextprotocol/clientCapabilities"));
}

TEST_CASE("A request in a session does not", "[mcp]") {
  const auto made =
      mcp::request(7, "tools/list", json::object(), {"2025-06-18", true});
  CHECK(made.at("params") == json::object());
}

TEST_CASE("What a server has decides how it is spoken to", "[mcp]") {
  const auto versions = [](const json& list) {
    return answer_with({{"supportedVersions", list}});
  };
  SECTION("The current revision") {
    const auto under =
        mcp::agreed_by_discovery(versions({"2025-11-25", "2026-07-28"}));
    REQUIRE(under);
    CHECK(under->revision == "2026-07-28");
    CHECK_FALSE(under->has_session);
  }
  SECTION("Only older ones") {
    CHECK_FALSE(mcp::agreed_by_discovery(versions({"2025-11-25"})));
    CHECK_FALSE(mcp::agreed_by_discovery(
        failure_with(-32022, {{"supported", {"2025-06-18"}}})));
  }
  SECTION("An answer of a server that does not know the question") {
    CHECK_FALSE(mcp::agreed_by_discovery(failure_with(-32601)));
    CHECK_FALSE(mcp::agreed_by_discovery(failure_with(-32602)));
    CHECK_FALSE(mcp::agreed_by_discovery(json()));
    CHECK_FALSE(mcp::agreed_by_discovery(answer_with(json::object())));
  }
  SECTION("Only newer ones") {
    std::string text;
    CHECK(code_of(
              [&] {
                static_cast<void>(mcp::agreed_by_discovery(
                    failure_with(-32022, {{"supported", {"2030-01-01"}}})));
              },
              &text) == errc::request_failed);
    CHECK(text.find("2030-01-01") != std::string::npos);
  }
}

TEST_CASE("An opened session has the revision of the server", "[mcp]") {
  const auto under =
      mcp::agreed_by_opening(answer_with({{"protocolVersion", "2025-03-26"}}));
  CHECK(under.revision == "2025-03-26");
  CHECK(under.has_session);
  CHECK(code_of([] {
          static_cast<void>(mcp::agreed_by_opening(
              answer_with({{"protocolVersion", "1999-01-01"}})));
        }) == errc::request_failed);
  CHECK(code_of([] {
          static_cast<void>(
              mcp::agreed_by_opening(answer_with(json::object())));
        }) == errc::bad_reply);
}

TEST_CASE("An error of a server is permanent if the request was wrong",
          "[mcp]") {
  const auto is_permanent = [](int code) {
    try {
      static_cast<void>(mcp::result_in(failure_with(code)));
    } catch (const error& why) {
      return why.is_permanent();
    }
    FAIL("there was a result");
    return false;
  };
  CHECK(is_permanent(-32602));
  CHECK(is_permanent(-32601));
  CHECK_FALSE(is_permanent(-32603));
  CHECK_FALSE(is_permanent(-32000));
}

TEST_CASE("A server that wants to ask something first is refused", "[mcp]") {
  CHECK(code_of([] {
          static_cast<void>(
              mcp::result_in(answer_with({{"resultType", "input_required"}})));
        }) == errc::bad_reply);
}

TEST_CASE("Requests of a server are answered, notifications are not", "[mcp]") {
  const auto ping = mcp::message_in({{"id", "a"}, {"method", "ping"}});
  CHECK(ping.answer->at("id") == "a");
  CHECK(ping.answer->at("result") == json::object());
  const auto roots = mcp::message_in({{"id", 5}, {"method", "roots/list"}});
  CHECK(roots.answer->at("/error/code"_json_pointer) == -32601);
  CHECK_FALSE(mcp::message_in({{"method", "notifications/progress"}}).answer);
  CHECK(code_of([] { static_cast<void>(mcp::message_in(5)); }) ==
        errc::bad_reply);
}

TEST_CASE("An answer is known by its number", "[mcp]") {
  CHECK(mcp::answered_id(answer_with(1)) == 1);
  CHECK_FALSE(mcp::answered_id({{"id", 1}, {"method", "ping"}}));
  CHECK_FALSE(mcp::answered_id({{"id", "1"}, {"result", 1}}));
  CHECK_FALSE(mcp::answered_id({{"id", -1}, {"result", 1}}));
}

TEST_CASE("Tools are listed by the page", "[mcp]") {
  const auto page = mcp::tools_in(
      {{"tools", {{{"name", "add"}, {"inputSchema", {{"type", "object"}}}}}},
       {"nextCursor", "2"}});
  REQUIRE(page.tools.size() == 1);
  CHECK(page.tools[0].name == "add");
  CHECK(page.next == "2");
  CHECK(code_of([] {
          static_cast<void>(mcp::tools_in({{"tools", {{{"name", "add"}}}}}));
        }) == errc::bad_reply);
}

TEST_CASE("A result is text for a model", "[mcp]") {
  CHECK(mcp::text_in(
            {{"content",
              {{{"type", "text"}, {"text", "one"}},
               {{"type", "image"}, {"data", "AA"}},
               {{"type", "resource_link"}, {"uri", "file:///a"}},
               {{"type", "resource"}, {"resource", {{"text", "two"}}}}}}}) ==
        "one\n(image)\nfile:///a\ntwo");
  CHECK(mcp::text_in({{"structuredContent", {{"sum", 3}}}}) == R"({"sum":3})");
  CHECK(mcp::text_in(json::object()).empty());
}
