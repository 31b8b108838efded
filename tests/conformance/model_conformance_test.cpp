// The client for models against a mock of model servers that others wrote:
// aimock, which answers as fixtures.json says.

#include "support/catch.hpp"
#include "support/models/client_room.hpp"

#include <troupe/llm/agent.hpp>
#include <troupe/llm/fields.hpp>
#include <troupe/llm/structured.hpp>
#include <troupe/system.hpp>

#include <chrono>
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
using troupe::llm::api;
using troupe::llm::chat_reply;
using troupe::llm::chat_request;
using troupe::llm::client;
using troupe::llm::client_options;
using troupe::llm::finish_reason;
using troupe::llm::message;
using troupe::llm::tool;
using troupe::llm::tool_spec;

namespace {

client_options options_of(api which) {
  client_options how;
  how.model = "a-model";
  how.api = which;
  how.base_url = server("", "MODEL_SERVER");
  if (which != api::anthropic_messages) how.base_url += "/v1";
  how.api_key = "test-key";
  // Each case has to meet its own failure.
  how.breaker.reset();
  return how;
}

struct api_way {
  api which;
  bool stream;

  [[nodiscard]] client_options options() const {
    auto how = options_of(which);
    how.stream = stream;
    return how;
  }
};

/// Each API, whole and streamed.
api_way each_way() {
  const api which = GENERATE(api::openai_chat, api::openai_responses,
                             api::anthropic_messages);
  const bool stream = GENERATE(false, true);
  UNSCOPED_INFO("api " << static_cast<int>(which)
                       << (stream ? ", streamed" : ""));
  return {which, stream};
}

struct mock_room : client_room {
  chat_reply said(const client_options& how, const chat_request& ask) {
    return chat(client(how), ask).get<chat_reply>();
  }
  error failure_of(const client_options& how, const std::string& prompt) {
    return chat_failure(client(how), chat_request{prompt});
  }
  /// Returns the last request to the mock, in the words of OpenAI's chat.
  json last_asked() {
    troupe::http_request ask{server("/__aimock/journal", "MODEL_SERVER")};
    ask.headers = {{"Authorization", "Bearer test-key"}};
    const auto told = send(std::move(ask));
    REQUIRE(told.at("status") == 200);
    const auto journal = json::parse(told.at("body").get<std::string>());
    return journal.back().at("body");
  }
};

tool_spec weather() {
  return {"weather",
          "The weather in a city",
          {{"type", "object"},
           {"properties",
            {{"city", {{"type", "string"}}}, {"days", {{"type", "integer"}}}}},
           {"required", {"city", "days"}},
           {"additionalProperties", false}}};
}

struct author {
  std::string name;
  int born = 0;

  static auto fields() {
    using troupe::llm::field;
    return troupe::llm::fields(field("name", &author::name),
                               field("born", &author::born));
  }
};

}  // namespace

// -- replies ------------------------------------------------------------------

TEST_CASE("The mock's reply is read, with its tokens", "[conformance]") {
  const auto how = each_way();
  mock_room room;
  const auto reply = room.said(how.options(), chat_request{"Greet me, please"});
  CHECK(reply.text() == "Hello to you, dear reader.");
  CHECK(reply.finish == finish_reason::stop);
  CHECK(reply.model == "a-model");
  CHECK_FALSE(reply.id.empty());
  CHECK(reply.usage.input == 7);
  CHECK(reply.usage.output == 5);
}

