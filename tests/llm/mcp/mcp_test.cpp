// The client of the Model Context Protocol, against
// tests/support/servers/mcp_server.py.

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/models/mcp_room.hpp"

#include <troupe/gather.hpp>
#include <troupe/llm/mcp_client.hpp>
#include <troupe/llm/toolbox.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

#include <chrono>
#include <string>
#include <sys/wait.h>
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
using troupe::llm::mcp_command;
using troupe::llm::mcp_options;
using troupe::llm::tool;

namespace {

std::string mode_of_revision() { return GENERATE("stateless", "session"); }

}  // namespace

TEST_CASE("A server is spoken to in the newest revision it has", "[mcp]") {
  CHECK(mcp_room{{"stateless"}}.revision() == "2026-07-28");
  CHECK(mcp_room{{"session"}}.revision() == "2025-06-18");
}

TEST_CASE("A server that is silent on what it does not know is an older one",
          "[mcp]") {
  CHECK(mcp_room{{"session", "silent"}, {.time_limit = 2s}}.revision() ==
        "2025-06-18");
}

TEST_CASE("A server with no known revision is refused", "[mcp]") {
  const std::string mode = GENERATE("old", "unknown");
  mcp_room room{{mode}};
  std::string text;
  CHECK(code_of([&] { room.revision(); }, &text) == errc::request_failed);
  CHECK(has(text, mode == "old" ? "1999-01-01" : "2030-01-01"));
  CHECK(has(text, "2026-07-28"));
}

TEST_CASE("All pages of the list of tools are read", "[mcp]") {
  mcp_room room{{mode_of_revision()}};
  const auto names = room.names();
  CHECK(names.size() == 11);
  CHECK(names.front() == "echo");
  CHECK(names.back() == "strange");
}

TEST_CASE("A prefix tells the tools of two servers apart", "[mcp]") {
  mcp_room room{{"session"}, {.prefix = "test_"}};
  CHECK(room.names().front() == "test_echo");
  CHECK(room.use("test_echo", {{"text", "hi"}}) == "hi");
}

TEST_CASE("The server's tools are tools", "[mcp]") {
  mcp_room room{{mode_of_revision()}};
  CHECK(room.use("echo", {{"text", "Grüße"}}) == "Grüße");
  CHECK(json::parse(room.use("add", {{"a", 1}, {"b", 2.5}})) ==
        json{{"sum", 3.5}});
}

TEST_CASE("Arguments are checked before the server is asked", "[mcp]") {
  mcp_room room{{"session"}};
  std::string text;
  CHECK(code_of(
            [&] {
              room.use("echo", {{"text", 5}});
            },
            &text) == errc::bad_value);
  CHECK(has(text, "/text"));
}

TEST_CASE("A tool whose schema is not known here is checked by the server",
          "[mcp]") {
  mcp_room room{{"session"}};
  CHECK(room.use("strange", {{"x", 1}}) == R"(took {"x": 1})");
}

TEST_CASE("What a tool says of its failure is told", "[mcp]") {
  mcp_room room{{mode_of_revision()}};
  std::string text;
  CHECK(code_of([&] { room.use("fail"); }, &text) == errc::request_failed);
  CHECK(text == "it did not work");
}

TEST_CASE("An error of the server is told, with what it says", "[mcp]") {
  mcp_room room{{"session"}};
  std::string text;
  CHECK(code_of([&] { room.call("nothing"); }, &text) == errc::request_failed);
  CHECK(has(text, "-32602"));
  CHECK(has(text, "Unknown tool: nothing"));
}

TEST_CASE("A server may ask back, and is answered or refused", "[mcp]") {
  mcp_room room{{"session", "asks"}};
  CHECK(room.use("echo", {{"text", ""}}) == "{} and -32601");
}

