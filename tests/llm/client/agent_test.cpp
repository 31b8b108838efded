// Agents over real sockets, against tests/support/servers/model_server.py.

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/models/model_room.hpp"

#include <troupe/llm/agent.hpp>
#include <troupe/llm/review.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace troupe_test;
using troupe::context;
using troupe::errc;
using troupe::error;
using troupe::flow;
using troupe::json;
using troupe::outcome;
using troupe::state;
using troupe::task;
using troupe::llm::agent_options;
using troupe::llm::make_agent;
using troupe::llm::message;
using troupe::llm::review_options;
using troupe::llm::reviewed;
using troupe::llm::tool;
using troupe::llm::toolbox;
using troupe::llm::verdict;

namespace {

/// Says back what it is given.
tool echo() {
  return {{"echo",
           "Says it again",
           {{"type", "object"},
            {"properties", {{"word", {{"type", "string"}}}}},
            {"required", {"word"}},
            {"additionalProperties", false}}},
          [](json arguments, context&) -> task<std::string> {
            co_return arguments.at("word").get<std::string>();
          }};
}

json call_of(const std::string& name, json arguments) {
  return {{"calls", json::array({{{"name", name},
                                  {"arguments", std::move(arguments)}}})}};
}

/// Calls `name` with `arguments` once, then tells what came of it.
json calls_once(const std::string& name, json arguments) {
  return json::array({{{"when", {{"role", "user"}}},
                       {"reply", call_of(name, std::move(arguments))}},
                      {{"reply", "It said: {last}"}}});
}

outcome work_of(model_room& room, agent_options options,
                const std::string& task = "Do it.") {
  state work;
  work.set("/agent/task", task);
  const auto agent =
      make_agent("agent", room.client(room.options()), std::move(options));
  return room.system.start(agent, work).get();
}

agent_options with_echo() {
  agent_options options;
  options.tools = toolbox{{echo()}};
  return options;
}

}  // namespace

TEST_CASE("An agent that needs no tools answers at once", "[agent]") {
  model_room room{json::array({{{"reply", "Done."}}})};
  const auto ended = work_of(room, {});
  REQUIRE(ended.ok());
  CHECK(ended.action.is_default());
  CHECK(ended.state.at("/agent/answer") == "Done.");
  CHECK(ended.state.at("/agent/finish") == "stop");
  CHECK(ended.state.at("/agent/turns") == 1);
  CHECK(ended.state.at("/agent/messages").size() == 2);
  CHECK_FALSE(ended.state.contains("/agent/task"));
  CHECK(ended.state.get<int>("/agent/usage/output") > 0);
}

TEST_CASE("An agent tells that its answer was cut", "[agent]") {
  const json reply = {{"text", "Done, wh"}, {"finish", "length"}};
  model_room room{json::array({{{"reply", reply}}})};
  const auto ended = work_of(room, {});
  REQUIRE(ended.ok());
  CHECK(ended.state.at("/agent/finish") == "length");
}

TEST_CASE("An agent uses its tools and tells the model what they gave",
          "[agent]") {
  model_room room{calls_once("echo", {{"word", "tree"}})};
  const auto ended = work_of(room, with_echo());
  REQUIRE(ended.ok());
  CHECK(ended.state.at("/agent/answer") == "It said: tree");
  CHECK(ended.state.at("/agent/turns") == 2);
}

TEST_CASE("An agent is told what is wrong with its calls", "[agent]") {
  SECTION("A tool that is not there") {
    model_room room{calls_once("fly", json::object())};
    auto options = with_echo();
    // The server would not let through a call of a tool it was not told of.
    const auto ended = work_of(room, options);
    REQUIRE(ended.ok());
    CHECK(has(ended.state.get<std::string>("/agent/answer"), "echo"));
  }
  SECTION("Arguments that do not fit") {
    model_room room{calls_once("echo", {{"word", 5}})};
    const auto ended = work_of(room, with_echo());
    REQUIRE(ended.ok());
    CHECK(has(ended.state.get<std::string>("/agent/answer"), "word"));
  }
  SECTION("Arguments that are no JSON") {
    model_room room{calls_once("echo", "{\"word\": ")};
    const auto ended = work_of(room, with_echo());
    REQUIRE(ended.ok());
    CHECK(has(ended.state.get<std::string>("/agent/answer"), "It said: "));
  }
}

