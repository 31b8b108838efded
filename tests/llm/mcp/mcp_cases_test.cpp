// MCP servers as they are over HTTP: the files in tests/data/servers.

#include "support/catch.hpp"
#include "support/models/client_room.hpp"

#include <troupe/json_text.hpp>
#include <troupe/llm/mcp_client.hpp>
#include <troupe/system.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace troupe_test;
using troupe::context;
using troupe::errc;
using troupe::error;
using troupe::json;
using troupe::task;
using troupe::llm::mcp_address;
using troupe::llm::mcp_client;

namespace {

mcp_address address_of(const std::string& name) {
  mcp_address at;
  at.url = server("/c/" + name + "/mcp", "CASE_SERVER");
  at.headers = {{"authorization", "Bearer hidden-token-123"}};
  return at;
}

/// A client of the server of a file.
struct mcp_case : client_room {
  explicit mcp_case(std::string which, troupe::llm::mcp_options how = {})
      : name(std::move(which)),
        client(system, address_of(name), std::move(how)) {}

  /// Returns the result of the tool "echo", after the tools were listed.
  std::string use() {
    return result_of([&] { return use_of(*this); }).get<std::string>();
  }
  /// Returns the results of calls of that tool, without a list.
  json call() {
    return result_of([&] { return call_of(client); });
  }
  error failure(bool by_list = true) {
    try {
      if (by_list) {
        use();
      } else {
        call();
      }
    } catch (const error& why) {
      INFO(why.message());
      CHECK_FALSE(has(why.describe(), "hidden-token-123"));
      return why;
    }
    FAIL("nothing failed");
    return {errc::cancelled, ""};
  }
  /// The requests that the server got so far.
  json requests() {
    troupe::http_request ask{server("/_log/" + name, "CASE_SERVER")};
    return troupe::read_json(
        send(std::move(ask)).at("body").get<std::string>());
  }
  /// The same, in a line each.
  std::vector<std::string> log() {
    const auto all = requests();
    std::vector<std::string> lines;
    for (const auto& each : all) {
      const auto body =
          troupe::try_read_json(each.at("body").get<std::string>());
      const auto& headers = each.at("headers");
      auto line = each.at("method").get<std::string>() + " " +
                  each.at("path").get<std::string>();
      if (body) line += " " + body->value("method", "answer");
      if (headers.contains("mcp-session-id")) {
        line += " in " + headers.at("mcp-session-id").get<std::string>();
      }
      if (headers.contains("last-event-id")) {
        line += " after " + headers.at("last-event-id").get<std::string>();
      }
      lines.push_back(std::move(line));
    }
    return lines;
  }
  std::size_t count(const std::string& word) {
    std::size_t found = 0;
    for (const auto& line : log()) found += has(line, word) ? 1U : 0U;
    return found;
  }

  static task<json> call_of(mcp_client from) {
    auto calling = from.call("echo", json::object());
    co_return co_await calling;
  }
  static task<json> use_of(mcp_case& self) {
    auto listing = self.client.tools();
    const auto tools = co_await listing;
    json told = json::array();
    auto calling = call_of(self.client);
    const json result = co_await calling;
    co_return tools.at(0).spec().name + ": " +
        result.at("content").at(0).at("text").get<std::string>();
  }

  const std::string name;
  const mcp_client client;
};

}  // namespace

TEST_CASE("A server that is no modern one is opened as older ones are",
          "[mcp_cases]") {
  const std::string name = GENERATE(
      "h-batch", "h-heartbeat-json", "h-probe-200-empty",
      "h-probe-400-server-error", "h-probe-500", "h-probe-html", "h-probe-406",
      "h-no-type", "h-ids", "h-redirect-308", "h-redirect-307");
  INFO(name);
  mcp_case at{name};
  CHECK(has(at.use(), "echo: said"));
  CHECK(at.count(" initialize") >= 1);
}

TEST_CASE("A redirect for good is kept in mind", "[mcp_cases]") {
  mcp_case at{"h-redirect-308@kept"};
  at.use();
  CHECK(at.count("/mcp/ tools/list") == 1);
  CHECK(at.count("/mcp tools/list") == 0);
}

TEST_CASE("A redirect without an end, or to another server, is an error",
          "[mcp_cases]") {
  const std::string name = GENERATE("h-redirect-loop", "h-redirect-other");
  mcp_case at{name};
  const auto why = at.failure();
  CHECK(why.is_permanent());
  CHECK(has(why.message(), name == "h-redirect-loop"
                               ? "more than 5 times"
                               : "http://127.0.0.1:9/mcp"));
}

TEST_CASE("A server that wants to know who asks says so", "[mcp_cases]") {
  mcp_case at{"h-unauthorized"};
  const auto why = at.failure();
  CHECK(why.code() == errc::unauthorized);
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "401"));
  CHECK(has(why.message(), "/mcp"));
  CHECK(has(why.message(), "https://x/.well-known/oauth-protected-resource"));
  CHECK(at.log().size() == 1);
}

TEST_CASE("A server that asks for fewer requests says how long",
          "[mcp_cases]") {
  mcp_case at{"q-429-json"};
  const auto why = at.failure();
  CHECK(why.code() == errc::rate_limited);
  CHECK(why.retry_after() == troupe::duration{std::chrono::seconds{7}});
  CHECK(has(why.message(), "rate limited"));
}