TEST_CASE("Many requests at once find their answers", "[mcp]") {
  mcp_room room{{mode_of_revision()}};
  const auto got = room.result_of([&](context&) -> task<json> {
    std::vector<task<json>> all;
    for (int i = 0; i < 100; ++i) {
      all.push_back(mcp_room::call_of(room.server, "echo",
                                      {{"text", std::to_string(i)}}));
    }
    auto together = troupe::gather(std::move(all));
    co_return json(co_await together);
  });
  for (std::size_t i = 0; i < 100; ++i) {
    REQUIRE(got[i].at("content").at(0).at("text") == std::to_string(i));
  }
}

TEST_CASE("A server that dies fails what waits for it, and is started again",
          "[mcp]") {
  mcp_room room{{mode_of_revision()}};
  std::string text;
  CHECK(code_of([&] { room.call("die"); }, &text) == errc::request_failed);
  CHECK(has(text, "ended with status 7"));
  CHECK(room.use("echo", {{"text", "again"}}) == "again");
}

TEST_CASE("A server that dies is missed even if what it started lives on",
          "[mcp]") {
  mcp_room room{{"session", "parent"}};
  std::string text;
  CHECK(code_of([&] { room.call("die"); }, &text) == errc::request_failed);
  CHECK(has(text, "ended with status 7"));
}

TEST_CASE("The last handle of a server may go with the run that it answers",
          "[mcp]") {
  troupe::system system;
  const auto last_word = GENERATE("die", "echo");
  for (int i = 0; i < 5; ++i) {
    const auto run = [&] {
      const mcp_client server{system, server_of({"session"})};
      return system.start(one_node(asks{[server, last_word](context&) {
        return mcp_room::call_of(server, last_word, {{"text", "x"}});
      }}));
    }();
    const auto end = run.get();
    CHECK(end.ok() == (last_word == std::string{"echo"}));
  }
}

TEST_CASE("Names that models do not take are made to fit, each its own",
          "[mcp]") {
  mcp_room room{{"session", "dotted"}};
  const auto said = room.result_of([&](context& ctx) -> task<json> {
    auto listing = room.server.tools();
    const auto all = co_await listing;
    json text = json::object();
    text["text"] = "hello";
    json seen = json::array();
    for (const auto& each : all) {
      auto calling = each.call(text, ctx);
      const auto heard = co_await calling;
      seen.push_back(each.spec().name + ": " + heard);
    }
    co_return seen;
  });
  CHECK(said == json{"admin_list: hello", "admin_list_2: hello",
                     std::string(64, 'a') + ": hello"});
}

TEST_CASE("A line that is no message is told with the end of the program",
          "[mcp]") {
  mcp_room room{{"session"}};
  std::string text;
  CHECK(code_of([&] { room.call("garbage"); }, &text) == errc::request_failed);
  CHECK(has(text, "ended with status 5"));
  CHECK(has(text, "'this is no message', which is not a message"));
}

TEST_CASE("A message that is too long is not read to its end", "[mcp]") {
  mcp_room room{{"session"}, {.message_max = 1'000'000}};
  std::string text;
  CHECK(code_of([&] { room.call("huge"); }, &text) == errc::too_large);
  CHECK(has(text, "it sent a message of"));
}

TEST_CASE("A request that takes too long is given up, and the server told",
          "[mcp]") {
  mcp_room room{{"session", "logs"}, {.time_limit = 3s}};
  std::string text;
  CHECK(code_of([&] { room.call("wait"); }, &text) == errc::timed_out);
  CHECK(has(text, "the program wrote 'INFO handling a request'"));
  CHECK(room.use("cancelled") == "1");
}

TEST_CASE("A server that talks without an end is not waited for longer",
          "[mcp]") {
  mcp_room room{{"session"}, {.time_limit = 3s}};
  room.use("echo", {{"text", "hi"}});
  CHECK(code_of([&] { room.call("chatter"); }) == errc::timed_out);
}

TEST_CASE("A call that is cancelled is cancelled at the server", "[mcp]") {
  mcp_room room{{mode_of_revision()}};
  const auto calls = [&](context& ctx) -> task<json> {
    auto first = mcp_room::call_of(room.server, "echo", {{"text", ""}});
    co_await first;
    ctx.emit("greeted");
    auto waiting = mcp_room::call_of(room.server, "wait", json::object());
    co_return co_await waiting;
  };
  auto run = room.system.start(one_node(asks{calls}));
  auto events = run.events();
  while (const auto each = events.next()) {
    if (each->kind == troupe::event_kind::custom) break;
  }
  // The request is on its way, or will not be sent.
  run.cancel();
  CHECK(run.get().failure->code() == errc::cancelled);
  CHECK(room.use("echo", {{"text", "still there"}}) == "still there");
}