namespace {

/// A body of each format with a call of "echo" and what a model that thinks
/// puts in besides.
struct thinker {
  troupe::llm::api api;
  json body;
  /// The parts that have to be in the messages of the next turn.
  json kept;
};

std::vector<thinker> thinkers(const std::string& id) {
  using troupe::llm::api;
  const json extra{{"google", {{"thought_signature", "SIG-" + id}}}};
  const json function{{"name", "echo"}, {"arguments", "{\"word\":\"tree\"}"}};
  json call{{"id", id}, {"type", "function"}, {"function", function}};
  const auto chat = [](const json& called, const json& thought) {
    const json said{{"role", "assistant"},
                    {"content", nullptr},
                    {"reasoning_content", thought},
                    {"tool_calls", json::array({called})}};
    const json choice{
        {"index", 0}, {"message", said}, {"finish_reason", "tool_calls"}};
    return json{{"id", "r"}, {"choices", json::array({choice})}};
  };
  const auto thought = "thought " + id;
  const auto deepseek = chat(call, thought);
  call["extra_content"] = extra;
  const json thinking{
      {"type", "thinking"}, {"thinking", "hm"}, {"signature", "SIG-" + id}};
  const json use{{"type", "tool_use"},
                 {"id", id},
                 {"name", "echo"},
                 {"input", {{"word", "tree"}}}};
  return {{api::openai_chat, chat(call, nullptr), extra},
          {api::openai_chat, deepseek, thought},
          {api::anthropic_messages,
           {{"id", "m"},
            {"role", "assistant"},
            {"content", {thinking, use}},
            {"stop_reason", "tool_use"}},
           thinking}};
}

}  // namespace

TEST_CASE("What a model thought goes back to it in each turn", "[agent]") {
  const auto firsts = thinkers("f1");
  const auto seconds = thinkers("f2");
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    CAPTURE(i);
    model_room room{
        json::array({{{"times", 1}, {"reply", {{"raw", firsts[i].body}}}},
                     {{"times", 1}, {"reply", {{"raw", seconds[i].body}}}},
                     {{"reply", "Rain."}}})};
    state work;
    work.set("/agent/task", "Do it.");
    const auto agent = make_agent(
        "agent", room.client(room.options(firsts[i].api)), with_echo());
    const auto ended = room.system.start(agent, work).get();
    REQUIRE(ended.ok());
    CHECK(ended.state.at("/agent/answer") == "Rain.");
    const auto asked = room.log().at("requests");
    REQUIRE(asked.size() == 3);
    const auto second = asked.at(1).at("body").at("messages").dump();
    const auto third = asked.at(2).at("body").at("messages").dump();
    CHECK(has(second, firsts[i].kept.dump()));
    CHECK(has(third, firsts[i].kept.dump()));
    CHECK(has(third, seconds[i].kept.dump()));
  }
}

TEST_CASE("An agent that comes to no answer is stopped", "[agent]") {
  model_room room{
      json::array({{{"reply", call_of("echo", {{"word", "again"}})}}})};
  auto options = with_echo();
  options.turns_max = 3;
  const auto ended = work_of(room, options);
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::step_limit);
  CHECK(ended.failure->is_permanent());
  CHECK(ended.failure->node() == "decide");
  CHECK(room.count("requests") == 3);
}

TEST_CASE("A conversation goes on with the next task", "[agent]") {
  model_room room{
      json::array({{{"when", {{"any", "first"}, {"last", "second"}}},
                    {"reply", "I remember."}},
                   {{"reply", "Noted."}}})};
  const auto agent = make_agent("agent", room.client(room.options()), {});
  state memory;
  memory.set("/agent/task", "the first thing");
  memory = room.system.start(agent, memory).get().state;
  memory.set("/agent/task", "the second thing");
  const auto ended = room.system.start(agent, memory).get();
  CHECK(ended.state.at("/agent/answer") == "I remember.");
  CHECK(ended.state.at("/agent/messages").size() == 4);
  CHECK(ended.state.at("/agent/turns") == 1);
}

