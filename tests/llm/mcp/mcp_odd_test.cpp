// Programs that are MCP servers and do not quite speak the protocol, against
// tests/support/servers/mcp_server.py.

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/models/mcp_room.hpp"

#include <troupe/llm/mcp_client.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

using namespace troupe_test;
using troupe::context;
using troupe::errc;
using troupe::error;
using troupe::json;
using troupe::llm::mcp_client;
using troupe::llm::mcp_command;

TEST_CASE("A server that dies again and again is started less often", "[mcp]") {
  troupe::system system{{.threads = 1}};
  mcp_command command;
  command.program = "sh";
  command.arguments = {"-c", "exit 3"};
  const mcp_client server{system, command};
  const auto work = [&](context&) {
    return mcp_room::call_of(server, "x", json::object());
  };
  std::optional<error> last;
  for (int i = 0; i < 4 && !(last && last->retry_after()); ++i) {
    last = system.start(one_node(asks{work})).get().failure;
    REQUIRE(last);
    CHECK(last->code() == errc::request_failed);
    CHECK_FALSE(last->is_permanent());
    CHECK(has(last->message(), "ended with status 3"));
  }
  CHECK(last->retry_after());
  CHECK(has(last->message(), "3 times in a row"));
}

namespace {

error error_of(const mcp_command& command) {
  troupe::system system{{.threads = 1}};
  const mcp_client server{system, command};
  const auto work = [&](context&) {
    return mcp_room::call_of(server, "x", json::object());
  };
  const auto ended = system.start(one_node(asks{work})).get();
  REQUIRE(ended.failure);
  return *ended.failure;
}

}  // namespace

TEST_CASE("A program that fails is shown with what it says of that", "[mcp]") {
  mcp_command command;
  command.program = "sh";
  command.arguments = {"-c",
                       "echo Traceback >&2; printf 'No module \\033[1m%s "
                       "%s\\n' $T $2 >&2; exit 1",
                       "sh", "--api-key", "hidden-key-2"};
  command.environment = {{"T", "x"}, {"API_TOKEN", "hidden-token-1"}};
  const auto text = error_of(command).message();
  INFO(text);
  CHECK(has(text, "the MCP server 'sh -c echo Traceback"));
  CHECK(has(text,
            "ended with status 1; it wrote to standard error: "
            "'Traceback No module \uFFFD[1mx (the key)'"));
  CHECK_FALSE(has(text, "hidden-key-2"));
}

TEST_CASE("Of what a program says of its failure the end is shown", "[mcp]") {
  mcp_command command;
  command.program = "sh";
  command.arguments = {"-c", "printf '%01000d the end' 1 >&2; exit 1"};
  const auto text = error_of(command).message();
  CHECK(has(text, "'...0000"));
  CHECK(has(text, "1 the end'"));
  CHECK(text.size() < 800);
}

TEST_CASE("The last answer of a program needs no end of a line", "[mcp]") {
  mcp_command command;
  command.program = "sh";
  command.arguments = {
      "-c",
      "read line; printf '%s' '{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":"
      "{\"code\":-1,\"message\":\"there is no database\"}}'"};
  CHECK(has(error_of(command).message(), "there is no database"));
}

TEST_CASE("What a server writes that is not quite the protocol is read",
          "[mcp]") {
  const std::string mode =
      GENERATE("banner", "bom", "crlf", "logs", "string-ids", "float-ids",
               "batches", "latin1", "nan", "drip", "idnull", "flood");
  INFO(mode);
  mcp_room room{{"session", mode}};
  CHECK(room.use("echo", {{"text", "caf\u00e9"}}) ==
        (mode == "latin1" ? "caf\uFFFD" : "caf\u00e9"));
  CHECK(room.use("add", {{"a", 1}, {"b", 2}}) ==
        (mode == "nan" ? R"({"sum":null})" : R"({"sum":3})"));
}

TEST_CASE("A server that ends on a first message it does not know is older",
          "[mcp]") {
  mcp_room room{{"session", "first"}};
  CHECK(room.revision() == "2025-06-18");
  CHECK(room.use("echo", {{"text", "hi"}}) == "hi");
}

TEST_CASE("A server that closes its input is not waited for", "[mcp]") {
  mcp_room room{{"session", "deaf"}};
  std::string text;
  CHECK(code_of(
            [&] {
              room.call("echo", {{"text", ""}});
            },
            &text) == errc::request_failed);
  CHECK(has(text, "closed its input"));
}

TEST_CASE("An answer that nests too deeply fails its request only", "[mcp]") {
  mcp_room room{{"session"}};
  CHECK(code_of([&] { room.call("deep"); }) == errc::bad_reply);
  CHECK(room.use("echo", {{"text", "hi"}}) == "hi");
}

TEST_CASE("A tool that cannot be used hides no other", "[mcp]") {
  mcp_room room{{"session", "odd"}};
  const auto names = room.names();
  CHECK(std::find(names.begin(), names.end(), "strange") != names.end());
  CHECK(std::find(names.begin(), names.end(), "text") == names.end());
  CHECK(names.front() == "bad");
}

TEST_CASE("Tools of one name are numbered", "[mcp]") {
  CHECK(mcp_room{{"session", "same"}}.names() ==
        std::vector<std::string>{"t", "t_2", "t_3"});
}
