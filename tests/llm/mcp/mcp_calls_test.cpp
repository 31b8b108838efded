// The actions of an MCP client of its own accord over time: polling tasks, and
// cancelling them. In virtual time.

#include "mcp/mcp_calls.hpp"

#include "support/catch.hpp"
#include "support/models/client_room.hpp"

#include <troupe/sleep.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::json;
using troupe::task;
namespace mcp = troupe::llm::mcp;
using troupe::llm::mcp_input_request;
using troupe::llm::detail::carried_out;
using troupe::llm::detail::mcp_line;

namespace {

/// A server of which each request takes ten milliseconds.
class scripted_line : public mcp_line {
 public:
  explicit scripted_line(std::function<json(const std::string&, json)> script)
      : script_(std::move(script)) {}

  task<json> ask(std::string method, json params) override {
    methods.push_back(method);
    troupe::sleep_for transit{10ms};
    co_await transit;
    co_return json{{"id", 1}, {"result", script_(method, std::move(params))}};
  }
  void send_off(std::string method, json params) noexcept override {
    sent_off.emplace_back(std::move(method), std::move(params));
  }

  std::vector<std::string> methods;
  std::vector<std::pair<std::string, json>> sent_off;

 private:
  std::function<json(const std::string&, json)> script_;
};

json task_state(const std::string& status, json more = json::object()) {
  more["taskId"] = "t";
  more["status"] = status;
  more["pollIntervalMs"] = 60'000;
  return more;
}

json new_task() {
  auto made = task_state("working");
  made["resultType"] = "task";
  return made;
}

/// Runs in virtual time.
struct call_room {
  explicit call_room(std::shared_ptr<scripted_line> to) : line(std::move(to)) {}

  troupe::run start(mcp::call_rules rules = {},
                    troupe::llm::mcp_input_callback on_input = {},
                    troupe::llm::mcp_trace_context trace = {}) {
    const auto work = [=, to = line]() {
      return carried_out(to, mcp::tool_call{"job", json::object(), rules},
                         on_input, trace);
    };
    return sim.start(one_node(does{work}));
  }

  troupe::testing::simulation sim;
  std::shared_ptr<scripted_line> line;
};

/// A task that ends after so many questions.
std::shared_ptr<scripted_line> working_for(int questions) {
  return std::make_shared<scripted_line>([left = questions](
                                             const std::string& method,
                                             const json&) mutable {
    if (method == "tools/call") return new_task();
    if (--left > 0) return task_state("working");
    return task_state("completed", {{"result", {{"content", json::array()}}}});
  });
}

}  // namespace

TEST_CASE("A task is polled at the server's pace", "[mcp_calls]") {
  call_room room{working_for(30)};
  const auto begun = room.sim.now();
  const auto run = room.start();
  const auto ended = room.sim.finish(run);
  REQUIRE(ended.ok());
  CHECK(room.line->methods.size() == 31);
  CHECK(room.sim.now() - begun >= 30min);
  CHECK(room.sim.now() - begun < 31min);
  CHECK(room.line->sent_off.empty());
}