TEST_CASE("A gateway's error is told as that", "[mcp_cases]") {
  mcp_case at{"h-502-json"};
  const auto why = at.failure();
  CHECK(why.code() == errc::request_failed);
  CHECK_FALSE(why.is_permanent());
  CHECK(has(why.message(), "502"));
  CHECK(has(why.message(), "upstream is away"));
}

TEST_CASE("A token is in no error of the protocol", "[mcp_cases]") {
  mcp_case at{"h-token-in-200"};
  CHECK(has(at.failure().message(), "refused: "));
}

TEST_CASE("An answer over HTTP that nests too deeply is an error",
          "[mcp_cases]") {
  mcp_case at{"h-deep"};
  CHECK(at.failure().code() == errc::bad_reply);
}

TEST_CASE("A lost session is opened again, and the request repeated",
          "[mcp_cases]") {
  mcp_case at{"h-session-400"};
  CHECK(at.use() == "echo: said it");
  CHECK(at.call().contains("content"));
  CHECK(at.count("tools/call in s1") == 2);
  CHECK(at.count("tools/call in s2") == 1);
  CHECK(at.count("server/discover") == 1);
}

TEST_CASE("A session is lost in many words", "[mcp_cases]") {
  const std::string name =
      GENERATE("h-session-401", "h-session-409", "h-session-422",
               "h-session-200", "h-session-event");
  INFO(name);
  mcp_case at{name};
  CHECK(at.use() == "echo: said it");
  CHECK(at.count("tools/call in s1") == 1);
  CHECK(at.count("tools/call in s2") == 1);
}

TEST_CASE("What a server says of a notification does not matter",
          "[mcp_cases]") {
  mcp_case at{"h-notify-404"};
  CHECK(at.use() == "echo: said it");
}

TEST_CASE("Events without blank lines between them are read", "[mcp_cases]") {
  mcp_case at{"h-event-lines"};
  CHECK(at.use() == "echo: said it");
}

TEST_CASE("A server is told that its session is over", "[mcp_cases]") {
  std::optional<mcp_case> used{std::in_place, "h-notify-404@ended"};
  used->use();
  used.reset();
  CHECK(mcp_case{"h-notify-404@ended"}.count("DELETE /mcp in s1") == 1);
}

TEST_CASE("Arguments go into headers where a server wants them",
          "[mcp_cases]") {
  mcp_case at{"h-mirrors"};
  const auto used = at.result_of([&]() -> task<json> {
    auto listing = at.client.tools();
    const auto tools = co_await listing;
    CHECK(tools.size() == 1);
    const json arguments{{"t", "caf\u00e9"}};
    auto calling = at.client.call("echo", arguments);
    co_return co_await calling;
  });
  CHECK(used.contains("content"));
  const auto asked = at.requests();
  REQUIRE(asked.size() == 5);
  const auto& first = asked.at(2).at("headers");
  CHECK(first.at("mcp-param-old") == "=?base64?Y2Fmw6k=?=");
  CHECK(first.at("mcp-method") == "tools/call");
  CHECK(first.at("mcp-name") == "echo");
  const auto& second = asked.at(4).at("headers");
  CHECK_FALSE(second.contains("mcp-param-old"));
  CHECK(second.at("mcp-param-new") == "=?base64?Y2Fmw6k=?=");
}

TEST_CASE("A request is repeated once", "[mcp_cases]") {
  mcp_case at{"h-session-404"};
  at.use();
  const auto why = at.failure(/*by_list=*/false);
  CHECK(why.code() == errc::request_failed);
  CHECK(has(why.message(), "404"));
  CHECK(at.count(" initialize") == 2);
  CHECK(at.count("tools/call") == 3);
}

TEST_CASE("A stream that ends before the answer is asked for the rest",
          "[mcp_cases]") {
  mcp_case at{"h-sse-polling"};
  CHECK(at.use() == "echo: said it");
  CHECK(at.count("GET /mcp after e4") == 1);
  CHECK(at.count("GET /mcp after e5") == 2);
}

TEST_CASE("A server of 2024-11-05 answers on a stream of its own",
          "[mcp_cases]") {
  mcp_case at{"h-events-2024"};
  CHECK(at.use() == "echo: said it");
  CHECK(at.count("POST /messages?session_id=1 tools/call") == 1);
  CHECK(at.count("POST /messages?session_id=1 answer") == 1);
  // The stream has ended with the last of its answers.
  CHECK_FALSE(at.failure(/*by_list=*/false).is_permanent());
}

TEST_CASE("A server of 2024-11-05 has its requests sent to itself",
          "[mcp_cases]") {
  mcp_case at{"h-events-other"};
  const auto why = at.failure();
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "http://127.0.0.1:9"));
}

TEST_CASE("An answer on a stream counts while its request hangs",
          "[mcp_cases]") {
  troupe::llm::mcp_options how;
  how.time_limit = std::chrono::seconds{2};
  mcp_case at{"h-events-hanging", how};
  CHECK(at.use() == "echo: said it");
}

TEST_CASE("A server of 2024-11-05 may answer in its responses", "[mcp_cases]") {
  mcp_case at{"h-events-posted"};
  CHECK(at.use() == "echo: said it");
  CHECK(at.count("GET /mcp") == 1);
}

TEST_CASE("A result without a message around it is an answer", "[mcp_cases]") {
  mcp_case at{"h-bare"};
  CHECK(at.use() == "echo: said it");
  const auto why = at.failure(/*by_list=*/false);
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "there is no such tool"));
}
