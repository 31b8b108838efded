// The client of the Model Context Protocol against servers of its authors: one
// with sessions, server-everything, and one without, each as a program and over
// HTTP.

#include "mcp_room.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/llm/mcp_client.hpp>
#include <troupe/llm/toolbox.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::context;
using troupe::errc;
using troupe::error;
using troupe::json;
using troupe::task;
using troupe::llm::mcp_client;
using troupe::llm::mcp_options;
using troupe::llm::message;
using troupe::llm::tool_call;
using troupe::llm::toolbox;

namespace {

/// Which of the servers of the protocol's authors, and how it is reached.
struct server_way {
  bool has_session;
  bool is_program;
};

std::string variable(const std::string& name) {
  return server("", name.c_str());
}

mcp_client client_of(troupe::system& system, server_way to,
                     mcp_options options) {
  const std::string name = to.has_session ? "MCP_SESSION_" : "MCP_STATELESS_";
  if (!to.is_program) {
    troupe::llm::mcp_address at;
    at.url = variable(name + "SERVER");
    return {system, std::move(at), std::move(options)};
  }
  troupe::llm::mcp_command command;
  command.program = variable("NODE");
  command.arguments = {variable(name + "SCRIPT")};
  if (to.has_session) command.arguments.emplace_back("stdio");
  command.environment = {{"CONFORMANCE_TEST", "a value"}};
  return {system, std::move(command), std::move(options)};
}

mcp_room room_of(server_way to, mcp_options options = {}) {
  return mcp_room{[&](troupe::system& system) {
    return client_of(system, to, std::move(options));
  }};
}

server_way with_session() { return {true, GENERATE(true, false)}; }
server_way without_session() { return {false, GENERATE(true, false)}; }

}  // namespace

// -- a server with sessions ---------------------------------------------------

TEST_CASE("A server with sessions is spoken to in its newest revision",
          "[conformance]") {
  auto room = room_of(with_session());
  CHECK(room.revision() == "2025-11-25");
}

TEST_CASE("The tools of the server become those of a model", "[conformance]") {
  auto room = room_of(with_session(), {.prefix = "every_"});
  const auto specs = room.result_of([&](context&) -> task<json> {
    auto listing = room.client.tools();
    const auto all = co_await listing;
    json found = json::object();
    for (const auto& each : all) {
      found[each.spec().name] = each.spec().parameters;
    }
    co_return found;
  });
  REQUIRE(specs.contains("every_echo"));
  CHECK(specs.at("every_echo").at("required") == json{"message"});
  CHECK(specs.contains("every_get-sum"));
  CHECK(specs.contains("every_trigger-long-running-operation"));
  const auto told = room.use("every_get-sum", {{"a", 2}, {"b", 40}});
  CHECK_FALSE(told.is_error);
  CHECK(has(told.text, "42"));
}

TEST_CASE("A tool's text is what the model is told", "[conformance]") {
  auto room = room_of(with_session());
  const auto told = room.use("echo", {{"message", "Grüße, 世界\n\"1\""}});
  CHECK_FALSE(told.is_error);
  CHECK(told.text == "Echo: Grüße, 世界\n\"1\"");
}

TEST_CASE("A tool's picture, links and resources have words", "[conformance]") {
  auto room = room_of(with_session());
  CHECK(has(room.use("get-tiny-image").text, "(image)"));
  const auto links = room.use("get-resource-links", {{"count", 2}});
  CHECK(has(links.text, "demo://resource/"));
  const auto resource = room.use("get-resource-reference",
                                 {{"resourceType", "Text"}, {"resourceId", 3}});
  CHECK(has(resource.text, "Resource 3"));
  CHECK_FALSE(has(resource.text, "(resource)"));
}

TEST_CASE("A structured result arrives whole", "[conformance]") {
  auto room = room_of(with_session());
  const auto result =
      room.call("get-structured-content", {{"location", "Chicago"}});
  CHECK(result.at("structuredContent").at("temperature") == 36);
  CHECK(json::parse(result.at("content").at(0).at("text").get<std::string>()) ==
        result.at("structuredContent"));
}