TEST_CASE("A task over its limit is cancelled", "[mcp_calls]") {
  call_room room{working_for(100'000)};
  const auto begun = room.sim.now();
  const auto run = room.start();
  const auto ended = room.sim.finish(run);
  CHECK(ended.failure->code() == errc::timed_out);
  CHECK(room.sim.now() - begun < 61min);
  REQUIRE(room.line->sent_off.size() == 1);
  CHECK(room.line->sent_off[0].first == "tasks/cancel");
  CHECK(room.line->sent_off[0].second.at("taskId") == "t");
}

TEST_CASE("A task whose call is cancelled is cancelled", "[mcp_calls]") {
  call_room room{working_for(100'000)};
  const auto run = room.start();
  room.sim.advance(5min);
  CHECK(room.line->sent_off.empty());
  run.cancel();
  room.sim.finish(run);
  REQUIRE(room.line->sent_off.size() == 1);
  CHECK(room.line->sent_off[0].first == "tasks/cancel");
}

TEST_CASE("A call that has no task yet cancels none", "[mcp_calls]") {
  call_room room{working_for(1)};
  const auto run = room.start();
  room.sim.advance(5ms);
  run.cancel();
  room.sim.finish(run);
  CHECK(room.line->sent_off.empty());
}

TEST_CASE("An answer may take days, and a task's limit waits for it",
          "[mcp_calls]") {
  const json form = {{"method", "elicitation/create"},
                     {"params", {{"message", "Go on?"}}}};
  auto line = std::make_shared<scripted_line>([form](const std::string& method,
                                                     const json& params) {
    static_cast<void>(params);
    if (method == "tools/call") return new_task();
    if (method == "tasks/update") return json::object();
    return task_state("input_required", {{"inputRequests", {{"go", form}}}});
  });
  call_room room{line};
  mcp::call_rules rules;
  rules.inputs = mcp::all_inputs();
  int asked = 0;
  const auto on_input = [&asked](mcp_input_request) -> task<json> {
    ++asked;
    troupe::sleep_for thinking{72h};
    co_await thinking;
    co_return mcp::decline();
  };
  const auto run = room.start(rules, on_input);
  const auto ended = room.sim.finish(run);
  CHECK(asked == 1);
  CHECK(ended.failure->code() == errc::timed_out);
  CHECK(std::count(line->methods.begin(), line->methods.end(),
                   "tasks/update") == 1);
}

TEST_CASE("What answers may fail the call, and its task is cancelled",
          "[mcp_calls]") {
  const json form = {{"method", "elicitation/create"},
                     {"params", {{"message", "Go on?"}}}};
  auto line = std::make_shared<scripted_line>([form](const std::string& method,
                                                     const json&) {
    if (method == "tools/call") return new_task();
    return task_state("input_required", {{"inputRequests", {{"go", form}}}});
  });
  call_room room{line};
  mcp::call_rules rules;
  rules.inputs = mcp::all_inputs();
  const auto on_input = [](mcp_input_request) -> task<json> {
    throw troupe::permanent_error{"nobody is here"};
    co_return json();
  };
  const auto run = room.start(rules, on_input);
  const auto ended = room.sim.finish(run);
  CHECK(has(ended.failure->message(), "nobody is here"));
  CHECK(line->sent_off.size() == 1);
}

TEST_CASE("All requests of a call have its place in the trace", "[mcp_calls]") {
  const std::string parent =
      "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
  auto traced = std::make_shared<int>(0);
  auto line = std::make_shared<scripted_line>(
      [=](const std::string& method, const json& params) {
        if (params.at("_meta").at("traceparent") == parent) ++*traced;
        if (method == "tools/call") return new_task();
        return task_state("working");
      });
  call_room room{line};
  const auto run = room.start({}, {}, {parent, {}, {}});
  room.sim.advance(3min);
  run.cancel();
  room.sim.finish(run);
  CHECK(*traced == static_cast<int>(line->methods.size()));
  CHECK(line->sent_off.at(0).second.at("_meta").at("traceparent") == parent);
}

TEST_CASE("Pages are asked for again when their time is over", "[mcp_calls]") {
  auto line = std::make_shared<scripted_line>(
      [](const std::string&, const json& params) {
        json page = {{"ttlMs", 600'000}, {"tools", json::array()}};
        if (params.contains("cursor")) {
          page["ttlMs"] = 60'000;
        } else {
          page["nextCursor"] = "rest";
        }
        return page;
      });
  auto shelf = std::make_shared<troupe::llm::detail::mcp_shelf>();
  troupe::testing::simulation sim;
  const auto list = [&] {
    const auto work = [=]() -> task<json> {
      for (const std::string cursor : {"", "rest"}) {
        auto reading =
            troupe::llm::detail::listed_page(line, shelf, cursor, {});
        co_await reading;
      }
      co_return json();
    };
    const auto run = sim.start(one_node(does{work}));
    REQUIRE(sim.finish(run).ok());
    return std::exchange(line->methods, {}).size();
  };
  CHECK(list() == 2);
  CHECK(list() == 0);
  sim.advance(2min);
  CHECK(list() == 1);
  shelf->forget();
  CHECK(list() == 2);
}