TEST_CASE("The mock's tokens come one by one", "[conformance]") {
  const auto which = GENERATE(api::openai_chat, api::openai_responses,
                              api::anthropic_messages);
  mock_room room;
  const auto model = room.client(options_of(which));
  const auto ended = room.outcome_of([&](context&) -> task<json> {
    chat_request ask{"Greet me"};
    auto opening = model.open(std::move(ask));
    auto stream = co_await opening;
    json tokens = json::array();
    for (;;) {
      auto waiting = stream.next();
      const auto token = co_await waiting;
      if (!token) break;
      tokens.push_back(*token);
    }
    tokens.push_back(stream.reply().text());
    co_return tokens;
  });
  REQUIRE(ended.ok());
  const auto tokens = ended.state.at("reply").get<std::vector<std::string>>();
  // Four characters each, and the whole reply.
  REQUIRE(tokens.size() == 8);
  CHECK(tokens.front() == "Hell");
  CHECK(tokens.back() == "Hello to you, dear reader.");
}

TEST_CASE("What the system says reaches the mock", "[conformance]") {
  const auto how = each_way();
  mock_room room;
  const chat_request ask{
      {message::system("Always rhyme"), message::user("Say the sea")}};
  CHECK(room.said(how.options(), ask).text() == "The sea is free.");
}

TEST_CASE("A reply that the mock cut says so", "[conformance]") {
  const auto how = each_way();
  mock_room room;
  const auto reply = room.said(how.options(), chat_request{"Write no end"});
  CHECK(reply.text() == "This goes on and");
  // The mock's responses do not say why they are incomplete.
  CHECK(reply.finish == (how.which == api::openai_responses
                             ? finish_reason::other
                             : finish_reason::length));
}

TEST_CASE("The mock lists its models", "[conformance]") {
  mock_room room;
  const auto model = room.client(options_of(GENERATE(
      api::openai_chat, api::openai_responses, api::anthropic_messages)));
  const auto ended = room.outcome_of([&](context&) -> task<json> {
    auto listing = model.models();
    const auto names = co_await listing;
    co_return json(names);
  });
  REQUIRE(ended.ok());
  CHECK_FALSE(ended.state.at("reply").empty());
}

TEST_CASE("The mock embeds each text", "[conformance]") {
  mock_room room;
  const auto model = room.client(options_of(api::openai_chat));
  const auto ended = room.outcome_of([&](context&) -> task<json> {
    std::vector<std::string> texts{"two points", "more points"};
    auto embedding = model.embed(std::move(texts));
    const auto reply = co_await embedding;
    co_return json(reply.vectors);
  });
  REQUIRE(ended.ok());
  const std::vector<float> vector{0.5F, -0.25F, 0.125F};
  CHECK(ended.state.at("reply").get<std::vector<std::vector<float>>>() ==
        std::vector{vector, vector});
}

// -- tools --------------------------------------------------------------------

TEST_CASE("Two calls of tools are read, and their results understood",
          "[conformance]") {
  const auto how = each_way();
  mock_room room;
  std::vector<message> talk{message::user("Weather in Oslo and Rome?")};
  chat_request first{talk};
  first.tools = {weather()};
  const auto asked = room.said(how.options(), first);
  CHECK(asked.finish == finish_reason::tool_calls);
  REQUIRE(asked.message.calls.size() == 2);
  CHECK(asked.message.calls[0].name == "weather");
  CHECK(asked.message.calls[0].arguments ==
        json{{"city", "Oslo"}, {"days", 2}});
  CHECK(asked.message.calls[1].arguments ==
        json{{"city", "Rome"}, {"days", 3}});
  CHECK(asked.message.calls[0].id != asked.message.calls[1].id);

  talk.push_back(asked.message);
  talk.push_back(message::tool(asked.message.calls[0].id, "Oslo: rain"));
  talk.push_back(message::tool(asked.message.calls[1].id, "Rome: sun"));
  chat_request second{talk};
  second.tools = {weather()};
  const auto told = room.said(how.options(), second);
  CHECK(told.text() == "Rain in Oslo, sun in Rome.");
  CHECK(told.finish == finish_reason::stop);
}

