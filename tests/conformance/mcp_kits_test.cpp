// The client of the Model Context Protocol against servers that people run:
// the protocol's servers of files and of a memory, and one made with FastMCP.

#include "mcp_room.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace troupe_test;
using troupe::context;
using troupe::json;
using troupe::task;
using troupe::llm::mcp_client;

namespace {

std::string variable(const char* name) { return server("", name); }

/// A server that is a script, and its arguments.
mcp_room program(const char* script, std::vector<std::string> arguments = {}) {
  return mcp_room{[&](troupe::system& system) {
    troupe::llm::mcp_command command;
    command.program = variable("NODE");
    command.arguments = {variable(script)};
    command.arguments.insert(command.arguments.end(), arguments.begin(),
                             arguments.end());
    command.environment = {{"MEMORY_FILE_PATH", variable("MCP_MEMORY_FILE")}};
    return mcp_client{system, std::move(command)};
  }};
}

mcp_room at(const std::string& path) {
  return mcp_room{[&](troupe::system& system) {
    troupe::llm::mcp_address address;
    address.url = variable("MCP_FAST_SERVER") + path;
    return mcp_client{system, std::move(address)};
  }};
}

std::vector<std::string> tool_names(mcp_room& room) {
  return room
      .result_of([&](context&) -> task<json> {
        auto listing = room.client.tools();
        const auto all = co_await listing;
        json names = json::array();
        for (const auto& each : all) names.push_back(each.spec().name);
        co_return names;
      })
      .get<std::vector<std::string>>();
}

bool has_name(const std::vector<std::string>& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Checks what each server made with FastMCP must do, however it is reached.
void check_fast(mcp_room& room) {
  CHECK(has_name(tool_names(room), "report"));
  CHECK(room.use("add", {{"a", 19}, {"b", 23}}).text == "42");
  CHECK(room.use("now").text == "noon");
  CHECK(room.use("report").text == "done");
  const auto told = room.use("fail");
  CHECK(told.is_error);
  CHECK(has(told.text, "it did not work"));
}

}  // namespace

TEST_CASE("The server of files lists and reads its directory",
          "[conformance]") {
  auto room =
      program("MCP_FILESYSTEM_SCRIPT", {variable("MCP_FILESYSTEM_DIRECTORY")});
  CHECK(has_name(tool_names(room), "read_text_file"));
  const auto path = variable("MCP_FILESYSTEM_DIRECTORY") + "/note.txt";
  const auto read = room.use("read_text_file", {{"path", path}});
  CHECK_FALSE(read.is_error);
  CHECK(has(read.text, "the sea is free"));
  const auto outside = room.use("read_text_file", {{"path", "/etc/hostname"}});
  CHECK(outside.is_error);
}

TEST_CASE("The server of a memory keeps what it is told", "[conformance]") {
  auto room = program("MCP_MEMORY_SCRIPT");
  const json entity = {{"name", "Ada"},
                       {"entityType", "person"},
                       {"observations", {"wrote a program"}}};
  const auto made =
      room.use("create_entities", {{"entities", json::array({entity})}});
  CHECK_FALSE(made.is_error);
  const auto found = room.use("search_nodes", {{"query", "program"}});
  CHECK(has(found.text, "Ada"));
}

TEST_CASE("A server made with FastMCP is a program", "[conformance]") {
  auto room = program("MCP_FAST_SCRIPT");
  check_fast(room);
}

TEST_CASE("A server made with FastMCP is reached over HTTP", "[conformance]") {
  auto room = at("/mcp");
  CHECK(room.revision() == "2025-11-25");
  check_fast(room);
}

TEST_CASE("A server made with FastMCP is reached over HTTP and SSE",
          "[conformance]") {
  auto room = at("/sse");
  check_fast(room);
}
