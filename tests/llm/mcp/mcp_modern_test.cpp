// The revision 2026-07-28 of MCP: inputs, tasks, lists that are kept, traces
// and tokens, against tests/support/servers/mcp_modern.py as a program and over
// HTTP.

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/models/client_room.hpp"

#include <troupe/llm/mcp_client.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

#include <atomic>
#include <chrono>
#include <memory>
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
namespace mcp = troupe::llm::mcp;
using troupe::llm::mcp_address;
using troupe::llm::mcp_client;
using troupe::llm::mcp_command;
using troupe::llm::mcp_input_request;
using troupe::llm::mcp_options;

namespace {

enum class way { program, http };

/// The address of a server that no other test uses.
mcp_address fresh_address(const std::string& rest = "") {
  static std::atomic<int> last{0};
  mcp_address at;
  at.url = server("/modern/" + std::to_string(++last) + rest);
  return at;
}

mcp_client client_of(troupe::system& where, way how, mcp_options options,
                     std::vector<std::string> words = {}) {
  if (how == way::http) return {where, fresh_address(), std::move(options)};
  mcp_command command;
  command.program = "python3";
  command.arguments = {"tests/support/servers/mcp_modern.py"};
  command.arguments.insert(command.arguments.end(), words.begin(), words.end());
  return {where, std::move(command), std::move(options)};
}

/// A client of such a server, and runs that use it.
struct modern_room : http_room {
  explicit modern_room(way how, mcp_options options = {},
                       std::vector<std::string> words = {})
      : mcp{client_of(system, how, std::move(options), std::move(words))} {}
  explicit modern_room(mcp_address at, mcp_options options = {})
      : mcp{system, std::move(at), std::move(options)} {}

  /// The text of a tool's result.
  std::string use(const std::string& name) {
    const auto result =
        result_of([&] { return mcp.call(name, json::object()); });
    return result.at("content").at(0).at("text").get<std::string>();
  }
  json counts() { return json::parse(use("counts")); }
  int count_of(const std::string& method) {
    return counts().at("counts").value(method, 0);
  }
  std::size_t list() {
    return result_of([&]() -> task<json> {
             auto listing = mcp.tools();
             const auto all = co_await listing;
             co_return json(all.size());
           })
        .get<std::size_t>();
  }
  error failure_of(const std::string& name) {
    try {
      use(name);
    } catch (const error& why) {
      return why;
    }
    FAIL("nothing was thrown");
    return {errc::bad_flow, ""};
  }

  mcp_client mcp;
};

way either() { return GENERATE(way::program, way::http); }

task<json> named(mcp_input_request asked) {
  CHECK(asked.params.at("message") == "Who?");
  json content = json::object();
  content["name"] = asked.key + " of " + asked.tool;
  co_return mcp::accept(std::move(content));
}

mcp_options answering() {
  mcp_options options;
  options.on_input = named;
  return options;
}

constexpr const char* parent =
    "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

}  // namespace

// -- inputs -------------------------------------------------------------------

TEST_CASE("What a server asks for is answered, round after round",
          "[mcp_modern]") {
  modern_room room{either(), answering()};
  const json said = json::parse(room.use("ask"));
  CHECK(said == json{"s:2:who of ask",
                     {{"sure",
                       {{"action", "accept"},
                        {"content", {{"name", "sure of ask"}}}}}}});
}

TEST_CASE("Nothing is asked of a client that does not answer", "[mcp_modern]") {
  modern_room room{either()};
  const auto why = room.failure_of("ask");
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "mcp_options.on_input"));
  // A server that asks all the same.
  const auto also = room.failure_of("endless");
  CHECK(also.is_permanent());
  CHECK(has(also.message(), "mcp_options.on_input"));
}

TEST_CASE("A server that asks without end is left at last", "[mcp_modern]") {
  modern_room room{way::http, answering()};
  CHECK(has(room.failure_of("endless").message(), "16 times"));
  CHECK(room.count_of("tools/call") == 18);
}

TEST_CASE("A server that only wants to be asked again is", "[mcp_modern]") {
  modern_room room{either()};
  CHECK(room.use("again") == "later");
}

