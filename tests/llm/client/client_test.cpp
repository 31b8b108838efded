// The client for models over real sockets, against
// tests/support/servers/model_server.py.

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/models/each_api.hpp"
#include "support/models/model_room.hpp"
#include "support/temporary_file.hpp"

#include <troupe/gather.hpp>
#include <troupe/testing.hpp>

#include <chrono>
#include <cstdlib>
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
using troupe::llm::chat_request;
using troupe::llm::client;
using troupe::llm::message;
using troupe::llm::tool_spec;

namespace {

const json hello = json::array({{{"reply", "Hello to you."}}});

/// The tokens that a run tells, and the JSON form of its reply.
struct streamed {
  std::vector<std::string> tokens;
  json reply;
};

streamed stream_of(model_room& room, client model, chat_request ask) {
  const auto work = [&](context& ctx) -> task<json> {
    auto asking = model.chat(ctx, ask);
    const auto reply = co_await asking;
    co_return json(reply);
  };
  const auto run = room.system.start(one_node(asks{work}));
  streamed seen;
  auto events = run.events();
  while (const auto each = events.next()) {
    if (each->kind != troupe::event_kind::custom) continue;
    seen.tokens.push_back(each->data.at("token").get<std::string>());
  }
  const auto ended = run.get();
  REQUIRE(ended.ok());
  seen.reply = ended.state.at("reply").to_json();
  return seen;
}

tool_spec weather() {
  return {"weather",
          "The weather in a city",
          {{"type", "object"},
           {"properties", {{"city", {{"type", "string"}}}}},
           {"required", {"city"}},
           {"additionalProperties", false}}};
}

}  // namespace

// -- replies ------------------------------------------------------------------

TEST_CASE("A model answers", "[client]") {
  model_room room{
      json::array({{{"reply",
                     {{"text", "Hello to you."},
                      {"usage", {{"input", 7}, {"output", 3}}}}}}})};
  const auto reply =
      room.chat(room.client(room.options(each_api())), chat_request{"Hello"});
  CHECK(reply.at("message").at("text") == "Hello to you.");
  CHECK(reply.at("message").at("role") == "assistant");
  CHECK(reply.at("finish") == "stop");
  CHECK(reply.at("model") == "scripted");
  CHECK(reply.at("usage") == json{{"input", 7}, {"output", 3}, {"cached", 0}});
  CHECK_FALSE(reply.at("id").get<std::string>().empty());
}

TEST_CASE("What the system says reaches the model", "[client]") {
  model_room room{
      json::array({{{"when", {{"system", "rhyme"}, {"last", "sea"}}},
                    {"reply", "It rhymed."}},
                   {{"reply", "No rhyme."}}})};
  const auto reply = room.chat(room.client(room.options(each_api())),
                               chat_request{{message::system("Always rhyme"),
                                             message::user("The sea")}});
  CHECK(reply.at("message").at("text") == "It rhymed.");
}

TEST_CASE("A reply that met the most tokens says so", "[client]") {
  model_room room{json::array({{{"reply", std::string(200, 'x')}}})};
  chat_request ask{"count"};
  ask.max_tokens = 20;
  const auto reply = room.chat(room.client(room.options(each_api())), ask);
  CHECK(reply.at("finish") == "length");
}

TEST_CASE("A model calls tools and is told what they gave", "[client]") {
  model_room room{json::array(
      {{{"when", {{"role", "user"}, {"tools", "weather"}}},
        {"reply",
         {{"calls",
           json::array(
               {{{"name", "weather"}, {"arguments", {{"city", "Oslo"}}}},
                {{"name", "weather"}, {"arguments", {{"city", "Rome"}}}}})}}}},
       {{"when", {{"role", "tool"}}}, {"reply", "They say {last}."}}})};
  const auto model = room.client(room.options(each_api()));
  std::vector<message> talk{message::user("Weather in Oslo and Rome?")};
  chat_request first{talk};
  first.tools = {weather()};
  const auto asked = room.chat(model, first).get<troupe::llm::chat_reply>();
  REQUIRE(asked.message.calls.size() == 2);
  CHECK(asked.finish == troupe::llm::finish_reason::tool_calls);
  CHECK(asked.message.calls[0].name == "weather");
  CHECK(asked.message.calls[1].arguments == json{{"city", "Rome"}});

  talk.push_back(asked.message);
  talk.push_back(message::tool(asked.message.calls[0].id, "rain"));
  talk.push_back(message::tool(asked.message.calls[1].id, "sun"));
  chat_request second{talk};
  second.tools = {weather()};
  const auto told = room.chat(model, second);
  CHECK(has(told.at("message").at("text"), "rain"));
  CHECK(has(told.at("message").at("text"), "sun"));
}

