// MCP sessions over HTTP, against tests/support/servers/http_server.py.

#include "support/catch.hpp"
#include "support/models/http_room.hpp"

#include <troupe/gather.hpp>
#include <troupe/llm/mcp_client.hpp>
#include <troupe/system.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace troupe_test;
using troupe::error;
using troupe::json;
using troupe::task;
using troupe::llm::mcp_address;
using troupe::llm::mcp_client;

namespace {

/// The session in which a tool is called, or the error of the call.
task<json> called(mcp_client server, std::string name) {
  auto calling = server.call(std::move(name), json::object());
  try {
    const json result = co_await calling;
    co_return result.at("session");
  } catch (const error& why) {
    json told = json::object();
    told["text"] = why.message();
    told["permanent"] = why.is_permanent();
    co_return told;
  }
}

}  // namespace

TEST_CASE("A token that a server repeats is in no error", "[mcp_session]") {
  http_room room;
  mcp_address at;
  at.url = server("/repeats");
  at.headers = {{"authorization", "Bearer hidden-token"}};
  const mcp_client mcp{room.system, at};
  std::string text;
  try {
    room.result_of([&] { return mcp.call("work", json::object()); });
  } catch (const error& why) {
    text = why.describe();
  }
  CHECK(has(text, "401"));
  CHECK(has(text, "(the key)"));
  CHECK(has(text, "/repeats"));
  CHECK_FALSE(has(text, "hidden"));
}

TEST_CASE("A server that has forgotten its sessions is greeted again",
          "[mcp_session]") {
  http_room room;
  mcp_address at;
  at.url = server("/mcp");
  const mcp_client mcp{room.system, at};
  const auto call = [&](const char* name) {
    return room.result_of([&] { return called(mcp, name); });
  };
  const auto first = call("work");
  CHECK(call("forget") == first);
  const auto second = call("work");
  CHECK(second.is_string());
  CHECK(second != first);
}

TEST_CASE("Many requests of a lost session greet the server once",
          "[mcp_session]") {
  http_room room;
  mcp_address at;
  at.url = server("/mcp");
  const mcp_client mcp{room.system, at};
  const auto forget = [&] { return called(mcp, "forget"); };
  room.result_of(forget);
  const auto all = room.result_of([&]() -> task<json> {
    std::vector<task<json>> calls;
    for (int i = 0; i < 20; ++i) calls.push_back(called(mcp, "work"));
    auto together = troupe::gather(std::move(calls));
    co_return json(co_await together);
  });
  for (const auto& each : all) CHECK(each == all[0]);
  CHECK(all[0].is_string());
}
