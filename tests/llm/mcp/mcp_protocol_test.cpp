#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/mcp_protocol.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

json failure_saying(int code, const char* words) {
  auto form = failure_with(code);
  form["error"]["message"] = words;
  return form;
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
  // The version that servers assume for a request that names none.
  CHECK(mcp::agreed_by_opening(answer_with(json::object())).revision ==
        "2025-03-26");
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
  REQUIRE(ping);
  CHECK(ping->answer->at("id") == "a");
  CHECK(ping->answer->at("result") == json::object());
  const auto roots = mcp::message_in({{"id", 5}, {"method", "roots/list"}});
  CHECK(roots->answer->at("/error/code"_json_pointer) == -32601);
  CHECK_FALSE(mcp::message_in({{"method", "notifications/progress"}})->answer);
  CHECK_FALSE(mcp::message_in(5));
  CHECK_FALSE(mcp::message_in({{"method", 5}}));
  CHECK_FALSE(mcp::message_in(answer_with(1)));
}

TEST_CASE("An answer is known by the value of its id", "[mcp]") {
  const auto answered = [](const json& id) {
    return mcp::answered_id({{"id", id}, {"result", 1}});
  };
  CHECK(answered(1) == 1);
  CHECK(answered("1") == 1);
  CHECK(answered(1.0) == 1);
  CHECK(answered(0) == 0);
  CHECK_FALSE(answered(-1));
  CHECK_FALSE(answered(1.5));
  CHECK_FALSE(answered("01"));
  CHECK_FALSE(answered("1 "));
  CHECK_FALSE(answered(1e300));
  CHECK_FALSE(answered("server-error"));
  CHECK_FALSE(answered(nullptr));
  CHECK_FALSE(mcp::answered_id({{"id", 1}, {"method", "ping"}}));
  CHECK_FALSE(mcp::answered_id({{"id", 1}, {"level", "info"}}));
}

TEST_CASE("An error without an id is about what could not be read", "[mcp]") {
  auto failure = failure_with(-32600);
  CHECK_FALSE(mcp::is_failure_of_unknown(failure));
  failure["id"] = nullptr;
  CHECK(mcp::is_failure_of_unknown(failure));
  failure.erase("id");
  CHECK(mcp::is_failure_of_unknown(failure));
  failure.erase("jsonrpc");
  CHECK_FALSE(mcp::is_failure_of_unknown(failure));
  CHECK_FALSE(
      mcp::is_failure_of_unknown({{"jsonrpc", "2.0"}, {"error", "no"}}));
}

TEST_CASE("A session is lost by the words of many servers", "[mcp]") {
  CHECK(mcp::denies_session(404, ""));
  CHECK(mcp::denies_session(400, "Bad Request: No valid Session ID provided"));
  CHECK(mcp::denies_session(400, R"({"error":{"code":-32000,"message":"x"}})"));
  CHECK(mcp::denies_session(400, R"({"error":{"code":-32001}})"));
  CHECK_FALSE(mcp::denies_session(400, R"({"error":{"code":-32602}})"));
  CHECK_FALSE(mcp::denies_session(400, "what?"));
  CHECK_FALSE(mcp::denies_session(500, "no such session"));
  for (const int status : {401, 403, 410, 412, 422, 440, 500, 503}) {
    CHECK(mcp::denies_session(status, "Unauthorized: Session not found"));
    CHECK(mcp::denies_session(status, "Unexpected message, expect initialize"));
    CHECK_FALSE(mcp::denies_session(status, "Unauthorized"));
    CHECK_FALSE(mcp::denies_session(status, "the token has expired"));
  }
  CHECK_FALSE(mcp::denies_session(429, "session expired"));
  CHECK(mcp::denies_session(failure_saying(-32001, "Session not found")));
  CHECK(mcp::denies_session(failure_saying(-32002, "Server not initialized")));
  CHECK(mcp::denies_session(failure_saying(-32600, "Invalid session ID")));
  CHECK_FALSE(mcp::denies_session(failure_saying(-32602, "Invalid params")));
  CHECK_FALSE(mcp::denies_session(failure_saying(-32603, "Session expired")));
  CHECK_FALSE(mcp::denies_session(failure_saying(-32000, "it failed")));
}