TEST_CASE("An agent does its task with the mock", "[conformance]") {
  const auto how = each_way();
  mock_room room;
  troupe::llm::agent_options work;
  work.tools = troupe::llm::toolbox{
      {tool{weather(), [](json arguments, context&) -> task<std::string> {
              const auto city = arguments.at("city").get<std::string>();
              co_return city + (city == "Oslo" ? ": rain" : ": sun");
            }}}};
  troupe::state shared;
  shared["agent"] = json{{"task", "Weather in Oslo and Rome?"}};
  const auto ended =
      room.system
          .start(troupe::llm::make_agent("weather", room.client(how.options()),
                                         std::move(work)),
                 std::move(shared))
          .get();
  if (!ended.ok()) FAIL(ended.failure->describe());
  CHECK(ended.state.at("agent").at("answer") == "Rain in Oslo, sun in Rome.");
}

// -- structured replies -------------------------------------------------------

TEST_CASE("A reply by a schema is asked for and read", "[conformance]") {
  const auto how = each_way();
  mock_room room;
  chat_request ask{"Who wrote Peer Gynt?"};
  ask.reply_as = troupe::llm::reply_schema_of<author>("author");
  const auto found =
      troupe::llm::read_reply<author>(room.said(how.options(), ask));
  CHECK(found.name == "Henrik Ibsen");
  CHECK(found.born == 1828);
  if (how.which == api::openai_chat) {
    const auto form = room.last_asked().at("response_format");
    CHECK(form.at("type") == "json_schema");
    CHECK(form.at("json_schema").at("schema") ==
          troupe::llm::schema_of<author>());
  }
}

// -- errors -------------------------------------------------------------------

TEST_CASE("A key that the mock does not know is refused for good",
          "[conformance]") {
  auto how = each_way().options();
  how.api_key = "another-key";
  mock_room room;
  const auto why = room.failure_of(how, "Greet me");
  CHECK(why.code() == errc::unauthorized);
  CHECK(why.is_permanent());
  CHECK(has(why.describe(), "401"));
  CHECK_FALSE(has(why.describe(), "another-key"));
}

TEST_CASE("A mock that is busy says when to come back", "[conformance]") {
  const auto how = each_way();
  mock_room room;
  const auto why = room.failure_of(how.options(), "Be busy");
  CHECK(why.code() == errc::rate_limited);
  CHECK_FALSE(why.is_permanent());
  CHECK(why.retry_after() == 17s);
  CHECK(has(why.describe(), "Slow down, please"));
}

TEST_CASE("A mock that fails may be asked again", "[conformance]") {
  const auto how = each_way();
  mock_room room;
  const auto why = room.failure_of(how.options(), "Be broken");
  CHECK(why.code() == errc::request_failed);
  CHECK_FALSE(why.is_permanent());
  CHECK(has(why.describe(), "Out of order"));
}

TEST_CASE("What the mock refuses is not asked again", "[conformance]") {
  const auto how = each_way();
  mock_room room;
  const auto why = room.failure_of(how.options(), "Refuse this");
  CHECK(why.code() == errc::request_failed);
  CHECK(why.is_permanent());
  CHECK(has(why.describe(), "That model is not here"));
}

TEST_CASE("What is no reply is one that may be asked for again",
          "[conformance]") {
  const auto how = each_way();
  mock_room room;
  const auto why = room.failure_of(how.options(), "Babble");
  CHECK(why.code() == errc::bad_reply);
  CHECK_FALSE(why.is_permanent());
}

TEST_CASE("A mock that hangs up may be asked again", "[conformance]") {
  const auto how = each_way();
  mock_room room;
  const auto why = room.failure_of(how.options(), "Hang up");
  CHECK(why.code() == errc::request_failed);
  CHECK_FALSE(why.is_permanent());
}

TEST_CASE("A stream that the mock breaks off is no reply", "[conformance]") {
  auto how = options_of(GENERATE(api::openai_chat, api::openai_responses,
                                 api::anthropic_messages));
  how.stream = true;
  mock_room room;
  const auto why = room.failure_of(how, "Break off");
  CHECK(why.code() == errc::request_failed);
  CHECK_FALSE(why.is_permanent());
}