TEST_CASE("Texts become vectors, in their order", "[client]") {
  model_room room;
  const auto model = room.client(room.options());
  const auto ended = room.outcome_of([&](context&) -> task<json> {
    std::vector<std::string> texts{"the sea", "the sea", "a mountain"};
    auto embedding = model.embed(std::move(texts));
    const auto reply = co_await embedding;
    co_return json(reply.vectors);
  });
  REQUIRE(ended.ok());
  const auto vectors =
      ended.state.at("reply").get<std::vector<std::vector<float>>>();
  REQUIRE(vectors.size() == 3);
  CHECK(troupe::llm::similarity(vectors[0], vectors[1]) > 0.999);
  CHECK(troupe::llm::similarity(vectors[0], vectors[2]) < 0.9);
}

TEST_CASE("A server lists its models", "[client]") {
  model_room room;
  const auto model = room.client(room.options(each_api()));
  const auto ended = room.outcome_of([&](context&) -> task<json> {
    auto listing = model.models();
    const auto names = co_await listing;
    co_return json(names);
  });
  REQUIRE(ended.ok());
  CHECK_FALSE(ended.state.at("reply").empty());
}

TEST_CASE("The environment says where the server is", "[client]") {
  http_room room;
  troupe::llm::client_options how;
  how.model = "scripted";
  how.api = each_api();
  const client model{room.web, how};
  const auto work = [&](context& ctx) -> task<json> {
    chat_request ask{"It is so. Or not."};
    auto asking = model.chat(ctx, std::move(ask));
    const auto reply = co_await asking;
    co_return json(reply.text());
  };
  const auto ended = room.system.start(one_node(asks{work})).get();
  REQUIRE(ended.ok());
  CHECK(ended.state.at("reply") == "It is so.");
}

// -- streams ------------------------------------------------------------------

TEST_CASE("A streaming client tells the tokens as they come", "[client]") {
  model_room room{json::array({{{"reply", "One two three four."}}})};
  auto how = room.options(each_api());
  how.stream = true;
  const auto seen = stream_of(room, room.client(how), chat_request{"count"});
  CHECK(seen.tokens.size() == 4);
  std::string text;
  for (const auto& each : seen.tokens) text += each;
  CHECK(text == "One two three four.");
  CHECK(seen.reply.at("message").at("text") == text);
  CHECK(seen.reply.at("usage").at("output").get<int>() > 0);
}

TEST_CASE("A streamed reply may call tools", "[client]") {
  model_room room{json::array(
      {{{"reply",
         {{"calls", json::array({{{"name", "weather"},
                                  {"arguments", {{"city", "Rome"}}}}})}}}}})};
  auto how = room.options(each_api());
  how.stream = true;
  chat_request ask{"Weather in Rome?"};
  ask.tools = {weather()};
  const auto seen = stream_of(room, room.client(how), ask);
  const auto& calls = seen.reply.at("message").at("calls");
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].at("arguments") == json{{"city", "Rome"}});
  CHECK(seen.reply.at("finish") == "tool_calls");
}

TEST_CASE("A reply that is dropped interrupts the server", "[client]") {
  model_room room{json::array(
      {{{"reply",
         {{"text", "one two"}, {"fault", "stall"}, {"after", 400}}}}})};
  const auto model = room.client(room.options(each_api()));
  const auto ended = room.outcome_of([&](context&) -> task<json> {
    chat_request ask{"count"};
    auto opening = model.open(std::move(ask));
    { const auto reply = co_await opening; }
    co_return json("gone");
  });
  REQUIRE(ended.ok());
  CHECK(room.log("aborted", 1).at("counters").at("aborted") == 1);
}

TEST_CASE("A run that is cancelled in a stream interrupts the server",
          "[client]") {
  model_room room{json::array(
      {{{"reply",
         {{"text", "one two three"}, {"fault", "stall"}, {"after", 700}}}}})};
  auto how = room.options();
  how.stream = true;
  const auto model = room.client(how);
  const auto work = [&](context& ctx) -> task<json> {
    chat_request ask{"count"};
    auto asking = model.chat(ctx, std::move(ask));
    const auto reply = co_await asking;
    co_return json(reply);
  };
  auto run = room.system.start(one_node(asks{work}));
  auto events = run.events();
  while (const auto each = events.next()) {
    if (each->kind == troupe::event_kind::custom) break;
  }
  run.cancel();
  CHECK(run.get().failure->code() == errc::cancelled);
  CHECK(room.log("aborted", 1).at("counters").at("aborted") == 1);
}

// -- errors -------------------------------------------------------------------