TEST_CASE("The time of an answer is not the server's", "[mcp_modern]") {
  mcp_options options;
  options.time_limit = 300ms;
  options.on_input = [](mcp_input_request asked) -> task<json> {
    troupe::sleep_for thinking{400ms};
    co_await thinking;
    auto answering = named(std::move(asked));
    co_return co_await answering;
  };
  modern_room room{way::http, options};
  CHECK(has(room.use("ask"), "sure of ask"));
}

// -- tasks --------------------------------------------------------------------

TEST_CASE("A task is polled to its result", "[mcp_modern]") {
  modern_room room{either()};
  CHECK(room.use("job") == "built");
  CHECK(room.count_of("tasks/get") == 2);
  CHECK(room.counts().at("cancelled") == json::array());
}

TEST_CASE("A task may ask for inputs", "[mcp_modern]") {
  modern_room room{either(), answering()};
  CHECK(has(room.use("form"), "who of form"));
  CHECK(room.count_of("tasks/update") == 1);
}

TEST_CASE("A task that the server has lost fails the call", "[mcp_modern]") {
  modern_room room{either()};
  const auto why = room.failure_of("lost");
  CHECK(why.code() == errc::request_failed);
  CHECK(has(why.message(), "Task not found"));
}

TEST_CASE("A task that takes too long is cancelled at the server",
          "[mcp_modern]") {
  mcp_options options;
  options.task_limit = 250ms;
  modern_room room{either(), options};
  const auto why = room.failure_of("stuck");
  CHECK(why.code() == errc::timed_out);
  CHECK(has(why.message(), "task_limit"));
  // On a connection of its own, so it may take its time.
  json cancelled;
  for (int i = 0; i < 1'000 && cancelled.empty(); ++i) {
    cancelled = room.counts().at("cancelled");
  }
  CHECK(cancelled == json{"stuck-0"});
}

TEST_CASE("A task whose call is cancelled is cancelled at the server",
          "[mcp_modern]") {
  modern_room room{either()};
  room.use("again");
  const auto work = [&](context&) {
    return room.mcp.call("stuck", json::object());
  };
  const auto run = room.system.start(one_node(asks{work}));
  for (int i = 0; i < 10'000 && room.count_of("tasks/get") == 0; ++i) {
  }
  run.cancel();
  CHECK(run.get().failure->code() == errc::cancelled);
  json cancelled;
  for (int i = 0; i < 1'000 && cancelled.empty(); ++i) {
    cancelled = room.counts().at("cancelled");
  }
  CHECK(cancelled == json{"stuck-0"});
}

// -- lists --------------------------------------------------------------------

TEST_CASE("A list is kept as long as the server says", "[mcp_modern]") {
  modern_room room{either()};
  CHECK(room.list() == 10);
  CHECK(room.list() == 10);
  CHECK(room.count_of("tools/list") == 2);
  room.mcp.forget_tools();
  CHECK(room.list() == 10);
  CHECK(room.count_of("tools/list") == 4);
}

TEST_CASE("A list that is good for no time is asked for again",
          "[mcp_modern]") {
  modern_room room{way::program, {}, {"short"}};
  room.list();
  room.list();
  CHECK(room.count_of("tools/list") == 4);
}

TEST_CASE("A server tells those who listen that its tools have changed",
          "[mcp_modern]") {
  modern_room room{either()};
  room.list();
  const int before = room.count_of("tools/list");
  constexpr int tries = 10'000;
  for (int i = 0; i < tries && room.use("tell") == "0"; ++i) continue;
  for (int i = 0; i < tries && room.count_of("tools/list") == before; ++i) {
    room.list();
  }
  CHECK(room.count_of("tools/list") == 2 * before);
}

TEST_CASE("A list that has changed is asked for again", "[mcp_modern]") {
  modern_room room{either()};
  room.list();
  room.use("change");
  room.list();
  CHECK(room.count_of("tools/list") == 4);
}

// -- traces -------------------------------------------------------------------

