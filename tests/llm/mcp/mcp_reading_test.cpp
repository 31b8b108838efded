// Texts of MCP servers, and the messages in them.

#include "support/catch.hpp"

#include <troupe/llm/mcp_call.hpp>
#include <troupe/llm/mcp_protocol.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using troupe::json;
namespace mcp = troupe::llm::mcp;

namespace {

/// The ids of the answers in a text.
std::vector<std::uint64_t> answers_in(std::string_view text) {
  std::vector<std::uint64_t> found;
  for (const auto& each : mcp::read_text(text, 1'000'000).messages) {
    if (const auto id = mcp::answered_id(each)) found.push_back(*id);
  }
  return found;
}

}  // namespace

TEST_CASE("What is no message of the protocol is passed over", "[mcp]") {
  for (const char* text :
       {"", " \t\r", "[dotenv@17.2.1] injecting env (0) from .env",
        "Server running on stdio", "{", "[", "]", "{}", "[]", "null", "5",
        R"({"level":"info","msg":"handled","time":1})",
        R"({"id":1,"level":"info","method":"GET"})",
        R"({"type":"heartbeat","timestamp":"2025-10-31T11:30:41Z"})",
        "\xff\xfe\x01"}) {
    INFO(text);
    const auto found = mcp::read_text(text, 1'000'000);
    CHECK(found.messages.empty());
    CHECK(found.fault.empty());
  }
}

TEST_CASE("A batch is taken apart", "[mcp]") {
  CHECK(answers_in(R"([{"jsonrpc":"2.0","id":1,"result":{}},7,[],
                       {"jsonrpc":"2.0","method":"notifications/progress"},
                       {"jsonrpc":"2.0","id":"2","error":{"code":1}}])") ==
        std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("What JSON does not allow in a message is mended", "[mcp]") {
  const std::vector<std::uint64_t> one{1};
  const auto result = [](const std::string& text) {
    return R"({"jsonrpc":"2.0","id":1,"result":)" + text + "}";
  };
  CHECK(answers_in("\xEF\xBB\xBF" + result("{}") + "\r") == one);
  CHECK(answers_in(result("\"caf\xe9\"")) == one);
  const auto text =
      result(R"({"x":[NaN,-Infinity,Infinity],"y":"NaN \" NaN"})");
  const auto read = mcp::read_text(text, 1'000'000);
  REQUIRE(read.messages.size() == 1);
  CHECK(read.messages[0].at("result") ==
        json{{"x", {nullptr, nullptr, nullptr}}, {"y", "NaN \" NaN"}});
  const auto half =
      mcp::read_text(result(R"("\ud83d \ude00 \ud83d\ude00")"), 1'000'000);
  REQUIRE(half.messages.size() == 1);
  CHECK(half.messages[0].at("result") == "\uFFFD \uFFFD \U0001F600");
}

TEST_CASE("Messages on one line are read one by one", "[mcp]") {
  const std::string one = R"({"jsonrpc":"2.0","id":1,"result":{"x":"}{ \" "}})";
  const std::string two = R"({"jsonrpc":"2.0","id":2,"result":[NaN]})";
  const std::vector<std::uint64_t> both{1, 2};
  CHECK(answers_in(one + two) == both);
  CHECK(answers_in(one + " \r" + two + "\r") == both);
  CHECK(answers_in("[DEBUG] " + one).empty());
  CHECK(answers_in("\xEF\xBB\xBF" + one + "{}" + two + "{") == both);
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "{}";
  CHECK(answers_in(many + two) == std::vector<std::uint64_t>{2});
}

