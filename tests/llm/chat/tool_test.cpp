// Tools and their box, run by a coroutine of a simulated run.

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/lone_step.hpp"

#include <troupe/llm/toolbox.hpp>
#include <troupe/llm/typed_tool.hpp>
#include <troupe/sleep.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using troupe::context;
using troupe::errc;
using troupe::error;
using troupe::json;
using troupe::task;
using troupe::llm::argument_check;
using troupe::llm::make_tool;
using troupe::llm::message;
using troupe::llm::tool;
using troupe::llm::tool_call;
using troupe::llm::tool_spec;
using troupe::llm::toolbox;
using troupe_test::code_of;
using troupe_test::lone_step;

namespace {

struct pair_of {
  int a = 0;
  int b = 0;

  static auto fields() {
    using troupe::llm::field;
    return troupe::llm::fields(field("a", &pair_of::a, "The first"),
                               field("b", &pair_of::b, "The second"));
  }
};

struct span_of {
  int seconds = 0;

  static auto fields() {
    return troupe::llm::fields(
        troupe::llm::field("seconds", &span_of::seconds));
  }
};

toolbox box() {
  return toolbox{
      {make_tool("add", "The sum", [](pair_of of) { return of.a + of.b; }),
       make_tool("wait", "Waits",
                 [](span_of of, context&) -> task<std::string> {
                   co_await troupe::sleep_for(std::chrono::seconds{of.seconds});
                   co_return "waited " + std::to_string(of.seconds);
                 }),
       make_tool("fail", "Fails",
                 [](span_of) -> std::string {
                   throw std::runtime_error{"out of order"};
                 }),
       make_tool("stop", "Is cancelled", [](span_of) -> std::string {
         throw error{errc::cancelled, "the run ends"};
       })}};
}

/// Runs calls, and leaves the messages in the state.
struct runs {
  toolbox tools;
  std::vector<tool_call> calls;
  std::size_t width = 8;

  task<std::vector<message>> exec(context& ctx) const {
    auto running = tools.run(calls, ctx, width);
    co_return co_await running;
  }
  void post(troupe::state& shared, const std::vector<message>& told) const {
    shared["told"] = told;
  }
};

std::vector<message> told(lone_step& step) {
  return step.shared().get<std::vector<message>>("told");
}

std::vector<message> run_at_once(std::vector<tool_call> calls) {
  lone_step step{runs{box(), std::move(calls)}};
  REQUIRE(step.begin() == lone_step::status::done);
  return told(step);
}

}  // namespace

TEST_CASE("A tool is made of a function and the struct it takes", "[tool]") {
  const auto tools = box();
  const auto* add = tools.find("add");
  REQUIRE(add != nullptr);
  CHECK(add->spec().description == "The sum");
  CHECK(add->spec().parameters == troupe::llm::schema_of<pair_of>());
  CHECK(tools.find("subtract") == nullptr);
  CHECK(tools.specs().size() == 4);
}

TEST_CASE("Calls are answered in their order", "[tool]") {
  const auto all = run_at_once(
      {{"1", "add", {{"a", 1}, {"b", 2}}}, {"2", "add", {{"a", 3}, {"b", 4}}}});
  REQUIRE(all.size() == 2);
  CHECK(all[0].text == "3");
  CHECK(all[0].call_id == "1");
  CHECK(all[0].role == troupe::llm::role::tool);
  CHECK(all[1].text == "7");
  CHECK_FALSE(all[1].is_error);
}

TEST_CASE("What goes wrong is told to the model", "[tool]") {
  const auto all = run_at_once({{"1", "fly", json::object()},
                                {"2", "add", {{"a", 1}, {"b", "two"}}},
                                {"3", "add", "{\"a\": 1"},
                                {"4", "fail", {{"seconds", 1}}}});
  REQUIRE(all.size() == 4);
  for (const auto& each : all) CHECK(each.is_error);
  CHECK(all[0].text.find("the tools are: add, wait, fail, stop") !=
        std::string::npos);
  CHECK(all[1].text.find("/b") != std::string::npos);
  CHECK(all[2].text.find("do not fit") != std::string::npos);
  CHECK(all[3].text == "out of order");
}