TEST_CASE("The place that says who may use a server is found", "[mcp]") {
  CHECK(mcp::resource_metadata_in(
            R"(Bearer error="x", resource_metadata="https://x/.well-known")") ==
        "https://x/.well-known");
  CHECK(mcp::resource_metadata_in("Bearer resource_metadata=https://x, a=b") ==
        "https://x");
  CHECK(mcp::resource_metadata_in("Bearer").empty());
}

TEST_CASE("Tools are listed by the page", "[mcp]") {
  const auto page = mcp::tools_in(
      {{"tools", {{{"name", "add"}, {"inputSchema", {{"type", "object"}}}}}},
       {"nextCursor", "2"}});
  REQUIRE(page.tools.size() == 1);
  CHECK(page.tools[0].name == "add");
  CHECK(page.next == "2");
  CHECK(mcp::tools_in({{"nextCursor", 2}}).next == "2");
  CHECK(mcp::tools_in(json::object()).tools.empty());
  CHECK(mcp::tools_in({{"tools", nullptr}, {"nextCursor", nullptr}})
            .next.empty());
  CHECK(code_of([] {
          static_cast<void>(mcp::tools_in({{"tools", 5}}));
        }) == errc::bad_reply);
}

TEST_CASE("A tool without a schema takes any object", "[mcp]") {
  const auto schema_of = [](const json& tool) {
    const auto page = mcp::tools_in({{"tools", {tool}}});
    REQUIRE(page.tools.size() == 1);
    return page.tools[0].parameters;
  };
  const json any = {{"type", "object"}};
  CHECK(schema_of({{"name", "a"}}) == any);
  CHECK(schema_of({{"name", "a"}, {"inputSchema", nullptr}}) == any);
  CHECK(schema_of({{"name", "a"}, {"inputSchema", json::object()}}) == any);
  CHECK(schema_of({{"name", "a"}, {"inputSchema", {{"anyOf", {any, any}}}}}) ==
        json{{"type", "object"}, {"anyOf", {any, any}}});
  CHECK(schema_of({{"name", "a"}, {"description", 5}}) == any);
}

TEST_CASE("A tool that cannot be used hides no other", "[mcp]") {
  const json good = {{"name", "good"}};
  json tools = json::array({good, good, good});
  tools[1] =
      GENERATE(json(5), json::object(), json{{"name", ""}}, json{{"name", 5}},
               json{{"name", std::string(300, 'x')}}, json{{"name", "a\nb"}},
               json{{"name", "bad"}, {"inputSchema", "x"}},
               json{{"name", "bad"}, {"inputSchema", {{"type", "string"}}}});
  const auto page = mcp::tools_in({{"tools", tools}});
  CHECK(page.tools.size() == 2);
  CHECK(page.left_out == 1);
  CHECK_FALSE(page.first_reason.empty());
}

TEST_CASE("Names of tools fit models, and each is its own", "[mcp]") {
  mcp::tool_names names;
  CHECK(names.offered("t") == "t");
  CHECK(names.offered("t") == "t_2");
  CHECK(names.offered("t") == "t_3");
  CHECK(names.offered("t_2") == "t_2_2");
  CHECK(names.offered("a.b/c") == "a_b_c");
  const std::string longest(64, 'x');
  CHECK(names.offered(longest + "y") == longest);
  CHECK(names.offered(longest + "z") == std::string(62, 'x') + "_2");
}

TEST_CASE("Many tools of one name cost no more than others", "[mcp]") {
  mcp::tool_names names;
  std::string last;
  for (int i = 0; i < 10'000; ++i) last = names.offered("t");
  CHECK(last == "t_10000");
}

TEST_CASE("An error of a server is told in a line, and not without end",
          "[mcp]") {
  std::string text;
  const auto told = [&](const json& failure) {
    CHECK(code_of(
              [&] {
                static_cast<void>(mcp::result_in({{"error", failure}}));
              },
              &text) == errc::request_failed);
    return text;
  };
  CHECK(told({{"code", 1}, {"message", "\x1b[2Jx"}}).find('\x1b') ==
        std::string::npos);
  CHECK(told({{"message", std::string(100'000, 'x')}}).size() < 1000);
  CHECK(told({{"code", "E1"}, {"message", "no"}}).find("error 0") ==
        std::string::npos);
  CHECK(told("no").find("no") != std::string::npos);
  CHECK(told({{"code", 18446744073709551615u}, {"message", 5}}).size() < 200);
  CHECK(mcp::result_in({{"error", nullptr}, {"result", {{"x", 1}}}}) ==
        json{{"x", 1}});
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
  const json strange = {
      "said", {{"text", "it"}}, {{"type", "video"}}, 5, {{"type", "text"}}};
  CHECK(mcp::text_in({{"content", strange}}) ==
        "said\nit\n(video)\n(unknown)\n");
  CHECK(mcp::text_in({{"content", "said it"}}) == "said it");
  CHECK(mcp::text_in({{"content", nullptr}, {"toolResult", {{"sum", 3}}}}) ==
        R"({"sum":3})");
}

TEST_CASE("The failure of a tool is told, whatever there is of it", "[mcp]") {
  std::string text;
  const auto told = [&](json result) {
    result["isError"] = true;
    CHECK(code_of([&] { static_cast<void>(mcp::text_in(result)); }, &text) ==
          errc::request_failed);
    return text;
  };
  CHECK(told({{"content", "two\nlines"}}) == "two\nlines");
  CHECK_FALSE(told(json::object()).empty());
  CHECK_FALSE(told({{"content", json::array()}}).empty());
  CHECK(told({{"content", std::string(15'000'000, 'x')}}).size() < 70'000);
  CHECK(told({{"content", "\x1b]0;title\x07"}}).find('\x1b') ==
        std::string::npos);
}