TEST_CASE("More requests than there may be are refused", "[mcp]") {
  mcp_room room{{"session"}, {.time_limit = 2s, .requests_max = 2}};
  room.use("echo", {{"text", ""}});
  std::string text;
  CHECK(code_of(
            [&] {
              room.result_of([&](context&) -> task<json> {
                std::vector<task<json>> all;
                for (int i = 0; i < 3; ++i) {
                  all.push_back(
                      mcp_room::call_of(room.server, "wait", json::object()));
                }
                auto together = troupe::gather(std::move(all));
                co_return json(co_await together);
              });
            },
            &text) == errc::overloaded);
}

TEST_CASE("A program that cannot be started is named", "[mcp]") {
  troupe::system system{{.threads = 1}};
  mcp_command command;
  command.program = "there-is-no-such-program";
  const mcp_client server{system, command};
  const auto work = [&](context&) {
    return mcp_room::call_of(server, "x", json::object());
  };
  const auto ended = system.start(one_node(asks{work})).get();
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->is_permanent());
  CHECK(has(ended.failure->message(), "there-is-no-such-program"));
}

TEST_CASE("A command with a NUL byte is refused", "[mcp]") {
  troupe::system system{{.threads = 1}};
  const auto refused = [&](auto change) {
    mcp_command command;
    command.program = "sh";
    change(command);
    return code_of([&] { mcp_client{system, command}; }) == errc::bad_flow;
  };
  const std::string nul("a\0b", 3);
  CHECK(refused([&](auto& of) { of.arguments = {"-c", nul}; }));
  CHECK(refused([&](auto& of) { of.program = nul; }));
  CHECK(refused([&](auto& of) { of.environment = {{"WORD", nul}}; }));
  CHECK(refused([&](auto& of) { of.directory = nul; }));
}

TEST_CASE("A program sees its variables and its directory", "[mcp]") {
  troupe::system system{{.threads = 1}};
  mcp_command command;
  command.program = "sh";
  command.arguments = {"-c", "echo \"$WORD $(pwd) $API_TOKEN\""};
  command.environment = {{"WORD", "hello"}, {"API_TOKEN", "hidden-token-1"}};
  command.directory = "/";
  const mcp_client server{system, command};
  const auto work = [&](context&) {
    return mcp_room::call_of(server, "x", json::object());
  };
  const auto ended = system.start(one_node(asks{work})).get();
  REQUIRE_FALSE(ended.ok());
  CHECK(has(ended.failure->message(), "hello /"));
  CHECK_FALSE(has(ended.failure->message(), "hidden-token-1"));
}

TEST_CASE("A program that will not end is ended", "[mcp]") {
  {
    mcp_room room{{"session", "stubborn"}};
    CHECK(room.use("echo", {{"text", "here"}}) == "here");
  }
  // Its end was waited for, so there is no child left to wait for.
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("MCP options that make no sense are refused", "[mcp]") {
  troupe::system system{{.threads = 1}};
  const auto refused = [&](mcp_options options) {
    return code_of([&] {
      static_cast<void>(mcp_client{system, server_of({}), options});
    });
  };
  CHECK(refused({.time_limit = 0s}) == errc::bad_flow);
  CHECK(refused({.message_max = 0}) == errc::bad_flow);
  CHECK(refused({.requests_max = 0}) == errc::bad_flow);
  CHECK(code_of([&] {
          static_cast<void>(mcp_client{system, mcp_command{}});
        }) == errc::bad_flow);
  auto command = server_of({});
  command.inherit = {"A=B"};
  CHECK(code_of([&] {
          static_cast<void>(mcp_client{system, command});
        }) == errc::bad_flow);
}
