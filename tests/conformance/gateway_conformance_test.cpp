// The client for models against a gateway that others wrote, Portkey's, before
// a server of Google's kind.

#include "support/catch.hpp"
#include "support/models/client_room.hpp"

#include <troupe/llm/agent.hpp>
#include <troupe/llm/toolbox.hpp>
#include <troupe/system.hpp>

#include <string>
#include <utility>

using namespace troupe_test;
using troupe::context;
using troupe::json;
using troupe::task;

namespace {

troupe::llm::client_options through_gateway(bool stream) {
  troupe::llm::client_options how;
  how.model = "g";
  how.base_url = server("/v1", "GATEWAY_SERVER");
  how.api_key = "test-key";
  how.stream = stream;
  how.headers = {{"x-portkey-provider", "google"},
                 {"x-portkey-custom-host", server("", "GOOGLE_SERVER")},
                 // Hand on what OpenAI's format has no field for.
                 {"x-portkey-strict-open-ai-compliance", "false"}};
  return how;
}

troupe::llm::toolbox rain_everywhere() {
  const json parameters = {{"type", "object"},
                           {"properties", {{"city", {{"type", "string"}}}}},
                           {"required", {"city"}}};
  return troupe::llm::toolbox{{troupe::llm::tool{
      {"weather", "The weather in a city", parameters},
      [](json arguments, context&) -> task<std::string> {
        co_return "rain in " + arguments.at("city").get<std::string>();
      }}}};
}

}  // namespace

TEST_CASE("A gateway's stream without an end mark is a whole reply",
          "[conformance]") {
  const bool stream = GENERATE(true, false);
  client_room room;
  const auto reply =
      room.chat(room.client(through_gateway(stream)),
                troupe::llm::chat_request{"What is the weather?"})
          .get<troupe::llm::chat_reply>();
  CHECK(reply.text() == "Hello");
  REQUIRE(reply.message.calls.size() == 2);
  CHECK(reply.message.calls[0].arguments == json{{"city", "Oslo"}});
  CHECK(reply.message.calls[1].arguments == json{{"city", "Rome"}});
  CHECK(reply.finish == troupe::llm::finish_reason::tool_calls);
  CHECK(reply.usage.input == 3);
}

TEST_CASE("An agent gives Google's signatures back through a gateway",
          "[conformance]") {
  const bool stream = GENERATE(true, false);
  client_room room;
  troupe::llm::agent_options work;
  work.tools = rain_everywhere();
  troupe::state shared;
  shared["agent"] = json{{"task", "What is the weather?"}};
  const auto ended =
      room.system
          .start(troupe::llm::make_agent("weather",
                                         room.client(through_gateway(stream)),
                                         std::move(work)),
                 std::move(shared))
          .get();
  if (!ended.ok()) FAIL(ended.failure->describe());
  CHECK(ended.state.at("agent").at("answer") == "signatures back: 2");
}