TEST_CASE("An answer that cannot be read is told with its request", "[mcp]") {
  const std::string deep(100'000, '[');
  const auto found = mcp::read_text(
      R"({"jsonrpc":"2.0","result":{"id":8,"x":)" + deep + R"(},"id" : "7"})",
      1'000'000);
  CHECK(found.messages.empty());
  CHECK_FALSE(found.fault.empty());
  const auto other = mcp::read_text(
      R"({"id": 7, "jsonrpc":"2.0","result":{"x":)" + deep, 1'000'000);
  CHECK_FALSE(other.fault.empty());
  CHECK(other.answered == 7);
}

TEST_CASE("What comes behind a message on its line is passed over", "[mcp]") {
  const std::string one = R"({"jsonrpc":"2.0","id":1,"result":{}})";
  CHECK(answers_in(one + " 12:01 handled") == std::vector<std::uint64_t>{1});
  CHECK(answers_in(one + ", " + one) == std::vector<std::uint64_t>{1, 1});
}

TEST_CASE("Colours before a message are passed over", "[mcp]") {
  const std::string one = R"({"jsonrpc":"2.0","id":1,"result":{}})";
  CHECK(answers_in("\x1b[0m\x1b[1;32m" + one) == std::vector<std::uint64_t>{1});
  CHECK(answers_in("\x1b[").empty());
}

TEST_CASE("A message may be text in JSON", "[mcp]") {
  const std::string one = R"({"jsonrpc":"2.0","id":1,"result":{}})";
  CHECK(answers_in(json(one).dump()) == std::vector<std::uint64_t>{1});
  CHECK(answers_in(json(json(one).dump()).dump()).empty());
  CHECK(answers_in("\"said\"").empty());
}

TEST_CASE("Lists and texts are results of servers made by hand", "[mcp]") {
  const auto answer = [](const char* result) {
    return json{{"jsonrpc", "2.0"}, {"id", 1}, {"result", json::parse(result)}};
  };
  const auto page = mcp::tools_in(mcp::result_in(
      answer(R"([{"name": "a", "inputSchema": "{\"type\": \"object\"}"}])")));
  REQUIRE(page.tools.size() == 1);
  CHECK(page.tools[0].parameters == json{{"type", "object"}});
  for (const char* each :
       {R"("said")", R"(["said"])", R"([{"type": "text", "text": "said"}])"}) {
    CAPTURE(each);
    mcp::tool_call call{"t", json::object(), {}};
    call.on_answer(answer(each), {});
    CHECK(mcp::text_in(std::get<mcp::to_end>(call.next()).result) == "said");
  }
}

TEST_CASE("A comma too many in a message is passed over", "[mcp]") {
  CHECK(answers_in(R"({"jsonrpc":"2.0","id":1,"result":{"x":[1,2, ],},})") ==
        std::vector<std::uint64_t>{1});
  CHECK(answers_in(R"({"jsonrpc":"2.0","id":1,"result":",}",})") ==
        std::vector<std::uint64_t>{1});
}

TEST_CASE("A result is known by what the request was", "[mcp]") {
  const auto bare = [](std::string_view method, std::string_view text) {
    const auto found = mcp::bare_answer(text, method, 1'000);
    return found ? *found : json();
  };
  CHECK(bare("tools/list", R"({"tools":[]})").at("result") ==
        json{{"tools", json::array()}});
  CHECK(bare("tools/call", R"({"content":[]})").contains("result"));
  CHECK(bare("tools/call", R"({"result":{"a":1}})").at("result").at("a") == 1);
  CHECK(bare("tools/call", R"({"error":"no"})").at("error") == "no");
  for (const char* each :
       {"", "5", "[]", "{}", R"({"content":null})", R"({"tools":[]})",
        R"({"status":"ok"})", R"({"method":"x","content":[]})"}) {
    CAPTURE(each);
    CHECK(bare("tools/call", each).is_null());
  }
}

TEST_CASE("A conflict may be about the session", "[mcp]") {
  CHECK(mcp::denies_session(409, ""));
  CHECK(mcp::denies_session(409, "Session is in use"));
  CHECK(mcp::denies_session(409, R"({"error":{"code":-32000,"message":"x"}})"));
  CHECK_FALSE(mcp::denies_session(409, "the file has changed"));
  CHECK(mcp::denies_session({{"error", "Session not found"}}));
}