TEST_CASE("The end of a run is not told to the model", "[tool]") {
  lone_step step{runs{box(), {{"1", "stop", {{"seconds", 1}}}}}};
  CHECK(step.begin() == lone_step::status::exec_failed);
}

TEST_CASE("Calls run at the same time, as many as are allowed", "[tool]") {
  const std::vector<tool_call> calls{{"1", "wait", {{"seconds", 2}}},
                                     {"2", "wait", {{"seconds", 1}}},
                                     {"3", "wait", {{"seconds", 2}}}};
  SECTION("All at once") {
    lone_step step{runs{box(), calls}};
    CHECK(step.begin() == lone_step::status::suspended);
    CHECK(step.after(1999ms) == lone_step::status::suspended);
    CHECK(step.after(1ms) == lone_step::status::done);
    CHECK(told(step)[1].text == "waited 1");
  }
  SECTION("One after the other") {
    lone_step step{runs{box(), calls, 1}};
    CHECK(step.begin() == lone_step::status::suspended);
    CHECK(step.after(4999ms) == lone_step::status::suspended);
    CHECK(step.after(1ms) == lone_step::status::done);
  }
}

TEST_CASE("A tool that makes no sense is refused", "[tool]") {
  const tool::function nothing;
  const tool::function something = [](json, context&) -> task<std::string> {
    co_return "";
  };
  const auto refused = [](const tool_spec& spec, const tool::function& call) {
    return code_of([&] { tool{spec, call}; }) == errc::bad_flow;
  };
  CHECK(refused({"", "", json::object()}, something));
  CHECK(refused({"two words", "", json::object()}, something));
  CHECK(refused({std::string(65, 'x'), "", json::object()}, something));
  CHECK(refused({"good", "", json::object()}, nothing));
  CHECK(refused({"good", "", {{"type", "telepathy"}}}, something));
  CHECK_FALSE(code_of([&] {
                tool{{"good", "", json::object()}, something};
                throw error{errc::cancelled, "was made"};
              }) != errc::cancelled);
}

TEST_CASE("A schema that is not known is no matter for who checks himself",
          "[tool]") {
  const tool made{
      {"strange", "", {{"unevaluatedProperties", false}}},
      [](json form, context&) -> task<std::string> { co_return form.dump(); },
      argument_check::by_function};
  lone_step step{runs{toolbox{{made}}, {{"1", "strange", {{"x", 1}}}}}};
  REQUIRE(step.begin() == lone_step::status::done);
  CHECK(told(step).front().text == R"({"x":1})");
}

TEST_CASE("Two tools of one name are refused", "[tool]") {
  const auto add = *box().find("add");
  CHECK(code_of([&] { toolbox{{add, add}}; }) == errc::bad_flow);
}

TEST_CASE("The text about a tool that is not there is printable, and bounded",
          "[tool]") {
  const tool::function something = [](json, context&) -> task<std::string> {
    co_return "";
  };
  std::vector<tool> many;
  for (int i = 0; i < 20'000; ++i) {
    many.emplace_back(
        tool_spec{"tool_" + std::to_string(i), "", json::object()}, something);
  }
  const toolbox tools{many};
  CHECK(tools.find("tool_19999")->spec().name == "tool_19999");
  const auto wrong = "\x1b[2J" + std::string(10'000, 'x');
  lone_step step{runs{tools, {{"1", wrong, json::object()}}}};
  REQUIRE(step.begin() == lone_step::status::done);
  const auto text = told(step).front().text;
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("tool_0, tool_1") != std::string::npos);
  CHECK(text.find(" more") != std::string::npos);
  CHECK(text.size() < 2'500);
}

TEST_CASE("A tool may refer to its arguments until its task has ended",
          "[tool]") {
  tool_spec spec;
  spec.name = "repeat";
  const tool by_json{spec,
                     [](const json& given, context&) -> task<std::string> {
                       co_await troupe::sleep_for(1s);
                       co_return given.at("text").get<std::string>();
                     }};
  const std::string text(100, 'x');
  tool_call call;
  call.name = "repeat";
  call.arguments = {{"text", text}};
  lone_step step{runs{toolbox{{by_json}}, {call}}};
  CHECK(step.begin() == lone_step::status::suspended);
  CHECK(step.after(1s) == lone_step::status::done);
  CHECK(told(step).at(0).text == text);
}