TEST_CASE("A server is told where in a trace a call is made", "[mcp_modern]") {
  mcp_options options;
  options.trace_context = [] {
    troupe::llm::mcp_trace_context here;
    here.traceparent = parent;
    here.tracestate = "a=1";
    here.baggage = "not a baggage";
    return here;
  };
  modern_room room{either(), options};
  const json meta = json::parse(room.use("echo"));
  CHECK(meta.at("traceparent") == parent);
  CHECK(meta.at("tracestate") == "a=1");
  CHECK_FALSE(meta.contains("baggage"));
}

TEST_CASE("A call may have a place in a trace of its own", "[mcp_modern]") {
  modern_room room{way::http};
  troupe::llm::mcp_trace_context here;
  here.traceparent = parent;
  const auto result = room.result_of(
      [&] { return room.mcp.call("echo", json::object(), here); });
  CHECK(has(result.at("content").at(0).at("text").get<std::string>(), parent));
}

// -- tokens -------------------------------------------------------------------

TEST_CASE("A token is asked for before each request, and again after a 401",
          "[mcp_modern]") {
  auto at = fresh_address("/2");
  auto asked = std::make_shared<std::atomic<int>>(0);
  at.bearer = [asked] { return "token-" + std::to_string((*asked)++); };
  modern_room room{at};
  // Two are too old; the first request has both, and gives up.
  const auto why = room.failure_of("again");
  CHECK(why.code() == errc::unauthorized);
  CHECK(why.is_permanent());
  CHECK(has(why.message(), "oauth-protected-resource"));
  CHECK_FALSE(has(why.message(), "token-"));
  CHECK(*asked == 2);
  CHECK(room.use("again") == "later");
  CHECK(room.count_of("401") == 2);
}

TEST_CASE("A request is sent again with another token", "[mcp_modern]") {
  auto at = fresh_address("/1");
  auto asked = std::make_shared<std::atomic<int>>(0);
  at.bearer = [asked] { return "token-" + std::to_string((*asked)++); };
  modern_room room{at};
  CHECK(room.use("again") == "later");
  CHECK(room.count_of("401") == 1);
}

TEST_CASE("A request is not sent again with the same token", "[mcp_modern]") {
  auto at = fresh_address("/1");
  at.bearer = [] { return std::string{"token-0"}; };
  modern_room room{at};
  CHECK(room.failure_of("again").code() == errc::unauthorized);
  auto good = at;
  good.bearer = [] { return std::string{"token-1"}; };
  CHECK(modern_room{good}.count_of("401") == 1);
}

TEST_CASE("A token takes the place of an authorization in the headers",
          "[mcp_modern]") {
  auto at = fresh_address("/5");
  at.headers = {{"Authorization", "Bearer token-1"}};
  at.bearer = [] { return std::string{"token-5"}; };
  CHECK(modern_room{at}.use("again") == "later");
}

TEST_CASE("A token that is none is refused before it is sent", "[mcp_modern]") {
  auto at = fresh_address();
  at.bearer = [] { return std::string{"secret\r\nx: y"}; };
  modern_room room{at};
  const auto why = room.failure_of("again");
  CHECK(why.code() == errc::bad_value);
  CHECK(why.is_permanent());
  CHECK_FALSE(has(why.message(), "secret"));
}

TEST_CASE("A private list is for one token", "[mcp_modern]") {
  auto at = fresh_address();
  auto token = std::make_shared<std::atomic<int>>(0);
  at.bearer = [token] { return "token-" + std::to_string(token->load()); };
  modern_room room{at};
  room.list();
  room.list();
  CHECK(room.count_of("tools/list") == 2);
  *token = 7;
  room.list();
  CHECK(room.count_of("tools/list") == 4);
}

TEST_CASE("Options of MCP 2026-07-28 that make no sense are refused",
          "[mcp_modern]") {
  troupe::system system{{.threads = 1}};
  const auto refused = [&](mcp_options options) {
    return code_of([&] {
      static_cast<void>(mcp_client{system, mcp_address{"http://x"}, options});
    });
  };
  auto without_inputs = answering();
  without_inputs.inputs.clear();
  CHECK(refused(without_inputs) == errc::bad_flow);
  mcp_options no_time;
  no_time.task_limit = 0s;
  CHECK(refused(no_time) == errc::bad_flow);
}