TEST_CASE("A wrong key is not tried again, and not told", "[client]") {
  model_room room;
  auto how = room.options(each_api());
  how.api_key = "wrong-key";
  const auto why = room.chat_failure(room.client(how), chat_request{"Hello"},
                                     {.retry = {.attempts = 5}});
  CHECK(why.is_permanent());
  CHECK(why.code() == errc::unauthorized);
  CHECK(has(why.message(), "401"));
  CHECK_FALSE(has(why.describe(), "wrong-key"));
  CHECK(room.count("requests") == 1);
}

TEST_CASE(
    "A server that wants fewer requests is asked again after the time it "
    "gives",
    "[client]") {
  model_room room{json::array(
      {{{"times", 2},
        {"reply", {{"status", 429}, {"retry_after", {{"ms", 30}}}}}},
       {{"reply", "At last."}}})};
  const auto model = room.client(room.options(each_api()));
  const auto reply =
      room.chat(model, chat_request{"Hello"}, {.retry = {.attempts = 3}});
  CHECK(reply.at("message").at("text") == "At last.");
  const auto log = room.log().at("requests");
  REQUIRE(log.size() == 3);
  CHECK(log[1].at("at_ms").get<double>() - log[0].at("at_ms").get<double>() >=
        30);
}

TEST_CASE("A server that fails too often is left alone", "[client]") {
  model_room room{json::array({{{"reply", {{"status", 500}}}}})};
  auto how = room.options();
  how.breaker = {.failures_max = 2, .pause = 1h};
  const auto model = room.client(how);
  const auto why =
      room.chat_failure(model, chat_request{"Hello"},
                        {.retry = {.attempts = 5, .wait_max = 1min}});
  CHECK(has(why.message(), "the circuit breaker is open"));
  CHECK(why.retry_after() > 59min);
  CHECK(room.count("requests") == 2);
}

TEST_CASE("A request without a model is not sent", "[client]") {
  model_room room;
  auto how = room.options();
  how.model.clear();
  const auto why = room.chat_failure(room.client(how), chat_request{"Hello"});
  CHECK(why.code() == errc::bad_value);
  CHECK(why.is_permanent());
  CHECK(room.count("requests") == 0);
}

TEST_CASE("Client options that make no sense are refused", "[client]") {
  model_room room;
  const auto refused = [&](auto change) {
    auto how = room.options();
    change(how);
    return code_of([&] { static_cast<void>(room.client(how)); });
  };
  CHECK(refused([](auto& how) { how.base_url = "ftp://example.org"; }) ==
        errc::bad_flow);
  for (const char* url : {"http://", "http:///v1", "https://:8080/v1",
                          "http://user@/v1", "http://?x"}) {
    CHECK(refused([&](auto& how) { how.base_url = url; }) == errc::bad_flow);
  }
  CHECK(refused([](auto& how) { how.breaker->failures_max = 0; }) ==
        errc::bad_flow);
  CHECK(refused([](auto& how) {
          how.record_to = "a";
          how.replay_from = "b";
        }) == errc::bad_flow);
  CHECK(refused([](auto& how) { how.replay_from = "/not/there"; }) ==
        errc::bad_value);
}

// -- limits -------------------------------------------------------------------

TEST_CASE("Seats bound the calls at the same time", "[client]") {
  model_room room{json::array({{{"reply", "Yes."}, {"delay_ms", 5}}})};
  const std::uint32_t width = GENERATE(1u, 2u, 3u, 8u);
  auto how = room.options();
  how.seats = troupe::semaphore{room.system, width};
  const auto model = room.client(how);
  const auto ended = room.outcome_of([&](context& ctx) -> task<json> {
    std::vector<task<troupe::llm::chat_reply>> all;
    for (int i = 0; i < 16; ++i) {
      all.push_back(model.chat(ctx, chat_request{"Hello"}));
    }
    auto together = troupe::gather(std::move(all));
    const auto replies = co_await together;
    co_return json(replies.size());
  });
  REQUIRE(ended.ok());
  CHECK(ended.state.at("reply") == 16);
  CHECK(room.count("active_max") <= static_cast<int>(width));
}

// -- recordings ---------------------------------------------------------------

TEST_CASE("What was recorded is replayed without a network", "[client]") {
  const bool streams = GENERATE(false, true);
  const temporary_file file;
  model_room room{hello};
  auto how = room.options(each_api());
  how.stream = streams;
  how.record_to = file.path;
  const auto recorded = room.chat(room.client(how), chat_request{"Hello"});

  troupe::testing::simulation sim;
  how.record_to.clear();
  how.replay_from = file.path;
  const client replaying{sim.system(), how};
  const auto work = [&](context& ctx) -> task<json> {
    chat_request ask{"Hello"};
    auto asking = replaying.chat(ctx, std::move(ask));
    const auto reply = co_await asking;
    co_return json(reply);
  };
  const auto ended = sim.finish(sim.start(one_node(asks{work})));
  REQUIRE(ended.ok());
  CHECK(ended.state.at("reply").to_json() == recorded);
}