TEST_CASE("Arguments that do not fit are told to the model", "[conformance]") {
  auto room = room_of(with_session());
  const auto told = room.use("get-sum", {{"a", "two"}, {"b", 40}});
  CHECK(told.is_error);
  CHECK(has(told.text, "/a"));
}

TEST_CASE("The server's own check of arguments is an error of the tool",
          "[conformance]") {
  auto room = room_of(with_session());
  const auto result = room.call("get-sum", {{"a", "two"}, {"b", 40}});
  CHECK(result.at("isError") == true);
}

TEST_CASE("A tool that the server does not have is an error", "[conformance]") {
  auto room = room_of(with_session());
  CHECK(room.call("no-such-tool").at("isError") == true);
}

TEST_CASE("Many calls at once each get their own answer", "[conformance]") {
  auto room = room_of(with_session());
  std::vector<tool_call> calls;
  for (int i = 0; i < 40; ++i) {
    calls.push_back({"call-" + std::to_string(i),
                     "echo",
                     {{"message", std::to_string(i)}}});
  }
  const auto told = room.use(calls);
  REQUIRE(told.size() == 40);
  for (int i = 0; i < 40; ++i) {
    const auto n = std::to_string(i);
    CHECK(told[static_cast<std::size_t>(i)].call_id == "call-" + n);
    CHECK(told[static_cast<std::size_t>(i)].text == "Echo: " + n);
  }
}

TEST_CASE("A call that is given up leaves the server to others",
          "[conformance]") {
  auto room = room_of(with_session());
  CHECK_FALSE(room.revision().empty());
  const auto give_up = [&] {
    room.result_of([&](context&) -> task<json> {
      json long_one = {{"duration", 600}, {"steps", 1}};
      auto calling = room.client.call("trigger-long-running-operation",
                                      std::move(long_one));
      auto limited = troupe::within(500ms, std::move(calling));
      co_return co_await limited;
    });
  };
  CHECK(code_of(give_up) == errc::timed_out);
  CHECK(room.use("echo", {{"message", "still here"}}).text ==
        "Echo: still here");
}

TEST_CASE("The program gets the variables that it is given", "[conformance]") {
  auto room = room_of({true, true});
  const auto told = room.use("get-env");
  CHECK(json::parse(told.text).at("CONFORMANCE_TEST") == "a value");
}

TEST_CASE("What the server says of its own accord is passed over",
          "[conformance]") {
  auto room = room_of(with_session());
  CHECK_FALSE(room.use("toggle-simulated-logging").is_error);
  CHECK_FALSE(room.use("toggle-subscriber-updates").is_error);
  const auto told = room.use("trigger-long-running-operation",
                             {{"duration", 0.05}, {"steps", 5}});
  CHECK(has(told.text, "Long running operation completed"));
}

// -- a server without sessions ------------------------------------------------

TEST_CASE("A server without sessions is spoken to in its revision",
          "[conformance]") {
  auto room = room_of(without_session());
  CHECK(room.revision() == "2026-07-28");
}

TEST_CASE("A tool of a server without sessions is called", "[conformance]") {
  auto room = room_of(without_session());
  const auto told = room.use("add", {{"a", 19}, {"b", 23}});
  CHECK_FALSE(told.is_error);
  CHECK(told.text == "42");
}

TEST_CASE("A tool of a server without sessions may fail", "[conformance]") {
  auto room = room_of(without_session());
  const auto told = room.use("fail");
  CHECK(told.is_error);
  CHECK(has(told.text, "it did not work"));
}

TEST_CASE("A tool of a server without sessions may ask for inputs",
          "[conformance]") {
  mcp_options options;
  options.on_input = [](troupe::llm::mcp_input_request asked) -> task<json> {
    CHECK(asked.params.at("message") == "Who?");
    json content = json::object();
    content["name"] = "Ann";
    co_return troupe::llm::mcp::accept(std::move(content));
  };
  auto room = room_of(without_session(), options);
  CHECK(room.use("ask").text == "Ann");
  auto without = room_of(without_session());
  const auto told = without.use("ask");
  CHECK(told.is_error);
  CHECK(has(told.text, "mcp_options.on_input"));
}