TEST_CASE("A long conversation is folded", "[agent]") {
  model_room room{json::array(
      {{{"when", {{"system", "Summarise this conversation"}}},
        {"reply", "They talked of trees."}},
       {{"when", {{"any", "They talked of trees."}}}, {"reply", "Go on."}},
       {{"reply", "Nothing is known."}}})};
  agent_options options;
  options.history_max = 50;
  options.history_kept = 1;
  const auto agent = make_agent("agent", room.client(room.options()), options);
  std::vector<message> before;
  for (int i = 0; i < 10; ++i) {
    before.push_back(message::user("The tree number " + std::to_string(i)));
    before.push_back(message::assistant("is green."));
  }
  state memory;
  memory.set("/agent/messages", json(before));
  memory.set("/agent/task", "And now?");
  const auto ended = room.system.start(agent, memory).get();
  REQUIRE(ended.ok());
  CHECK(ended.state.at("/agent/answer") == "Go on.");
  CHECK(ended.state.at("/agent/messages").size() == 3);
}

TEST_CASE("An agent without a task says so", "[agent]") {
  model_room room;
  const auto agent = make_agent("agent", room.client(room.options()), {});
  const auto ended = room.system.start(agent).get();
  REQUIRE_FALSE(ended.ok());
  CHECK(ended.failure->code() == errc::missing_key);
  CHECK(has(ended.failure->message(), "/agent/task"));
}

TEST_CASE("Cancelling an agent reaches its tool", "[agent]") {
  model_room room{calls_once("wait", json::object())};
  bool was_destroyed = false;
  struct on_end {
    bool& told;
    ~on_end() { told = true; }
  };
  agent_options options;
  options.tools =
      toolbox{{tool{{"wait", "Waits", {{"type", "object"}}},
                    [&](json, context& ctx) -> task<std::string> {
                      const on_end mark{was_destroyed};
                      ctx.emit("waits");
                      co_await troupe::sleep_for(std::chrono::hours{1});
                      co_return "";
                    }}}};
  state work;
  work.set("/agent/task", "wait");
  auto run = room.system.start(
      make_agent("agent", room.client(room.options()), options), work);
  auto events = run.events();
  while (const auto each = events.next()) {
    if (each->kind == troupe::event_kind::custom && each->data == "waits") {
      break;
    }
  }
  run.cancel();
  CHECK(run.get().failure->code() == errc::cancelled);
  CHECK(was_destroyed);
}

TEST_CASE("Agent options that make no sense are refused", "[agent]") {
  model_room room;
  const auto refused = [&](auto change) {
    agent_options options;
    change(options);
    return code_of([&] {
      static_cast<void>(
          make_agent("agent", room.client(room.options()), options));
    });
  };
  CHECK(refused([](auto& of) { of.turns_max = 0; }) == errc::bad_flow);
  CHECK(refused([](auto& of) { of.tools_at_once = 0; }) == errc::bad_flow);
  CHECK(refused([](auto& of) { of.history_kept = 0; }) == errc::bad_flow);
  CHECK(refused([](auto& of) { of.state_key = "a/b"; }) == errc::bad_flow);
}

// -- reviews ------------------------------------------------------------------

namespace {

outcome review_of(model_room& room, review_options options = {}) {
  const auto agent = make_agent("agent", room.client(room.options()), {});
  const auto judge = [](std::string answer, context&) -> task<verdict> {
    const bool good = has(answer, "please");
    co_return verdict{good, "Say please."};
  };
  state work;
  work.set("/agent/task", "Ask for tea.");
  return room.system.start(reviewed("polite", agent, judge, options), work)
      .get();
}

}  // namespace

TEST_CASE("A supervisor sends work back with what is wrong", "[agent]") {
  model_room room{json::array(
      {{{"when", {{"last", "Say please."}}}, {"reply", "Tea, please."}},
       {{"reply", "Tea."}}})};
  const auto ended = review_of(room);
  REQUIRE(ended.ok());
  CHECK(ended.action.is_default());
  CHECK(ended.state.at("/agent/answer") == "Tea, please.");
  CHECK(ended.state.at("/agent/rounds") == 2);
  CHECK_FALSE(ended.state.contains("/agent/feedback"));
}

TEST_CASE("Work that is never good is rejected", "[agent]") {
  model_room room{json::array({{{"reply", "Tea."}}})};
  const auto ended = review_of(room, {.rounds_max = 2});
  REQUIRE(ended.ok());
  CHECK(ended.action == troupe::action{"rejected"});
  CHECK(ended.state.at("/agent/feedback") == "Say please.");
  CHECK(room.count("requests") == 2);
}
